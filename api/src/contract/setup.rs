//! The first password of an operator.

use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// `POST /v1/setup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The one-time token that `operator add` printed.
    pub setup_token: Secret,
    /// The password to sign in with from now on.
    pub password: Secret,
}
