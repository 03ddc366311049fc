//! OpenID Connect: what the portal's page asks, and what an app is told (OpenID Connect Core 1.0).
//!
//! The names of fields and values in here are those of the standards.

use serde::{Deserialize, Serialize};

use super::id::AccountId;
use super::secret::Secret;

/// Where an app finds everything else: `GET` it.
pub const CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
/// Where the keys are that an app verifies with.
pub const KEYS_PATH: &str = "/.well-known/jwks.json";
/// The page that a browser is sent to for a sign-in.
pub const AUTHORIZE_PATH: &str = "/oidc/authorize";
/// The page that a browser is sent to for signing out.
pub const END_SESSION_PATH: &str = "/oidc/end-session";
/// Where an app redeems its grant.
pub const TOKEN_PATH: &str = "/v1/oidc/token";
/// Where an app asks who it is.
pub const USERINFO_PATH: &str = "/v1/oidc/userinfo";

/// `POST /v1/oidc/authorizations`: the parameters with which an app sent the browser, as they
/// stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Authorize {
    /// The app's id.
    pub client_id: String,
    /// Where to the browser goes back: one of the app's addresses, byte for byte.
    pub redirect_uri: String,
    /// `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// `openid`, and with it `profile` and `email`; others are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Given back as it is, up to 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Stands in the ID token, 1 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// SHA-256 of the verifier, base64url (RFC 7636). Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// `S256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<String>,
    /// How sure the session must be: any of these, with blanks between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// How many seconds ago the holder may have signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// `none`: every answer is a `redirect`; `login`, `select_account`: have the holder sign in
    /// anew; `consent`: ask the holder first. The page leaves out what has been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<String>,
    /// Not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_uri: Option<String>,
    /// Whether the holder does not want to go on to the app, which is told so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub declined: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What is to be done with the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Authorized {
    /// Send it there: back to the app, with a grant or with why there is none.
    Redirect {
        /// The app's name.
        app: String,
        /// Where to.
        location: Secret,
    },
    /// The holder signs in first, or anew.
    SignInRequired {
        /// The app's name.
        app: String,
    },
    /// The holder enables an authenticator first.
    SecondFactorRequired {
        /// The app's name.
        app: String,
    },
    /// The holder agrees first.
    ConsentRequired {
        /// The app's name.
        app: String,
    },
}

/// `POST /v1/oidc/token`, as a form (RFC 6749, 4.1.3; RFC 7636, 4.5). The app says who it is by its
/// id and one of its API keys, in an `Authorization: Basic` header or in the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RedeemGrant {
    /// `authorization_code`.
    pub grant_type: String,
    /// The grant.
    pub code: Secret,
    /// Where to the browser went back.
    pub redirect_uri: String,
    /// What the challenge was made of, 43 to 128 characters.
    pub code_verifier: Secret,
    /// The app's id, where no header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its API key, where no header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
}

/// A grant was redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct GrantRedeemed {
    /// Good for `/v1/oidc/userinfo` and nothing else.
    pub access_token: Secret,
    /// `Bearer`.
    pub token_type: String,
    /// For how long, in seconds.
    pub expires_in: u64,
    /// Who signed in: a JWT, signed with one of the keys at `/.well-known/jwks.json`.
    pub id_token: Secret,
    /// What of the scope is known.
    pub scope: String,
}

/// Why a grant was not redeemed (RFC 6749, 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct GrantRefused {
    /// `invalid_request`, `invalid_client`, `invalid_grant` or `unsupported_grant_type`.
    pub error: String,
    /// For people.
    pub error_description: String,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct UserInfo {
    /// The account.
    pub sub: AccountId,
    /// The login, for the scope `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The address, for the scope `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether it was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}

/// `POST /v1/oidc/session-ends`: the parameters with which an app sent the browser, as they stand
/// (OpenID Connect RP-Initiated Logout 1.0).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EndSession {
    /// An ID token that the app was given, good or not any more: says which app it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<Secret>,
    /// The app's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Where to the browser goes back: one of the app's addresses for it, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uri: Option<String>,
    /// Given back as it is, up to 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The session is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionEnded {
    /// The app's name, where one asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Where to the browser goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The keys that an app verifies with (JWK Set, RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Keys {
    /// Of the period before, of this one and of the next.
    pub keys: Vec<Key>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Key {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// The point's first coordinate, base64url.
    pub x: String,
    /// Its second.
    pub y: String,
    /// The key's name.
    pub kid: String,
    /// `ES256`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub used_for: String,
}

/// What an app needs to know (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Configuration {
    /// Who signs: the public URL.
    pub issuer: String,
    /// Where a browser is sent to for a sign-in.
    pub authorization_endpoint: String,
    /// Where a grant is redeemed.
    pub token_endpoint: String,
    /// Where an app asks who it is.
    pub userinfo_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where a browser is sent to for signing out.
    pub end_session_endpoint: String,
    /// `code`.
    pub response_types_supported: Vec<String>,
    /// `query`.
    pub response_modes_supported: Vec<String>,
    /// `authorization_code`.
    pub grant_types_supported: Vec<String>,
    /// `public`: everybody's `sub` is the same for all apps.
    pub subject_types_supported: Vec<String>,
    /// `ES256`.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// How an app says who it is.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// `S256`.
    pub code_challenge_methods_supported: Vec<String>,
    /// What can be asked for.
    pub scopes_supported: Vec<String>,
    /// What is told.
    pub claims_supported: Vec<String>,
    /// How sure a session can be.
    pub acr_values_supported: Vec<String>,
    /// What `prompt` can be.
    pub prompt_values_supported: Vec<String>,
    /// No claims by name.
    pub claims_parameter_supported: bool,
    /// No request objects.
    pub request_parameter_supported: bool,
    /// Nor by reference.
    pub request_uri_parameter_supported: bool,
    /// `iss` stands beside every grant (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
}
