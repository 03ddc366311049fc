//! What the holder lets a client app know: who is signed in, told once for a grant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Assurance, is_false};
use crate::id::{ClientId, HandleHash, Hash32};

/// The holder let a client app know who is signed in: its grant (the authorization code of RFC
/// 6749) went back to the app by way of the browser. Sealed `pii`: `{redirect_uri, nonce?, scope}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantIssued {
    /// The hash of the grant.
    pub grant: HandleHash,
    /// Which app.
    pub client: ClientId,
    /// The session that it speaks for.
    pub session: HandleHash,
    /// SHA-256 of what the app must bring along to redeem it (RFC 7636, `S256`).
    pub challenge: Hash32,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// The client app redeemed a grant: it was told who is signed in, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRedeemed {
    /// The grant.
    pub grant: HandleHash,
    /// The hash of the token by which the app may ask again who that is.
    pub token: HandleHash,
    /// When that token dies.
    pub expires_at: Timestamp,
    /// How sure the session was.
    pub assurance: Assurance,
    /// How it was proven.
    pub amr: Vec<String>,
    /// When its holder had signed in.
    pub auth_time: Timestamp,
    /// Whether the token is a pass instead: the browser holds it, and a host that the browser went
    /// back to asks here by it whom to let in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub passes: bool,
}

/// Why a grant was voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantVoidedWhy {
    /// It came a second time.
    Reused,
    /// It came without what belongs to it: another verifier, or another way back.
    Mismatched,
}

/// A grant was voided, and with it the token that it led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantVoided {
    /// The grant.
    pub grant: HandleHash,
    /// Why.
    pub why: GrantVoidedWhy,
}
