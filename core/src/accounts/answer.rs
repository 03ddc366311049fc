//! What is answered, before it becomes JSON.

mod client;
mod grant;
mod look;
mod outgoing;
mod removal;

use countersign_events::account::{Assurance, Lane, Method, PasswordChangeWhy};
use countersign_events::actor::By;
use countersign_events::id::{AccountId, FactorId, HandleHash, Revision};
use countersign_events::operator::Role;
use jiff::Timestamp;
use zeroize::Zeroizing;

pub use self::client::*;
pub use self::grant::*;
pub use self::look::*;
pub use self::outgoing::*;
pub use self::removal::{RemovalAbout, RemovalActed, RemovalState, RemovalView};
use super::request::Net;
use crate::domain::account::MailState;
use crate::domain::command::Told;
use crate::handle::{DeviceHandle, SessionToken, SetupToken, SignInHandle, UnlockCode};

/// What a sign-in led to.
#[derive(Debug, Clone)]
pub enum SignedIn {
    /// There is a session.
    Completed(SessionGiven),
    /// A second factor is asked for.
    SecondFactorRequired(SecondFactorRequired),
    /// A new password is asked for.
    PasswordChangeRequired(MoreRequired),
    /// An authenticator is asked for: everybody must have one.
    EnrolmentRequired(MoreRequired),
}

/// A sign-in that waits for something other than a code.
#[derive(Debug, Clone)]
pub struct MoreRequired {
    /// What the caller goes on with: good for nothing else.
    pub id: SignInHandle,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub struct SecondFactorRequired {
    /// What the caller goes on with.
    pub id: SignInHandle,
    /// How it can be answered.
    pub methods: Vec<MethodOffered>,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// One way to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodOffered {
    /// The way.
    pub method: Method,
    /// The authenticator, for `totp`.
    pub factor: Option<FactorId>,
    /// Its name.
    pub name: Option<String>,
    /// The masked address, for `email_code`.
    pub hint: Option<String>,
}

/// A session and its token.
#[derive(Debug, Clone)]
pub struct SessionGiven {
    /// The token: told to the caller once.
    pub token: SessionToken,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven.
    pub amr: Vec<String>,
    /// What the device holds from now on, where it is remembered.
    pub device: Option<DeviceGiven>,
    /// What a client app verifies by itself, where one began the sign-in.
    pub assertion: Option<String>,
}

/// What a device holds from now on.
#[derive(Debug, Clone)]
pub struct DeviceGiven {
    /// The handle: told to the caller once.
    pub handle: DeviceHandle,
    /// Until when it is known.
    pub expires_at: Timestamp,
}

/// A code is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailCodePromised {
    /// The masked address.
    pub hint: String,
    /// From when another may be asked for.
    pub resend_at: Timestamp,
    /// When this one dies.
    pub expires_at: Timestamp,
}

/// A code that is on its way, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailCodeUnderWay {
    /// The masked address, and until when.
    pub promised: EmailCodePromised,
    /// How far the mail is.
    pub mail: MailState,
}

/// A session, as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The hash that names it in lists and in the log.
    pub id: HandleHash,
    /// Whose it is.
    pub account: AccountId,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was last used, as far as recorded.
    pub last_used_at: Timestamp,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven.
    pub amr: Vec<String>,
    /// When the last proof was given.
    pub auth_time: Timestamp,
    /// Where it started, as long as that is kept.
    pub net: Option<Net>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A device, as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// The hash that names it in lists and in the log.
    pub id: HandleHash,
    /// When somebody first signed in there.
    pub first_seen_at: Timestamp,
    /// When somebody last did.
    pub last_seen_at: Timestamp,
    /// Until when it is known.
    pub expires_at: Timestamp,
    /// Where from, as long as that is kept.
    pub net: Option<Net>,
    /// Whether the session that asks began there.
    pub current: bool,
}

/// An authenticator that waits for its first code.
#[derive(Debug, Clone)]
pub struct FactorOffered {
    /// Its id.
    pub factor: FactorId,
    /// The secret, base32 without padding.
    pub secret: Zeroizing<String>,
    /// The `otpauth://totp/…` URI.
    pub otpauth_uri: Zeroizing<String>,
    /// The QR code of that URI, an SVG document.
    pub qr_svg: Zeroizing<String>,
    /// When the offer lapses.
    pub expires_at: Timestamp,
}

/// An authenticator in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorView {
    /// Its id.
    pub factor: FactorId,
    /// Its kind.
    pub kind: Method,
    /// The holder's name for it.
    pub name: String,
    /// When it was enabled.
    pub enabled_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// What its last code told of its clock; for the holder in a session and for support alone
    /// (SR-015).
    pub clock: Option<ClockView>,
}

/// What a code told of its phone's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// Seconds from the server's clock, in whole time steps: negative for one that is slow.
    pub offset_seconds: i64,
    /// Whether the code was refused for it.
    pub refused: bool,
    /// The same in a sentence, for support.
    pub explanation: Option<String>,
}

/// What an activation led to.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The authenticator.
    pub factor: FactorView,
    /// Ten recovery codes, with the first authenticator: told once.
    pub recovery_codes: Option<RecoveryCodes>,
    /// The session, lifted to two factors; none when a client app asked.
    pub session: Option<SessionGiven>,
}

/// Recovery codes in the form that people write down.
pub type RecoveryCodes = Vec<Zeroizing<String>>;

/// A method, or a lane of it, that is refused unevaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockView {
    /// Which.
    pub method: Method,
    /// From where.
    pub lane: Lane,
    /// Since when.
    pub since: Timestamp,
    /// Until when, as far as time alone ends it.
    pub until: Option<Timestamp>,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// The rule that fired.
    pub rule: String,
    /// The same in a sentence.
    pub explanation: String,
}

/// An account, as its holder, a client app or support sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Its id.
    pub account: AccountId,
    /// Its login: whole for the holder, masked for support.
    pub login: Option<String>,
    /// Its address: masked.
    pub email_hint: Option<String>,
    /// Whether that address was proven.
    pub email_confirmed: bool,
    /// Whether a second factor is asked for at every sign-in.
    pub two_factor_enabled: bool,
    /// The authenticators in use.
    pub factors: Vec<FactorView>,
    /// Recovery codes left.
    pub recovery_codes_left: u32,
    /// What must wait, and until when.
    pub locks: Vec<LockView>,
    /// Unresolved failures by method.
    pub unresolved: Vec<(Method, u32)>,
    /// Sessions alive.
    pub sessions: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// The replacement of the authenticators that was asked for.
    pub replacement: Option<ReplacementView>,
    /// Until when address, authenticators and recovery codes stay as they are.
    pub held_until: Option<Timestamp>,
    /// From when everybody must have a second factor.
    pub two_factor_required_from: Option<Timestamp>,
    /// Since when support has suspended it.
    pub suspended_at: Option<Timestamp>,
    /// Why the next sign-in asks for a new password, if it does; for support alone.
    pub password_change: Option<PasswordChangeWhy>,
    /// The removal that support asked for and that waits; for support alone.
    pub removal: Option<RemovalView>,
    /// The last revision of its stream.
    pub revision: Revision,
}

/// A replacement of the authenticators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplacementView {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From when it may be completed.
    pub due_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whether it may be completed now.
    pub due: bool,
}

/// What an objection does, in the order in which it matters to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The replacement that waits is stopped.
    ReplacementStopped,
    /// The removal that support was asked for is stopped.
    RemovalStopped,
    /// The address before the change is the one of the account again.
    AddressRestored,
    /// Every session ends.
    SessionsEnded,
    /// The password is good for nothing any more: a new one comes by mail.
    PasswordEnded,
    /// The next sign-in asks for a new password.
    PasswordAsked,
    /// For a while address, authenticators and recovery codes stay as they are.
    Held,
    /// A mail with a link to a new password is sent.
    LinkSent,
}

/// What a notice told of, to whoever holds its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectionView {
    /// What.
    pub told: Told,
    /// When.
    pub at: Timestamp,
    /// Until when the link works.
    pub until: Timestamp,
    /// What an objection would do, or did.
    pub effects: Vec<Effect>,
}

/// One event in words.
#[derive(Debug, Clone, PartialEq)]
pub struct EventView {
    /// Its place in the stream.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// The type string.
    pub event_type: String,
    /// Who.
    pub by: By,
    /// The data, with what the reader may see of the sealed parts opened.
    pub data: serde_json::Value,
    /// A sentence.
    pub explanation: String,
    /// Where it stands for more than one look: how many.
    pub looks: Option<LooksView>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<u64>,
}

/// What a search found: masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The account.
    pub account: AccountId,
    /// Its login, masked.
    pub login_hint: String,
    /// Its address, masked.
    pub email_hint: Option<String>,
    /// Whether a second factor is asked for.
    pub two_factor_enabled: bool,
    /// Whether something of it is locked.
    pub locked: bool,
    /// Until when, as far as time alone ends it.
    pub locked_until: Option<Timestamp>,
}

/// An operator, by a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorView {
    /// The operator's account.
    pub account: AccountId,
    /// The role.
    pub role: Role,
    /// Whether the setup token was used.
    pub set_up: bool,
    /// Whether the operator may act.
    pub enabled: bool,
}

/// An operator, as an access review lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorListed {
    /// It.
    pub operator: OperatorView,
    /// Its login.
    pub login: String,
    /// Since when it has its role.
    pub role_since: Option<Timestamp>,
    /// Who gave it that role.
    pub added_by: Option<By>,
    /// When it was first added.
    pub added_at: Timestamp,
    /// When a session of it was last used, as far as recorded.
    pub last_used_at: Option<Timestamp>,
}

/// A new operator and the one-time token to set up with.
#[derive(Debug, Clone)]
pub struct OperatorAdded {
    /// The operator's account.
    pub account: AccountId,
    /// Told once.
    pub setup_token: SetupToken,
}

/// An unlocking that waits for its second person.
#[derive(Debug, Clone)]
pub struct UnlockAsked {
    /// Told once, for the other.
    pub code: UnlockCode,
    /// When it dies.
    pub expires_at: Timestamp,
}
