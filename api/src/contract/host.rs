//! Hosts that ask here whom to let in (forward-auth).

use serde::{Deserialize, Serialize};

use super::kind::Assurance;
use super::secret::Secret;

/// Where a browser is led from a host, on that host.
pub const SIGN_IN_PATH: &str = "/.countersign/sign-in";
/// The account that passes.
pub const ACCOUNT_HEADER: &str = "x-countersign-account";
/// How sure its session is: `password`, `email_code` or `two_factor`.
pub const ASSURANCE_HEADER: &str = "x-countersign-assurance";
/// What a browser holds at a host that asks here whom to let in.
pub const PASS_COOKIE: &str = "__Host-cs_fa";
/// What it holds there until it comes back.
pub const SIGN_IN_COOKIE: &str = "__Host-cs_fa_txn";
/// For how long, in seconds.
pub const SIGN_IN_SECONDS: i64 = 600;

/// What `GET /v1/forward-auth` asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ForwardAuthQuery {
    /// How sure the session must be; `two_factor` is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Assurance>,
}

/// What `GET /.countersign/sign-in` is led with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SignInQuery {
    /// The path to go back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How sure the session must be; `two_factor` is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Assurance>,
}

/// What a browser comes back with (RFC 6749, 4.1.2): whatever else there is, is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
pub struct CallbackQuery {
    /// The grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub code: Option<Secret>,
    /// What it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why there is no grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
