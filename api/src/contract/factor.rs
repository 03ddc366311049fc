//! Authenticators: offering one, activating it, renaming it; and recovery codes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::FactorId;
use super::kind::FactorKind;
use super::secret::Secret;
use super::session::SessionGiven;

/// `POST /v1/accounts/{account}/factors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BeginFactor {
    /// Always `totp`.
    pub kind: FactorKind,
    /// The holder's name for it, 1 to 64 characters.
    pub name: String,
    /// The password, where the session's own proof of it is older than five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// `POST /v1/sign-ins/{id}/factors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DemandedFactor {
    /// Always `totp`.
    pub kind: FactorKind,
    /// The holder's name for it, 1 to 64 characters.
    pub name: String,
}

/// An authenticator that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FactorOffered {
    /// Its id.
    pub factor_id: FactorId,
    /// The secret, base32 without padding.
    pub secret: Secret,
    /// The `otpauth://totp/…` URI.
    pub otpauth_uri: Secret,
    /// The QR code of that URI, an SVG document.
    pub qr_svg: Secret,
    /// When the offer lapses.
    pub expires_at: Timestamp,
}

/// `POST /v1/accounts/{account}/factors/{factor}/activate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivateFactor {
    /// The six digits that the app shows.
    pub code: Secret,
}

/// An authenticator in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Factor {
    /// Its id.
    pub factor_id: FactorId,
    /// Its kind.
    pub kind: FactorKind,
    /// The holder's name for it.
    pub name: String,
    /// When it was enabled.
    pub enabled_at: Timestamp,
    /// When a code of it was last accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// How far the clock of its phone is from the server's by its last code, in seconds: negative
    /// for one that is slow. Whole time steps of 30, of which one can be a code typed late. For the
    /// holder in a session and for support alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_seconds: Option<i64>,
    /// Whether that code was refused for it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clock_refused: bool,
    /// The same in a sentence: `codes about 90 s slow: refused until …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_explanation: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What an activation led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Activated {
    /// The authenticator.
    pub factor: Factor,
    /// Ten recovery codes, with the first authenticator: told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<Secret>>,
    /// The session, lifted to two factors; none when a client app asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionGiven>,
    /// As at the end of any sign-in that a client app began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Secret>,
}

/// `POST /v1/accounts/{account}/factors/{factor}/resync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResyncFactor {
    /// Two codes of six digits, in the order in which the app showed them, one right after the
    /// other.
    #[cfg_attr(feature = "server", schema(min_items = 2, max_items = 2))]
    pub codes: Vec<Secret>,
}

/// `PATCH /v1/accounts/{account}/factors/{factor}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameFactor {
    /// The new name, 1 to 64 characters.
    pub name: String,
}

/// A new set of recovery codes; the old one is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Told once.
    pub recovery_codes: Vec<Secret>,
}
