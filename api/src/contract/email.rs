//! The address: proving it with a code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// `POST /v1/accounts/me/email/confirm`: without a code one is sent, with a code it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// The six digits from the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
}

/// `POST /v1/accounts/me/email`: a code goes to the new address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// The new address.
    pub email: String,
    /// The password, where there is no second factor and the session's own proof is not fresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// A code is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EmailCodePromised {
    /// The masked address.
    pub hint: String,
    /// From when another may be asked for.
    pub resend_at: Timestamp,
    /// When this one dies.
    pub expires_at: Timestamp,
}

/// How far a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It has not left yet: it is about to, or the mail server does not take it now.
    Waiting,
    /// The mail server has it.
    Sent,
    /// It was given up.
    Undeliverable,
}

/// A code that is on its way, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EmailCodeUnderWay {
    /// The masked address.
    pub hint: String,
    /// From when another may be asked for.
    pub resend_at: Timestamp,
    /// When this one dies.
    pub expires_at: Timestamp,
    /// How far the mail is.
    pub mail: MailState,
}

/// The address was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EmailConfirmed {
    /// Always true.
    pub email_confirmed: bool,
}
