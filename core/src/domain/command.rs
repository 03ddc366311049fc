//! What an account may be told to do. Imperatives; the facts they lead to are the events.
//!
//! A command brings along all that a decision may not fetch: hashes of freshly minted handles,
//! versions of secrets already durable in the vault, and the outcome of comparing what was typed.

use countersign_events::account::{
    AccountEvent, IdentityProof, Method, PasswordSetWhy, Purpose, ResetScope, Viewed,
};
use countersign_events::id::{
    AccountId, EventId, FactorId, HandleHash, Hash32, Nonce, SecretVersion,
};
use jiff::Timestamp;

mod evidence;
mod grant;
mod registration;

pub use evidence::Evidence;
pub use grant::{IssueGrant, RedeemGrant};
pub use registration::{Imported, Register};

use super::limits::Refused;
use super::policy::Policy;
use super::totp::{Compared, ComparedTwo};

/// Under which circumstances a command is decided.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time, never earlier than the last event.
    pub now: Timestamp,
    /// The policy in force.
    pub policy: &'a Policy,
    /// Attempts refused unevaluated that no event tells of yet.
    pub refused: &'a Refused,
    /// The device that asks, where it is one that can be remembered.
    pub device: Option<AtDevice>,
}

/// A device that can be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtDevice {
    /// The hash of what it holds for this account, if it holds anything.
    pub holds: Option<HandleHash>,
    /// The hash of what it would hold from now on, where that is given out.
    pub next: Option<HandleHash>,
}

impl AtDevice {
    /// A device that a client app names: it is what the app says that it is, and stays that.
    #[must_use]
    pub const fn vouched(device: HandleHash) -> Self {
        Self { holds: Some(device), next: Some(device) }
    }
}

/// A command.
#[derive(Debug, Clone)]
pub enum Command {
    /// Create the account.
    Register(Register),
    /// Give up a claim whose registration never came.
    Abandon,
    /// Set the password that is durable in the vault.
    SetPassword {
        /// Its version.
        version: SecretVersion,
        /// Why.
        why: PasswordSetWhy,
    },
    /// Begin a sign-in.
    SignIn(SignIn),
    /// Send a code by e-mail.
    SendEmailCode(SendEmailCode),
    /// Complete a sign-in with a code.
    VerifyCode(VerifyCode),
    /// Prove again within a session.
    Prove(Prove),
    /// Confirm the address with a code sent to it.
    ConfirmEmail {
        /// The session.
        session: HandleHash,
        /// Whether the code was the live one.
        right: bool,
    },
    /// Offer a new authenticator.
    RequestEnable(RequestEnable),
    /// Confirm the offered authenticator with its first code.
    Activate(Activate),
    /// Rename an authenticator.
    RenameFactor {
        /// The session.
        session: HandleHash,
        /// Which.
        factor: FactorId,
    },
    /// Remove an authenticator.
    RemoveFactor {
        /// The session.
        session: HandleHash,
        /// Which.
        factor: FactorId,
    },
    /// Find out where an authenticator's clock is, by two codes in a row.
    ResyncFactor {
        /// The session.
        session: HandleHash,
        /// What comparing the codes gave.
        compared: ComparedTwo,
    },
    /// Replace the recovery codes.
    ReplaceRecoveryCodes {
        /// The session.
        session: HandleHash,
        /// The new set.
        minted: RecoveryMinted,
    },
    /// Change the password, by its holder.
    ChangePassword(ChangePassword),
    /// Send a link to a new password by mail.
    RequestPasswordReset,
    /// Set the password of a link, which was found to be the one that is out.
    ResetPassword {
        /// Durable in the vault.
        version: SecretVersion,
    },
    /// Have the password asked for again where it is closed to devices that are not known, by a
    /// link of a mail.
    UnlockPassword {
        /// The event that closed it.
        cause: EventId,
    },
    /// Set the password that a sign-in asked for.
    SetDemandedPassword(SetDemandedPassword),
    /// Take another address, with a code sent to it.
    ChangeEmail {
        /// The session.
        session: HandleHash,
        /// Whether the code was the live one.
        right: bool,
    },
    /// Ask for a replacement of the authenticators.
    RequestReplacement {
        /// The session.
        session: HandleHash,
    },
    /// Give a replacement up.
    CancelReplacement {
        /// The session.
        session: HandleHash,
    },
    /// Say by a link in a notice that something was somebody else's doing.
    Repudiate(Repudiate),
    /// Let a client app know who is signed in.
    IssueGrant(IssueGrant),
    /// Tell a client app who is signed in.
    RedeemGrant(RedeemGrant),
    /// Record that a session is in use.
    UseSession(HandleHash),
    /// End sessions.
    EndSessions {
        /// The session that asks.
        session: HandleHash,
        /// Which.
        which: WhichSessions,
    },
    /// Forget devices, and end the sessions that began there.
    ForgetDevices {
        /// The session that asks; it goes on.
        session: HandleHash,
        /// Which.
        which: WhichDevices,
    },
    /// End a lockout, by support.
    ResetLockout {
        /// What it clears.
        scope: ResetScope,
        /// Of which method; of all without one.
        method: Option<Method>,
    },
    /// Suspend the account, by support.
    Suspend,
    /// End a suspension, by support.
    Resume,
    /// End every session and sign-in in progress, by support.
    EndAllSessions,
    /// Have a link to a new password sent to the address on record, by support.
    MailPassword,
    /// Ask for the removal of an authenticator or of the recovery codes, or for another address.
    AskRemoval(AskRemoval),
    /// Approve a removal, by another person of support.
    ApproveRemoval {
        /// The event that asked for it.
        request: EventId,
        /// Whether it is about the address.
        address: bool,
        /// Who approves.
        by: AccountId,
    },
    /// Give a removal up, by support.
    CancelRemoval {
        /// The event that asked for it.
        request: EventId,
        /// Whether it is about the address.
        address: bool,
    },
    /// Do a removal that is due.
    CompleteRemoval {
        /// The event that asked for it.
        request: EventId,
    },
    /// End every session of an operator whose role is taken away, or given back.
    EndForRole,
    /// Let an operator in anew, by two people at the machine.
    BreakGlass,
    /// Record that support looked.
    View(Viewed),
    /// Record what became of a mail: `EmailCodeSent`, `NoticeSent` or `EmailDeliveryFailed`.
    RecordMail(AccountEvent),
}

/// How the first factor was proven, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstFactor {
    /// The password is right; `rehashed` is its version under stronger parameters.
    PasswordRight {
        /// Durable in the vault.
        rehashed: Option<SecretVersion>,
    },
    /// The password is wrong, or there is none.
    PasswordWrong,
    /// A client app vouches for it.
    Vouched {
        /// The hash of the device that the app named.
        device: Option<HandleHash>,
    },
}

/// See [`Command::SignIn`].
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The first factor.
    pub first: FirstFactor,
    /// The hash of the sign-in's id, if one begins.
    pub sign_in: HandleHash,
    /// The hash of the session's token, if one starts.
    pub session: HandleHash,
}

/// See [`Command::SendEmailCode`].
#[derive(Debug, Clone)]
pub struct SendEmailCode {
    /// What for: to sign in, or to confirm the address.
    pub purpose: Purpose,
    /// The sign-in, or the session.
    pub bound_to: HandleHash,
    /// A fresh nonce.
    pub nonce: Nonce,
}

/// See [`Command::VerifyCode`].
#[derive(Debug, Clone)]
pub struct VerifyCode {
    /// The sign-in.
    pub sign_in: HandleHash,
    /// What comparing gave.
    pub evidence: Evidence,
    /// The hash of the session's token, if one starts.
    pub session: HandleHash,
    /// The hash of the id under which the sign-in goes on, if it does.
    pub next: HandleHash,
}

/// What was proven within a session.
#[derive(Debug, Clone)]
pub enum Proven {
    /// The password, right or wrong.
    Password {
        /// Whether it is right.
        right: bool,
    },
    /// A code.
    Code(Evidence),
}

/// See [`Command::Prove`].
#[derive(Debug, Clone)]
pub struct Prove {
    /// The session.
    pub session: HandleHash,
    /// What was proven.
    pub proven: Proven,
    /// The hash of the token that takes the session's place.
    pub next: HandleHash,
}

/// Who enrols an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enroller {
    /// The holder, in a session.
    Session(HandleHash),
    /// The holder, in a sign-in that asks for one.
    SignIn(HandleHash),
    /// A client app, for one of its users.
    Client,
}

impl Enroller {
    /// The session or sign-in that an offer is bound to.
    #[must_use]
    pub const fn bound_to(self) -> Option<HandleHash> {
        match self {
            Self::Session(hash) | Self::SignIn(hash) => Some(hash),
            Self::Client => None,
        }
    }
}

/// See [`Command::RequestEnable`].
#[derive(Debug, Clone)]
pub struct RequestEnable {
    /// Who.
    pub enroller: Enroller,
    /// The id of the new authenticator.
    pub factor: FactorId,
    /// Its secret, durable in the vault.
    pub secret: SecretVersion,
}

/// See [`Command::ChangePassword`].
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// The session.
    pub session: HandleHash,
    /// The new password, durable in the vault; none where the present one was wrong.
    pub version: Option<SecretVersion>,
    /// The hash of the token that takes the session's place.
    pub next: HandleHash,
}

/// See [`Command::SetDemandedPassword`].
#[derive(Debug, Clone)]
pub struct SetDemandedPassword {
    /// The sign-in that asked for it.
    pub sign_in: HandleHash,
    /// Durable in the vault.
    pub version: SecretVersion,
    /// The hash of the id under which the sign-in goes on, if it does.
    pub next: HandleHash,
    /// The hash of the session's token, if one starts.
    pub session: HandleHash,
}

/// What a notice told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// An authenticator is to be replaced.
    Replacement,
    /// Support was asked to remove a second factor.
    Removal,
    /// Another address was taken.
    EmailChange,
    /// The password was set anew by mail.
    PasswordReset,
    /// Somebody guesses passwords or codes.
    Guesses,
    /// Anything else.
    Other,
}

/// See [`Command::AskRemoval`].
#[derive(Debug, Clone, Copy)]
pub struct AskRemoval {
    /// The authenticator; none where it is about the recovery codes alone, or about the address.
    pub factor: Option<FactorId>,
    /// Whether it is about the address.
    pub address: bool,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away.
    pub in_person: bool,
    /// Whether it is an operator's account.
    pub of_operator: bool,
}

/// See [`Command::Repudiate`].
#[derive(Debug, Clone, Copy)]
pub struct Repudiate {
    /// The event that the notice told of.
    pub cause: EventId,
    /// When that happened.
    pub at: Timestamp,
    /// What it is.
    pub told: Told,
}

/// Freshly minted recovery codes, hashed.
#[derive(Debug, Clone)]
pub struct RecoveryMinted {
    /// The pepper's id.
    pub pepper: String,
    /// The keyed hash of each.
    pub hashes: Vec<Hash32>,
}

/// See [`Command::Activate`].
#[derive(Debug, Clone)]
pub struct Activate {
    /// Who.
    pub enroller: Enroller,
    /// The hash of the session's token, if a sign-in starts one.
    pub session: HandleHash,
    /// What comparing the first code gave.
    pub compared: Compared,
    /// Recovery codes, used only with the first authenticator, or one that replaces all others.
    pub minted: RecoveryMinted,
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichSessions {
    /// The one that asks.
    Own,
    /// One of the account.
    One(HandleHash),
    /// All but the one that asks.
    Others,
}

/// Which devices to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichDevices {
    /// One of the account.
    One(HandleHash),
    /// All of them.
    All,
}
