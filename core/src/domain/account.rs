//! What an account is, as far as decisions need it.
//!
//! ```text
//!            Registered                    Enabled (first)            FactorRemoved (last)
//!   Vacant ─────────────▶ Open, password ────────────────▶ Open, 2FA ─────────────────────┐
//!     │                        ▲                                                          │
//!     │ RegistrationAbandoned  └──────────────────────────────────────────────────────────┘
//!     ▼
//!   Abandoned
//! ```
//!
//! The state holds hashes, versions, counters and times: no secret and no personal data, so that
//! a replay needs no key and an erasure changes no state.

use std::collections::{BTreeMap, BTreeSet};

use countersign_events::account::{
    Assurance, BrowserAdmitted, EmailCodes, Method, Need, Origin, PasswordChangeWhy, Purpose,
};
use countersign_events::id::{
    ClientId, EventId, FactorId, HandleHash, Hash32, Nonce, Revision, SecretVersion,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::grant::{Grant, GrantPace};
use super::idempotency::Ledger;
use super::limits::Counters;
use super::removal::Removal;
use super::totp::Drift;

/// The state of a stream `account-…` or `unknown-…`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whether there is an account at all.
    pub standing: Standing,
    /// What was guessed, by method. An unknown login has counters too.
    pub limits: Counters,
    /// When a new password was asked for by mail in the last 24 hours, as often as that sends one;
    /// an unknown login has these too.
    pub resets: Vec<Timestamp>,
    /// When a new password was last asked for by mail with anything to show for it.
    pub reset_asked_at: Option<Timestamp>,
    /// When support ended a lockout in the last 30 days.
    pub lockout_resets: Vec<Timestamp>,
    /// Idempotency keys of the last 24 hours.
    pub idempotency: Ledger,
    /// The last event: its revision and time.
    pub last: Option<(Revision, Timestamp)>,
}

/// Whether there is an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody registered: a login that does not exist, or a claim without its registration.
    #[default]
    Vacant,
    /// A claim whose registration never came; its login went to another account.
    Abandoned,
    /// An account.
    Open(Box<Open>),
}

/// An account that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Who it was made for.
    pub origin: Origin,
    /// The client app that made it.
    pub client: Option<ClientId>,
    /// When.
    pub created_at: Timestamp,
    /// The entry whose sealed part says who it is.
    pub identity_at: Revision,
    /// The address, by the commitment to its sealed form.
    pub email: Option<Email>,
    /// The addresses before that one, the oldest first, for as long as each can be taken back.
    pub former_emails: Vec<FormerEmail>,
    /// The current password's version in the vault.
    pub password: Option<SecretVersion>,
    /// Why the next sign-in asks for a new password, if it does.
    pub password_change: Option<PasswordChangeWhy>,
    /// The link to a new password that was last sent: it works, or can be made to work again.
    pub reset: Option<ResetLink>,
    /// The event by which the password was last closed to devices that are not known.
    pub password_closed: Option<EventId>,
    /// The browser that has tries of its own at the password, since a link of a mail was followed
    /// in it.
    pub admitted: Option<BrowserAdmitted>,
    /// The authenticators in use.
    pub factors: BTreeMap<FactorId, Factor>,
    /// The authenticator that waits for its first code.
    pub offer: Option<Offer>,
    /// The recovery codes.
    pub recovery: Option<RecoverySet>,
    /// The replacement of the authenticators that was asked for.
    pub replacement: Option<Replacement>,
    /// Until when address, authenticators and recovery codes stay as they are.
    pub held_until: Option<Timestamp>,
    /// Whether codes by e-mail are offered at the sign-in.
    pub email_codes_offered: EmailCodes,
    /// What the holder said was somebody else's doing, and until when that is remembered.
    pub repudiated: BTreeMap<EventId, Timestamp>,
    /// Sign-ins that wait for more.
    pub sign_ins: BTreeMap<HandleHash, SignIn>,
    /// Sessions.
    pub sessions: BTreeMap<HandleHash, Session>,
    /// Devices at which all was proven that the account asks for.
    pub devices: BTreeMap<HandleHash, Device>,
    /// When a password set by mail last opened the lane of codes from unknown devices.
    pub lane_opened_by_mail_at: Option<Timestamp>,
    /// When the holder was last told that a code was typed again.
    pub replay_told_at: Option<Timestamp>,
    /// When the holder was last told that a session made room for another.
    pub room_told_at: Option<Timestamp>,
    /// When codes were sent by e-mail in the last 24 hours.
    pub email_sends: Vec<Timestamp>,
    /// The live code of each sign-in, or of each session that confirms its address.
    pub email_codes: BTreeMap<HandleHash, EmailCode>,
    /// When a session was last used, as far as recorded.
    pub last_used_at: Option<Timestamp>,
    /// Since when support has suspended it: nobody signs in.
    pub suspended_at: Option<Timestamp>,
    /// The removal that support asked for and that waits.
    pub removal: Option<Removal>,
    /// What client apps may find out by, who is signed in.
    pub grants: BTreeMap<HandleHash, Grant>,
}

/// The address of an account, without the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The commitment to the sealed part that holds it: another address, another commitment.
    pub commit: Hash32,
    /// Whether it was proven.
    pub confirmed: bool,
}

/// An address that another took the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerEmail {
    /// It.
    pub email: Email,
    /// The entry whose sealed part holds it.
    pub identity_at: Revision,
    /// The `EmailChanged` that took its place.
    pub change: EventId,
    /// Until when it is told what happens, and can be taken back.
    pub until: Timestamp,
}

/// A link to a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetLink {
    /// The event that it is derived from.
    pub request: EventId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it dies, as its mail says.
    pub said_until: Timestamp,
    /// When it dies, as things are.
    pub expires_at: Timestamp,
}

/// A replacement of the authenticators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The event that asked for it.
    pub request: EventId,
    /// When.
    pub requested_at: Timestamp,
    /// From when it may be completed.
    pub due_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An authenticator in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Its secret's version in the vault.
    pub secret: SecretVersion,
    /// The entry whose sealed part holds its name.
    pub named_at: Revision,
    /// When it was enabled.
    pub enabled_at: Timestamp,
    /// The last RFC 6238 time step that was accepted: nothing up to it is accepted again.
    pub last_step: u64,
    /// Where its clock is, as far as its accepted codes told.
    pub drift: Drift,
    /// What its last code told of its clock.
    pub clock: Option<ClockSeen>,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
}

/// What a code told of its phone's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSeen {
    /// Steps from the server's own: negative for a clock that is slow.
    pub offset: i32,
    /// Whether the code was refused for it.
    pub refused: bool,
}

/// An authenticator that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub factor: FactorId,
    /// Its secret's version in the vault.
    pub secret: SecretVersion,
    /// The entry whose sealed part holds its name.
    pub named_at: Revision,
    /// When it lapses.
    pub expires_at: Timestamp,
    /// The session or sign-in that began it; none for a client app.
    pub session: Option<HandleHash>,
    /// Wrong codes so far: it lapses with the last that is allowed.
    pub guesses: u32,
    /// Its first accepted code, until `Enabled` follows in the same append.
    pub confirmed: Option<FirstCode>,
}

/// The first accepted code of an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstCode {
    /// Its RFC 6238 time step.
    pub step: u64,
    /// What it told of the phone's clock.
    pub drift: Drift,
    /// Its offset from the server's own step.
    pub offset: i32,
    /// When.
    pub at: Timestamp,
}

/// A set of recovery codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverySet {
    /// The pepper's id.
    pub pepper: String,
    /// The keyed hash of each code.
    pub hashes: Vec<Hash32>,
    /// The indices used up.
    pub used: BTreeSet<u32>,
}

impl RecoverySet {
    /// Whether it has a code of that index, used or not.
    #[must_use]
    pub fn has(&self, index: u32) -> bool {
        usize::try_from(index).is_ok_and(|index| index < self.hashes.len())
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        u32::try_from(self.hashes.len().saturating_sub(self.used.len())).unwrap_or(u32::MAX)
    }
}

/// A sign-in that waits for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// When the first factor was proven.
    pub started_at: Timestamp,
    /// The entry whose sealed part says where it was.
    pub opened_in: Revision,
    /// The device that it began at, where that is known.
    pub device: Option<HandleHash>,
    /// When it dies.
    pub expires_at: Timestamp,
    /// What it waits for.
    pub needs: Need,
    /// What proved the second factor, with which authenticator, and when, where that is behind it.
    pub proven: Option<(Method, Option<FactorId>, Timestamp)>,
    /// Evaluated guesses so far.
    pub guesses: u32,
    /// Retypes of accepted codes so far.
    pub reused: u32,
    /// When a code was last refused in it, whatever was wrong: the next is looked at only a moment
    /// later.
    pub guessed_at: Option<Timestamp>,
    /// Whether a cool-down ended it. Until it dies it is still told how long that lasts.
    pub ended: bool,
    /// The device that a client app named when it began, known or not.
    pub vouched: Option<HandleHash>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// When its holder first signed in.
    pub started_at: Timestamp,
    /// The entry whose sealed part says where that was.
    pub opened_in: Revision,
    /// The device that it began at, where that is known.
    pub device: Option<HandleHash>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was last used, as recorded.
    pub used_at: Timestamp,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven.
    pub amr: Vec<String>,
    /// When the password was last proven.
    pub password_at: Option<Timestamp>,
    /// When a second factor (never a code by e-mail) was last proven.
    pub second_factor_at: Option<Timestamp>,
    /// The authenticator that proved it; none where that was a recovery code.
    pub second_factor_by: Option<FactorId>,
    /// When anything was last proven.
    pub auth_time: Timestamp,
    /// Retypes of accepted codes so far, and codes by e-mail where none was sent: no guesses.
    pub reused: u32,
    /// When a code was last refused in it, under whatever token.
    pub guessed_at: Option<Timestamp>,
    /// The device that a client app named when it began.
    pub vouched: Option<HandleHash>,
    /// The minute in which it last asked for grants, and how many, under whatever token.
    pub grants: Option<GrantPace>,
}

/// A device that the account knows. It grants nothing but a lane of its own for guesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// When somebody first signed in there.
    pub first_seen_at: Timestamp,
    /// When somebody last did.
    pub last_seen_at: Timestamp,
    /// The entry whose sealed part says from where.
    pub seen_in: Revision,
    /// Until when it is known.
    pub expires_at: Timestamp,
}

/// A code by e-mail that may still be typed: only what it is derived from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailCode {
    /// The event that asked for it.
    pub request: EventId,
    /// The sign-in or session that it is derived from; that session may have another token by now.
    pub bound_to: HandleHash,
    /// What for.
    pub purpose: Purpose,
    /// The address that it goes to, by its commitment and the entry that holds it.
    pub address: Hash32,
    /// The entry whose sealed part holds that address.
    pub address_at: Revision,
    /// The number that it is derived from.
    pub nonce: Nonce,
    /// Its digits.
    pub digits: u8,
    /// When it dies.
    pub expires_at: Timestamp,
    /// How far its mail is.
    pub mail: MailState,
}

/// How far a mail is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It has not left yet: it is about to, or the mail server does not take it now.
    #[default]
    Waiting,
    /// The mail server has it.
    Sent,
    /// It was given up.
    Undeliverable,
}

impl Account {
    /// The account, if there is one.
    #[must_use]
    pub fn open(&self) -> Option<&Open> {
        match &self.standing {
            Standing::Open(open) => Some(open),
            Standing::Vacant | Standing::Abandoned => None,
        }
    }

    /// Whether nothing ever happened on this stream.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.last.is_none()
    }
}

impl Open {
    /// Whether there is a password, or was one that ended.
    #[must_use]
    pub const fn has_had_password(&self) -> bool {
        self.password.is_some() || self.password_change.is_some()
    }

    /// Whether there is an address that was proven: what grants something goes to no other.
    #[must_use]
    pub fn has_proven_address(&self) -> bool {
        self.email.as_ref().is_some_and(|email| email.confirmed)
    }

    /// Whether support suspended it.
    #[must_use]
    pub const fn is_suspended(&self) -> bool {
        self.suspended_at.is_some()
    }

    /// Whether a second factor is asked for at every sign-in.
    #[must_use]
    pub fn two_factor_enabled(&self) -> bool {
        !self.factors.is_empty()
    }
}
