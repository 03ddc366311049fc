//! What is asked, as the server hands it in: read, well-formed, not yet judged.

use countersign_events::account::{IdentityProof, Method, ResetScope};
use countersign_events::actor::By;
use countersign_events::client::{Redirects, Scope};
use countersign_events::entry::Idempotency;
use countersign_events::id::{AccountId, ClientId, CorrelationId, EventId, FactorId, Position};
use countersign_events::operator::Role;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Fault;
use crate::actors::log::Log;
use crate::handle::{DeviceHandle, SessionToken};
use crate::mail::language::{self, Language};
use crate::projections::time_line::{EventKind, Order};
use crate::vault::Secrets;

/// What every request brings along.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks, as far as the server knows before the account is asked.
    pub by: By,
    /// Where from.
    pub net: Net,
    /// The request's id, in every entry and log line that it causes.
    pub correlation: CorrelationId,
    /// The idempotency key, if the request has one.
    pub idempotency: Option<IdempotencyKey>,
    /// What the caller's device holds, of any account; none where it cannot be remembered.
    pub devices: Option<Vec<DeviceHandle>>,
    /// Whether only operators are served where this is asked.
    pub staff_only: bool,
}

impl Call {
    /// What the service asks of itself.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] without randomness for its id.
    pub fn system(log: &Log) -> Result<Self, Fault> {
        Ok(Self::of_service(log.correlation_id()?))
    }

    /// What the service asks of itself, under this id.
    #[must_use]
    pub fn of_service(correlation: CorrelationId) -> Self {
        Self {
            by: By::System,
            net: Net { ip: "-".to_owned(), user_agent: None, language: None },
            correlation,
            idempotency: None,
            devices: None,
            staff_only: false,
        }
    }
}

/// Where a request comes from. Personal data: only ever sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Net {
    /// The address.
    pub ip: String,
    /// The user agent, cut to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The language that whoever asks reads, as far as told.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "language::on_record"
    )]
    pub language: Option<Language>,
}

/// An `Idempotency-Key`, scoped to caller and route, and what the request said.
#[derive(Clone)]
pub struct IdempotencyKey {
    /// The key, 22 to 64 characters.
    pub key: Zeroizing<String>,
    /// Who asks: `anyone`, the text of the bearer token, a client id, an operator.
    pub caller: Zeroizing<String>,
    /// The route's template with method: `POST /v1/sign-ins`, and the values of its parameters.
    pub route: String,
    /// The body's bytes.
    pub body: Zeroizing<Vec<u8>>,
}

impl IdempotencyKey {
    /// The keyed hashes that the log and the vault know it by.
    #[must_use]
    pub fn hashed(&self, secrets: &Secrets) -> Idempotency {
        let key = [self.caller.as_bytes(), self.route.as_bytes(), self.key.as_bytes()];
        Idempotency {
            key: secrets.fingerprint("idempotency key", &key),
            body: secrets.fingerprint("idempotency body", &[self.body.as_slice()]),
        }
    }
}

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdempotencyKey({})", self.route)
    }
}

/// A client app to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// Its name.
    pub name: String,
    /// What its keys may do.
    pub scopes: Vec<Scope>,
    /// How long its first key lives; none is for as long as it is not ended.
    pub expires_in: Option<SignedDuration>,
    /// Where browsers are sent back to.
    pub redirects: Redirects,
}

impl NewClient {
    /// One that sends browsers nowhere.
    #[must_use]
    pub const fn new(name: String, scopes: Vec<Scope>, expires_in: Option<SignedDuration>) -> Self {
        let redirects = Redirects { sign_in: vec![], sign_out: vec![] };
        Self { name, scopes, expires_in, redirects }
    }
}

/// A key for a client app that has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewKey {
    /// How long the others go on beside it: none is the default, and none at all is zero.
    pub overlap: Option<SignedDuration>,
    /// How long it lives; none is for as long as it is not ended.
    pub expires_in: Option<SignedDuration>,
}

/// Who asks about an account.
#[derive(Debug, Clone)]
pub enum Asker {
    /// The holder, by a session.
    Session(SessionToken),
    /// A client app, for an account that it made.
    Client {
        /// The app.
        client: ClientId,
        /// The account.
        account: AccountRef,
    },
}

/// How a client app names an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRef {
    /// By our id.
    Id(AccountId),
    /// By the app's own name for it.
    Subject(String),
}

/// A person registers.
#[derive(Debug, Clone)]
pub struct Register {
    /// 3 to 64 characters; compared in a normal form.
    pub login: String,
    /// The address for codes and notices.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// A client app makes an account.
#[derive(Debug, Clone)]
pub struct RegisterSubject {
    /// The app's own name for it, 1 to 128 characters.
    pub subject: String,
    /// The address for codes and notices.
    pub email: Option<String>,
    /// Whether the app has proven that address.
    pub email_verified: bool,
    /// What the phone shows beside the issuer.
    pub display_name: Option<String>,
}

/// A sign-in with a password.
#[derive(Debug, Clone)]
pub struct PasswordSignIn {
    /// As typed.
    pub login: String,
    /// As typed.
    pub password: Zeroizing<String>,
}

/// A sign-in that a client app vouches for.
#[derive(Debug, Clone)]
pub struct VouchedSignIn {
    /// The app's own name for the account.
    pub subject: String,
    /// The app's own name for the device.
    pub device: Option<String>,
    /// What the app wants told back.
    pub nonce: Option<String>,
}

impl VouchedSignIn {
    /// One that wants nothing told back.
    #[must_use]
    pub const fn new(subject: String, device: Option<String>) -> Self {
        Self { subject, device, nonce: None }
    }
}

/// An answer to the second question.
#[derive(Debug, Clone)]
pub struct CodeAnswer {
    /// Which way: `totp`, `email_code` or `recovery_code`.
    pub method: Method,
    /// Which authenticator; may be left out while there is only one.
    pub factor: Option<FactorId>,
    /// As typed: six ASCII digits, or a recovery code in any of its forms.
    pub code: Zeroizing<String>,
}

/// A proof within a session.
#[derive(Debug, Clone)]
pub enum Proof {
    /// The password again.
    Password(Zeroizing<String>),
    /// A code.
    Code(CodeAnswer),
}

/// An authenticator is asked for.
#[derive(Debug, Clone)]
pub struct BeginFactor {
    /// The holder's name for it, 1 to 64 characters.
    pub name: String,
    /// The password, where the session's own proof of it is no longer fresh.
    pub password: Option<Zeroizing<String>>,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The revision to go on from, from the last page's `next`.
    pub cursor: Option<u64>,
    /// Items at most, 1 to 200.
    pub limit: usize,
}

/// A part of a time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLine {
    /// The page.
    pub page: PageRequest,
    /// Only what is about this.
    pub kind: Option<EventKind>,
    /// In which order.
    pub order: Order,
}

/// Two revisions of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// The earlier one; the one right before the later one without it.
    pub since: Option<u64>,
    /// The later one.
    pub revision: u64,
}

/// A window of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
}

impl Window {
    /// How long a bucket is, in minutes, and how many there are.
    #[must_use]
    pub const fn buckets(self) -> (u32, usize) {
        match self {
            Self::Hour => (1, 60),
            Self::Day => (15, 96),
            Self::Week => (60, 168),
        }
    }
}

/// What of the log is followed.
#[derive(Debug, Clone)]
pub struct Follow {
    /// The roles that may.
    pub roles: Vec<Role>,
    /// The position to begin at; what comes from now on without one.
    pub from: Option<Position>,
    /// Only these types; all where there are none.
    pub types: Vec<String>,
    /// Only this account.
    pub account: Option<AccountId>,
    /// The ticket that it is for.
    pub ticket: Option<String>,
}

/// What of its accounts' events a client app follows.
#[derive(Debug, Clone, Default)]
pub struct FollowApp {
    /// The position to begin at; what comes from now on without one.
    pub from: Option<Position>,
    /// Only these types; all where there are none.
    pub types: Vec<String>,
    /// Only this account.
    pub account: Option<AccountRef>,
}

/// What support looks for, exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A login.
    Login(String),
    /// An e-mail address.
    Email(String),
}

/// Support ends a lockout.
#[derive(Debug, Clone)]
pub struct ResetLockout {
    /// What it clears.
    pub scope: ResetScope,
    /// Of which method; of all without one.
    pub method: Option<Method>,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The ticket, 1 to 64 characters.
    pub ticket: String,
}

/// Why support acts.
#[derive(Debug, Clone)]
pub struct Act {
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The ticket, 1 to 64 characters.
    pub ticket: String,
}

/// What support asked for and waits, as a path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Whose it is.
    pub account: AccountId,
    /// The event that asked for it.
    pub request: EventId,
    /// Whether it is about the address: by its own path alone.
    pub address: bool,
}

/// Support asks for a removal.
#[derive(Debug, Clone)]
pub struct AskRemoval {
    /// The authenticator; none where it is about the recovery codes alone.
    pub factor: Option<FactorId>,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away.
    pub in_person: bool,
    /// Why.
    pub act: Act,
}

/// Support asks for another address.
#[derive(Debug, Clone)]
pub struct AskAddressChange {
    /// The new one.
    pub email: String,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Why.
    pub act: Act,
}

/// As of when a state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After this revision.
    Revision(u64),
    /// After all that happened up to this time.
    At(jiff::Timestamp),
}

#[cfg(test)]
mod tests {
    use super::{Language, Net};

    fn read(sealed: &str) -> Option<Net> {
        serde_json::from_str(sealed).ok()
    }

    #[test]
    fn where_a_request_came_from_is_read_as_any_release_wrote_it() {
        let ip = "192.0.2.7".to_owned();
        let old = Net { ip, user_agent: Some("Firefox".to_owned()), language: None };
        let written = r#"{"ip":"192.0.2.7","user_agent":"Firefox"}"#;
        assert_eq!(read(written), Some(old.clone()));
        assert_eq!(serde_json::to_string(&old).unwrap(), written);
        let german = Net { language: Some(Language::German), ..old.clone() };
        let written = r#"{"ip":"192.0.2.7","user_agent":"Firefox","language":"de"}"#;
        assert_eq!(read(written), Some(german.clone()));
        assert_eq!(serde_json::to_string(&german).unwrap(), written);
        let later = r#"{"ip":"192.0.2.7","user_agent":"Firefox","language":"tlh"}"#;
        assert_eq!(read(later), Some(old));
        assert_eq!(read(r#"{"ip":"192.0.2.7","mood":"good"}"#), None);
    }
}
