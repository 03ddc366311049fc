//! The small closed sets of the contract: methods, assurances, roles, scopes.

use serde::{Deserialize, Deserializer, Serialize, de};

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The first factor.
    Password,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A code sent by e-mail.
    EmailCode,
    /// One of the codes kept for the day the phone is lost.
    RecoveryCode,
}

/// From where guesses come, as limits look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// From anywhere.
    Unknown,
    /// From devices that the account knows.
    Known,
}

/// A way to answer for the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodeMethod {
    /// A code of an authenticator app: six digits.
    Totp,
    /// A code sent by e-mail: six digits.
    EmailCode,
    /// A recovery code, in any of its forms.
    RecoveryCode,
}

/// The kind of an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
}

/// How sure a session is of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Password alone.
    Password,
    /// Password and a code sent by e-mail: never called two factors.
    EmailCode,
    /// Password and an authenticator or a recovery code.
    TwoFactor,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look, unlock, ask for a removal.
    Support,
    /// The same, and approve what another asked for.
    Supervisor,
    /// Read the log.
    Auditor,
    /// Clients, operators, policy.
    Admin,
}

/// What a client app's key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Create accounts.
    #[serde(rename = "accounts:write")]
    AccountsWrite,
    /// Vouch for a password that the app checked itself, and carry the sign-in on.
    #[serde(rename = "sign-ins:vouch")]
    SignInsVouch,
    /// Begin and activate authenticators.
    #[serde(rename = "factors:write")]
    FactorsWrite,
    /// Read accounts and their histories.
    #[serde(rename = "history:read")]
    HistoryRead,
    /// Follow the events of its accounts.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Read the log's bytes: checkpoints, tiles and entries, of all accounts.
    #[serde(rename = "log:read")]
    LogRead,
}

/// The text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown scope: there are accounts:write, sign-ins:vouch, factors:write, history:read, \
     events:read and log:read"
)]
pub struct UnknownScope;

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AccountsWrite,
        Self::SignInsVouch,
        Self::FactorsWrite,
        Self::HistoryRead,
        Self::EventsRead,
        Self::LogRead,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountsWrite => "accounts:write",
            Self::SignInsVouch => "sign-ins:vouch",
            Self::FactorsWrite => "factors:write",
            Self::HistoryRead => "history:read",
            Self::EventsRead => "events:read",
            Self::LogRead => "log:read",
        }
    }

    /// Reads its name.
    ///
    /// # Errors
    /// [`UnknownScope`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// What a lockout reset clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResetScope {
    /// The waiting alone, and what was counted of passwords.
    CoolDown,
    /// The waiting and the failures counted. Of codes only together with the end of the password:
    /// the holder is sent a link to a new one, to an address that was proven.
    Counters,
}
