//! Refusals: a business no, decided and, where it was a guess, recorded.

use jiff::{SignedDuration, Timestamp};

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
    StepUpRequired {
        /// What.
        missing: StepUp,
        /// How old that proof may be.
        max_age: SignedDuration,
    },
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
    WeakPassword(WeakPassword),
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

/// The rule that a new password breaks (SR-047, SR-049).
///
/// One reason for all that is known of the holder, so that whoever has but a link to a new password
/// does not learn which of it was guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It has too few code points.
    #[error("it needs at least {chars_min} characters")]
    TooShort {
        /// How many it needs.
        chars_min: usize,
    },
    /// It has too many bytes.
    #[error("it is longer than {bytes_max} bytes")]
    TooLong {
        /// How many it may have.
        bytes_max: usize,
    },
    /// It is in a list, with a few digits and signs around it or not.
    #[error("it is little more than one of the passwords that attackers try first")]
    Common,
    /// It is made of what is known of the holder or the service.
    #[error(
        "it is little more than your login, your address, your name or the name of this service"
    )]
    Personal,
    /// Nothing else is wrong with it, and it takes too few guesses.
    #[error("it is too easy to guess: make it longer, of words that do not belong together")]
    Guessable,
}

/// What proof is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUp {
    /// A fresh password.
    Password,
    /// A fresh code of an authenticator, or a recovery code.
    SecondFactor,
    /// The same, of another authenticator than the one that it is about.
    AnotherFactor,
}

/// How old a fresh proof may be, in seconds.
pub const FRESH_SECONDS: i64 = 300;
