//! Accounts: making one, and what it looks like.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::Removal;
use super::factor::Factor;
use super::id::AccountId;
use super::kind::{Lane, Method};
use super::recovery::Replacement;
use super::secret::Secret;

/// `POST /v1/accounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum RegisterRequest {
    /// A person registers.
    Person(RegisterPerson),
    /// A client app makes an account, with its API key.
    Subject(RegisterSubject),
}

/// A person registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterPerson {
    /// 3 to 64 characters; compared in a normal form.
    pub login: String,
    /// The address for codes and notices.
    pub email: String,
    /// At least 8 characters, at most 1024 bytes.
    pub password: Secret,
}

/// A client app makes an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterSubject {
    /// The app's own name for it, 1 to 128 characters.
    pub subject: String,
    /// The address for codes and notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the app has proven that address.
    #[serde(default)]
    pub email_verified: bool,
    /// What the phone shows beside the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// The account that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AccountCreated {
    /// Its id.
    pub account_id: AccountId,
}

/// An account, as its holder, a client app or support sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Account {
    /// Its id.
    pub account_id: AccountId,
    /// Its login: whole for the holder, masked for support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Its address, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_hint: Option<String>,
    /// Whether that address was proven.
    pub email_confirmed: bool,
    /// Whether a second factor is asked for at every sign-in.
    pub two_factor_enabled: bool,
    /// The authenticators in use.
    pub factors: Vec<Factor>,
    /// Recovery codes left.
    pub recovery_codes_left: u32,
    /// What must wait, and until when.
    pub locks: Vec<Lock>,
    /// Unresolved failures, by method.
    pub unresolved: Vec<Unresolved>,
    /// Sessions alive.
    pub sessions: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// The replacement of the authenticators that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    /// Until when address, authenticators and recovery codes stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// From when everybody must have a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required_from: Option<Timestamp>,
    /// Since when support has suspended it, if it has: nobody signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// Why the next sign-in asks for a new password, if it does; for support alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_demanded: Option<PasswordChange>,
    /// The removal of an authenticator that support asked for and that waits; for support alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The last revision of its stream.
    pub revision: u64,
}

/// Why the next sign-in asks for a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PasswordChange {
    /// The holder said that something was somebody else's doing.
    Repudiated,
    /// Whoever guessed so many codes knows the password.
    Guessed,
    /// Support forgave wrong codes, and whoever gave them knows the password.
    Unlocked,
}

/// A method, or a lane of it, that is refused unevaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Lock {
    /// Which.
    pub method: Method,
    /// From where.
    pub lane: Lane,
    /// Since when.
    pub since: Timestamp,
    /// Until when, as far as time alone ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// The rule that fired: `wait`, `lane-cap`, `hard-cap` or `guarded`.
    pub rule: String,
    /// The same in a sentence.
    pub explanation: String,
}

/// Unresolved failures of one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Unresolved {
    /// Which.
    pub method: Method,
    /// How many.
    pub count: u32,
}
