//! Getting back in, and taking back what somebody else did: passwords by mail, another address, a
//! lost phone, "this was not me".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::id::EventId;

/// A link to a new password was asked for by mail. Sealed `net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetRequested {
    /// Until when the link works; none where no link is sent: there is no account, no password, or
    /// no address that was ever proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_until: Option<Timestamp>,
}

/// A link to a new password was asked for more often than mails with one are sent: the link of the
/// last mail works again. Sealed `net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetRenewed {
    /// Until when that link works; none where no mail with one was ever sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_until: Option<Timestamp>,
}

/// Whether codes by e-mail are offered at the sign-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailCodes {
    /// They are.
    #[default]
    Offered,
    /// Not before this time, or before a code of an authenticator or a recovery code was accepted.
    WithheldUntil(Timestamp),
    /// Not before a code of an authenticator or a recovery code was accepted.
    WithheldUntilProof,
}

/// Why acts that need care must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldWhy {
    /// The password was set anew by mail.
    PasswordReset,
    /// The holder said that this was somebody else's doing.
    PasswordResetRepudiated,
    /// The authenticator was replaced without a proof of the old one.
    Replacement,
    /// Support had an authenticator or the recovery codes removed.
    FactorRemoval,
    /// Support had the address changed.
    AddressChange,
}

/// For a while the address, the authenticators and the recovery codes stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldPlaced {
    /// Why.
    pub why: HoldWhy,
    /// Until when.
    pub until: Timestamp,
    /// What becomes of codes by e-mail.
    pub email_codes: EmailCodes,
}

/// Why the next sign-in asks for a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordChangeWhy {
    /// The holder said that something was somebody else's doing.
    Repudiated,
    /// Whoever guessed so many codes knows the password.
    Guessed,
    /// Support forgave wrong codes, and whoever gave them knows the password.
    Unlocked,
}

/// The next sign-in asks for a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChangeDemanded {
    /// Why.
    pub why: PasswordChangeWhy,
    /// Whether the present password is worth nothing from now on, since no second factor keeps out
    /// whoever knows it: a new one comes by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ends_password: bool,
}

/// Another address was taken, proven by a code sent to it; or by the service, as support was asked,
/// and then it is not proven. Sealed `pii`: `{login?, email, subject?,
/// display_name?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailChanged {
    /// Until when the earlier address is told what happens, and can take itself back.
    pub undo_until: Timestamp,
    /// Whether the earlier address was never proven: it is told, and cannot take itself back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unproven: bool,
    /// The request of support that it came of: nobody has proven the new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<EventId>,
}

/// The earlier address was taken back. Sealed `pii` as of `EmailChanged`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailChangeUndone {
    /// The change that is undone, and with it every later one; the only one there is without this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<EventId>,
}

/// The phone is lost: from a session by a code by e-mail, a new authenticator is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacementRequested {
    /// From when it may be completed.
    pub due_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The replacement will not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacementObjected {}

/// A new authenticator takes the place of all earlier ones (stands beside their `FactorRemoved`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacementCompleted {}

/// The holder said by a link in a notice: this was not me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repudiated {
    /// The event that the notice told of.
    pub cause: EventId,
}
