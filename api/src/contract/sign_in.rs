//! Signing in: the first factor, the second, and the session at the end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::FactorId;
use super::kind::CodeMethod;
use super::secret::Secret;
use super::session::SessionGiven;

/// `POST /v1/sign-ins`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum SignInRequest {
    /// With a password.
    Password(PasswordSignIn),
    /// A client app has checked the password itself.
    Vouched(VouchedSignIn),
}

/// A sign-in with a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordSignIn {
    /// As typed.
    pub login: String,
    /// As typed.
    pub password: Secret,
}

/// A sign-in that a client app vouches for, with its API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VouchedSignIn {
    /// The app's own name for the account.
    pub subject: String,
    /// Always `vouched`.
    pub first_factor: FirstFactor,
    /// Where the person sits.
    pub context: Context,
    /// Stands in the assertion, 1 to 255 visible ASCII characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// How the first factor was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FirstFactor {
    /// The client app checked it itself.
    Vouched,
}

/// Where the person sits, as the client app saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The address, IPv4 or IPv6: the person's, never the app's own. Failures are counted by it.
    pub ip: String,
    /// The browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The app's own name of the device, up to 128 characters. Where the person has signed in there
    /// before, wrong codes from elsewhere take nothing from it: name what nobody else can bring
    /// along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// What a sign-in led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SignInOutcome {
    /// There is a session.
    Completed {
        /// The session.
        session: SessionGiven,
        /// To a client app that began the sign-in: who signed in and how sure that is, a JWT that
        /// it verifies with the keys at `/.well-known/jwks.json`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assertion: Option<Secret>,
    },
    /// A second factor is asked for.
    SecondFactorRequired {
        /// What to go on with: `POST /v1/sign-ins/{id}/answers`.
        id: Secret,
        /// How it can be answered.
        methods: Vec<MethodOffered>,
        /// When it dies.
        expires_at: Timestamp,
    },
    /// A new password is asked for.
    PasswordChangeRequired {
        /// What to go on with: `POST /v1/sign-ins/{id}/password`.
        id: Secret,
        /// When it dies.
        expires_at: Timestamp,
    },
    /// An authenticator is asked for: everybody must have one.
    EnrolmentRequired {
        /// What to go on with: `POST /v1/sign-ins/{id}/factors`.
        id: Secret,
        /// When it dies.
        expires_at: Timestamp,
    },
}

/// One way to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MethodOffered {
    /// The way.
    pub method: CodeMethod,
    /// The authenticator, for `totp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_id: Option<FactorId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The masked address, for `email_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// `POST /v1/sign-ins/{id}/answers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Which way.
    pub method: CodeMethod,
    /// Which authenticator, for `totp`: may be left out while `methods` offers only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_id: Option<FactorId>,
    /// Six ASCII digits, or a recovery code.
    pub code: Secret,
}
