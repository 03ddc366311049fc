//! Sessions, and the devices that they began at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Assurance, SignInOpened, is_false};
use crate::id::{HandleHash, Revision};

/// A session that an event starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionOpened {
    /// The hash of its token.
    pub session: HandleHash,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven (RFC 8176 and our own URNs).
    pub amr: Vec<String>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The session that it takes the place of: that token is dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<HandleHash>,
    /// The device that is known from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceRemembered>,
    /// Where an earlier entry of the stream began the sign-in on the word of a client app: that
    /// entry. The app is told of the session by an assertion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched_in: Option<Revision>,
}

/// A client app vouched for a password that it checked itself. Sealed `net`; sealed `pii`:
/// `{nonce}`, where the app wants one told back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstFactorVouched {
    /// The sign-in that goes on with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInOpened>,
    /// The session that starts, where no second factor is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOpened>,
    /// A keyed hash of the device that the app named: known once all is proven there. It keeps this
    /// hash, so that nothing is forgiven at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<HandleHash>,
}

/// A device at which all was proven that the account asks for. It grants nothing but a lane of its
/// own for guesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRemembered {
    /// The hash of what it holds from now on.
    pub device: HandleHash,
    /// Until when it is known, unless somebody signs in there again.
    pub expires_at: Timestamp,
    /// The hash of what it held before: that is known no more, and what was wrong there is
    /// forgiven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<HandleHash>,
}

/// A session was used: recorded at most once in five minutes, so that idleness survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionUsed {
    /// The session.
    pub session: HandleHash,
}

/// Why sessions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndedWhy {
    /// The holder signed out.
    SignedOut,
    /// The holder ended it from another session.
    Revoked,
    /// A factor was added or removed.
    FactorChanged,
    /// There were too many: the oldest went.
    TooMany,
    /// The password was set anew.
    PasswordChanged,
    /// The holder said that something was somebody else's doing.
    Repudiated,
    /// Support ended them, and with them every sign-in in progress. Sealed `pii`: `{reason,
    /// ticket}`, where this was the act itself.
    Support,
    /// The role of an operator was taken away, or is given back.
    RoleChanged,
    /// Support had the address changed.
    AddressChanged,
}

/// Sessions ended before their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsEnded {
    /// Which.
    pub sessions: Vec<HandleHash>,
    /// Why.
    pub why: SessionEndedWhy,
    /// Whether the holder is told.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_holder: bool,
}

impl SessionsEnded {
    /// Ones of which the holder is told nothing by mail.
    #[must_use]
    pub const fn new(sessions: Vec<HandleHash>, why: SessionEndedWhy) -> Self {
        Self { sessions, why, tells_holder: false }
    }
}

/// Devices are known no more; the sessions that began there ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesForgotten {
    /// Which.
    pub devices: Vec<HandleHash>,
}
