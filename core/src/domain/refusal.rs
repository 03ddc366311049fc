//! Refusals: a business no, decided and, where it was a guess, recorded.

use jiff::Timestamp;

/// Why a request was refused. At the sign-in, several of these look the same to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A proof was wrong, used, expired or for nothing: one class, one sentence.
    #[error("authentication failed")]
    AuthenticationFailed,
    /// The method must wait; nothing was evaluated or counted.
    #[error("too many requests until {retry_at}")]
    TooManyRequests {
        /// From when it is evaluated again.
        retry_at: Timestamp,
    },
    /// The session is unknown, over or ended.
    #[error("no such session")]
    NoSession,
    /// The session must prove more, or again (RFC 9470).
    #[error("step-up required")]
    StepUpRequired(StepUp),
    /// Whoever asks may not do this.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// After a way around a proof was used, this must wait.
    #[error("held until {until}")]
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// There is no such thing, for somebody who may know.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The login or subject belongs to another account.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The password breaks a rule.
    #[error("password refused: {0}")]
    WeakPassword(String),
    /// The new password is the present one.
    #[error("the password is the present one")]
    PasswordUnchanged,
    /// A field is well-formed JSON and not acceptable.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Why.
        reason: String,
    },
    /// What is asked does not fit the account's state.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The idempotency key was used with another body.
    #[error("idempotency key reused with another body")]
    IdempotencyKeyReused,
}

/// What proof is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUp {
    /// A fresh password.
    Password,
    /// A fresh code of an authenticator, or a recovery code.
    SecondFactor,
}

/// How old a fresh proof may be, in seconds.
pub const FRESH_SECONDS: i64 = 300;
