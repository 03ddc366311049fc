//! Codes by mail, and what becomes of the mail that events call for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Purpose;
use crate::id::{EventId, HandleHash, Nonce};

/// A code by e-mail was asked for; the courier sends it. Sealed `net`; to change the address also
/// `pii`: `{email}`, the new one, which the code goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailCodeRequested {
    /// What for.
    pub purpose: Purpose,
    /// The sign-in, or the session that confirms its address.
    pub bound_to: HandleHash,
    /// The number that the code is derived from, with keys the log does not hold.
    pub nonce: Nonce,
    /// Digits of the code, where they are not six.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// When the code dies.
    pub expires_at: Timestamp,
}

/// A mail with a code, or with a link to a new password, was handed to the mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailCodeSent {
    /// The event that asked for it.
    pub request: EventId,
    /// Attempts it took.
    pub attempts: u32,
}

/// How the mail server answered when a mail was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFailure {
    /// A permanent refusal (5xx).
    Refused,
    /// Temporary failures (4xx) until the courier gave up.
    Deferred,
    /// No connection, a broken one, or none in time, until the courier gave up.
    Unreachable,
    /// It came too late to be of use: the code had expired before it could be sent.
    Expired,
    /// The account has no address to send to, or its key is gone.
    NoAddress,
}

/// A mail was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailDeliveryFailed {
    /// The event that called for the mail.
    pub request: EventId,
    /// Attempts made.
    pub attempts: u32,
    /// The class of the last failure.
    pub class: DeliveryFailure,
}

/// What a notice tells the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// An authenticator is in use from now on.
    FactorEnabled,
    /// An authenticator was removed.
    FactorRemoved,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// Too many wrong codes or passwords: a method must wait.
    Locked,
    /// Wrong codes were given with the right password.
    CodesGuessed,
    /// Many wrong passwords were given.
    PasswordGuessed,
    /// Support ended a lockout.
    Unlocked,
    /// Somebody signed in with a code sent by e-mail.
    SignedInByEmail,
    /// New recovery codes were made.
    RecoveryCodesReplaced,
    /// The password was set anew by mail.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// Another e-mail address was taken.
    EmailChanged,
    /// The earlier e-mail address was taken back.
    EmailChangeUndone,
    /// The authenticator is to be replaced.
    ReplacementRequested,
    /// The authenticator will not be replaced.
    ReplacementStopped,
    /// The authenticator was replaced.
    ReplacementCompleted,
    /// The holder said that something was somebody else's doing.
    Repudiated,
    /// A code that was accepted before was typed again at a sign-in.
    CodeReplayed,
    /// A session ended, since the account had as many as it may.
    SessionMadeRoom,
    /// Support suspended the account.
    Suspended,
    /// Support ended the suspension.
    Resumed,
    /// Support ended the sessions.
    SessionsEnded,
    /// Support had a link to a new password sent.
    PasswordMailed,
    /// Support asked for the removal of an authenticator, or of the recovery codes.
    RemovalRequested,
    /// That removal will not take place.
    RemovalStopped,
    /// That removal was done.
    RemovalCompleted,
    /// Support was asked to change the address.
    AddressChangeRequested,
    /// That change will not take place.
    AddressChangeStopped,
    /// To an admin: an operator asked for more than a cap allows.
    CapReached,
    /// To an admin: who may act, or the policy, was changed.
    AdminActed,
}

/// A notice was handed to the mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSent {
    /// Which.
    pub notice: Notice,
    /// The event that it tells of.
    pub cause: EventId,
    /// Attempts it took.
    pub attempts: u32,
}
