//! What can happen to an account, told in the past tense; commands live in the core crate. No
//! secret, code or personal data stands here in clear: secrets are named by version, handles by
//! hash, personal data travels in the sealed part of the entry ("sealed" below). Type strings are
//! permanent; a new shape is a new version with an upcaster.

mod factors;
mod grants;
mod limits;
mod mail;
mod recovery;
mod sessions;
mod support;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::factors::*;
pub use self::grants::*;
pub use self::limits::*;
pub use self::mail::*;
pub use self::recovery::*;
pub use self::sessions::*;
pub use self::support::*;
use crate::catalogue::events;
use crate::id::{ClientId, EventId, FactorId, HandleHash, Hash32, SecretVersion};

/// A way to prove that it is you. Each has its own counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The first factor.
    Password,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A code sent by e-mail.
    EmailCode,
    /// One of the codes kept for the day the phone is lost.
    RecoveryCode,
}

/// What a proof was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To confirm a new authenticator.
    Enable,
    /// To prove again within a session.
    StepUp,
    /// To confirm an e-mail address.
    ConfirmEmail,
    /// To take another e-mail address.
    ChangeEmail,
    /// To tell where an authenticator's clock is, together with the code before it.
    Resync,
}

/// How sure a session is of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Password alone.
    Password,
    /// Password and a code sent by e-mail: never called two factors.
    EmailCode,
    /// Password and an authenticator or a recovery code.
    TwoFactor,
}

/// Who an account was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person who registered.
    Holder,
    /// A client app, which checks the password itself.
    Client,
    /// A member of staff, added on the command line.
    Operator,
}

/// An account was created. Sealed `pii`: `{login?, email?, subject?, display_name?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Who it was made for.
    pub origin: Origin,
    /// The client app that made it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Whether the sealed part has an e-mail address.
    pub has_email: bool,
    /// Whether that address counts as proven (a client app said so).
    pub email_confirmed: bool,
    /// Whether an import made it, on the command line.
    #[serde(default, skip_serializing_if = "is_false")]
    pub imported: bool,
}

/// The account's data key exists in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCreated {
    /// The key's id, as `sealed` names it.
    pub key: String,
    /// SHA-256 of the key under its own domain: tells a key from another, and nothing about it.
    pub commitment: Hash32,
}

/// A claimed login whose registration never came was taken over by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationAbandoned {}

/// The address was proven by a code sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfirmed {}

/// Why a password was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordSetWhy {
    /// The first one.
    Initial,
    /// By its holder.
    Changed,
    /// The same password under stronger parameters, at a sign-in.
    Rehashed,
    /// By whoever holds a link that was sent by mail.
    Reset,
    /// At a sign-in that asked for a new one.
    Demanded,
    /// By an operator, in the place of one that two people at the machine have ended.
    LetInAnew,
}

/// A password became the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSet {
    /// Its hash's version in the vault.
    pub version: SecretVersion,
    /// Why.
    pub why: PasswordSetWhy,
    /// The sign-in that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<HandleHash>,
    /// The sign-in that asks for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SignInOpened>,
    /// The session that it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOpened>,
    /// Whether wrong codes from devices that are not known are forgiven: who gave them had the
    /// password that ends here, and the new one was set with more than that and a mailbox; or by
    /// mail, as once in a year.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forgives_codes: bool,
}

impl PasswordSet {
    /// One that no sign-in asked for.
    #[must_use]
    pub const fn new(version: SecretVersion, why: PasswordSetWhy) -> Self {
        Self { version, why, sign_in: None, next: None, session: None, forgives_codes: false }
    }
}

/// The right password was given. Sealed `net`: `{ip, user_agent?, language?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordVerified {
    /// What for.
    pub purpose: Purpose,
    /// The sign-in that goes on with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInOpened>,
    /// The session that starts, where no second factor is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOpened>,
    /// The known device by whose lane it came. It forgives nothing there: a new handle does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<HandleHash>,
}

/// What a sign-in waits for; its id is good for nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A second factor.
    #[default]
    SecondFactor,
    /// A new password.
    NewPassword,
    /// An authenticator: everybody must have one.
    Enrolment,
}

impl Need {
    fn is_second_factor(&self) -> bool {
        *self == Self::SecondFactor
    }
}

/// A sign-in that waits for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInOpened {
    /// The hash of its id.
    pub sign_in: HandleHash,
    /// When it dies.
    pub expires_at: Timestamp,
    /// What for.
    #[serde(default, skip_serializing_if = "Need::is_second_factor")]
    pub needs: Need,
    /// The device that it began at, where that is known to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<HandleHash>,
}

/// A wrong password was given. Sealed `net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRejected {
    /// What for.
    pub purpose: Purpose,
    /// The session in which it was given, for every purpose but to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_session: Option<HandleHash>,
    /// Unresolved failures of the password in its lane, this one included.
    pub unresolved: u32,
    /// How it counts.
    #[serde(default, skip_serializing_if = "Counted::is_default")]
    pub counted: Counted,
    /// Whether the account is suspended: whatever is given is refused like a wrong one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspended: bool,
}

/// An authenticator was asked for and its QR code shown, or imported. Sealed `pii`: `{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnableRequested {
    /// The authenticator.
    pub factor: FactorId,
    /// Its kind.
    pub kind: Method,
    /// Its secret's version in the vault.
    pub secret: SecretVersion,
    /// `SHA1`.
    pub algorithm: String,
    /// Digits of a code.
    pub digits: u8,
    /// Length of a time step.
    pub period_seconds: u32,
    /// When the offer lapses unless a code confirms it.
    pub expires_at: Timestamp,
    /// The session, or the sign-in, that began it: no other may confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<HandleHash>,
    /// The pending offer that this one replaces: its secret is dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<FactorId>,
    /// Whether an import brought it along with its account: no QR code was shown, and its `Enabled`
    /// stands in the same append without a code before it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub imported: bool,
}

/// A code was accepted: the proof that no node will accept it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeVerified {
    /// Which way.
    pub method: Method,
    /// Which authenticator, for `totp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<FactorId>,
    /// The RFC 6238 time step that was accepted, for `totp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// That step less the server's own: -1, 0 or 1, unless the phone is known to be off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i32>,
    /// The request that sent the code, for `email_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<EventId>,
    /// What for.
    pub purpose: Purpose,
    /// The sign-in that it completes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<HandleHash>,
    /// The session in which it was given, for every other purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_session: Option<HandleHash>,
    /// The sign-in that asks for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SignInOpened>,
    /// The session that it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOpened>,
    /// The known device by whose lane it came. It forgives nothing there: a new handle does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<HandleHash>,
}

/// An authenticator is in use from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {
    /// The authenticator.
    pub factor: FactorId,
}

/// Why a code was refused. The caller is never told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectedWhy {
    /// It matches nothing.
    Wrong,
    /// It was accepted before, or is older than one that was.
    Reused,
    /// It was right, and came too late.
    Expired,
    /// Nothing to compare with: no code was sent, no such authenticator, no recovery codes.
    NoneIssued,
}

/// A code was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRejected {
    /// Which way.
    pub method: Method,
    /// Which authenticator, for `totp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<FactorId>,
    /// Why.
    pub why: RejectedWhy,
    /// How many steps the phone is off, where a code within ±10 steps matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_by_steps: Option<i32>,
    /// What for.
    pub purpose: Purpose,
    /// In which sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<HandleHash>,
    /// The session in which it was given, for every other purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_session: Option<HandleHash>,
    /// Evaluated guesses in that sign-in, this one included.
    pub in_sign_in: u32,
    /// Unresolved failures of the method in its lane, this one included where it counts.
    pub unresolved: u32,
    /// How it counts.
    #[serde(default, skip_serializing_if = "Counted::is_default")]
    pub counted: Counted,
}

/// Ten recovery codes were issued; any older set is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesIssued {
    /// Which pepper the hashes are keyed with.
    pub pepper: String,
    /// HMAC-SHA-256(pepper, account ‖ code) of each, by index.
    pub hashes: Vec<Hash32>,
}

/// A recovery code was used up (stands beside its `CodeVerified`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodeUsed {
    /// Its index in the set.
    pub index: u32,
    /// How many are left.
    pub left: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
pub(crate) const fn is_false(value: &bool) -> bool {
    !*value
}

events! {
    /// Everything that can happen to an account, or to a login that does not exist.
    AccountEvent {
        Registered(Registered) = "account.registered" v 1,
        KeyCreated(KeyCreated) = "account.key_created" v 1,
        RegistrationAbandoned(RegistrationAbandoned) = "account.registration_abandoned" v 1,
        EmailConfirmed(EmailConfirmed) = "account.email_confirmed" v 1,
        PasswordSet(PasswordSet) = "account.password_set" v 1,
        PasswordVerified(PasswordVerified) = "account.password_verified" v 1,
        FirstFactorVouched(FirstFactorVouched) = "account.first_factor_vouched" v 1,
        PasswordRejected(PasswordRejected) = "account.password_rejected" v 1,
        EnableRequested(EnableRequested) = "account.enable_requested" v 1,
        CodeVerified(CodeVerified) = "account.code_verified" v 1,
        Enabled(Enabled) = "account.enabled" v 1,
        CodeRejected(CodeRejected) = "account.code_rejected" v 1,
        AttemptsRefused(AttemptsRefused) = "account.attempts_refused" v 1,
        EmailCodeRequested(EmailCodeRequested) = "account.email_code_requested" v 1,
        EmailCodeSent(EmailCodeSent) = "account.email_code_sent" v 1,
        EmailDeliveryFailed(EmailDeliveryFailed) = "account.email_delivery_failed" v 1,
        RecoveryCodesIssued(RecoveryCodesIssued) = "account.recovery_codes_issued" v 1,
        RecoveryCodeUsed(RecoveryCodeUsed) = "account.recovery_code_used" v 1,
        CooledDown(CooledDown) = "account.cooled_down" v 1,
        LockedOut(LockedOut) = "account.locked_out" v 1,
        LockoutReset(LockoutReset) = "account.lockout_reset" v 1,
        FactorRenamed(FactorRenamed) = "account.factor_renamed" v 1,
        FactorRemoved(FactorRemoved) = "account.factor_removed" v 1,
        FactorResynced(FactorResynced) = "account.factor_resynced" v 1,
        Disabled(Disabled) = "account.disabled" v 1,
        SessionUsed(SessionUsed) = "account.session_used" v 1,
        SessionsEnded(SessionsEnded) = "account.sessions_ended" v 1,
        NoticeSent(NoticeSent) = "account.notice_sent" v 1,
        HistoryViewed(HistoryViewed) = "account.history_viewed" v 1,
        PasswordResetRequested(PasswordResetRequested) = "account.password_reset_requested" v 1,
        PasswordChangeDemanded(PasswordChangeDemanded) = "account.password_change_demanded" v 1,
        HoldPlaced(HoldPlaced) = "account.hold_placed" v 1,
        EmailChanged(EmailChanged) = "account.email_changed" v 1,
        EmailChangeUndone(EmailChangeUndone) = "account.email_change_undone" v 1,
        ReplacementRequested(ReplacementRequested) = "account.replacement_requested" v 1,
        ReplacementObjected(ReplacementObjected) = "account.replacement_objected" v 1,
        ReplacementCompleted(ReplacementCompleted) = "account.replacement_completed" v 1,
        Repudiated(Repudiated) = "account.repudiated" v 1,
        DevicesForgotten(DevicesForgotten) = "account.devices_forgotten" v 1,
        PasswordResetRenewed(PasswordResetRenewed) = "account.password_reset_renewed" v 1,
        PasswordUnlocked(PasswordUnlocked) = "account.password_unlocked" v 1,
        Suspended(Suspended) = "account.suspended" v 1,
        Resumed(Resumed) = "account.resumed" v 1,
        PasswordMailAsked(PasswordMailAsked) = "account.password_mail_asked" v 1,
        FactorRemovalRequested(FactorRemovalRequested) = "account.factor_removal_requested" v 1,
        FactorRemovalApproved(FactorRemovalApproved) = "account.factor_removal_approved" v 1,
        FactorRemovalCancelled(FactorRemovalCancelled) = "account.factor_removal_cancelled" v 1,
        FactorRemovalObjected(FactorRemovalObjected) = "account.factor_removal_objected" v 1,
        FactorRemovalCompleted(FactorRemovalCompleted) = "account.factor_removal_completed" v 1,
        GrantIssued(GrantIssued) = "account.grant_issued" v 1,
        GrantRedeemed(GrantRedeemed) = "account.grant_redeemed" v 1,
        GrantVoided(GrantVoided) = "account.grant_voided" v 1,
    }
}
