//! What a caller typed, compared.

use countersign_events::account::Method;
use countersign_events::id::FactorId;

use crate::domain::totp::Compared;

/// What comparing a typed code gave. Exactly one factor was compared (SR-017).
#[derive(Debug, Clone)]
pub enum Evidence {
    /// With an authenticator.
    Totp(Compared),
    /// With the live code by e-mail.
    EmailCode {
        /// Whether it is that code.
        right: bool,
    },
    /// With the recovery codes.
    RecoveryCode {
        /// The index of the one it is.
        index: Option<u32>,
    },
    /// There was nothing to compare with.
    Nothing {
        /// The method that was tried.
        method: Method,
        /// The authenticator that was named.
        factor: Option<FactorId>,
    },
}

impl Evidence {
    /// The method that was tried.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::EmailCode { .. } => Method::EmailCode,
            Self::RecoveryCode { .. } => Method::RecoveryCode,
            Self::Nothing { method, .. } => *method,
        }
    }

    /// The authenticator that was named.
    #[must_use]
    pub const fn factor(&self) -> Option<FactorId> {
        match self {
            Self::Totp(compared) => Some(compared.factor),
            Self::Nothing { factor, .. } => *factor,
            Self::EmailCode { .. } | Self::RecoveryCode { .. } => None,
        }
    }
}
