//! What can be asked of accounts: the one door through which the server enters the core.
//!
//! Every method finds the account's actor, hands it the request and waits for its answer. An
//! answer is a [`Verdict`]: `Ok(Ok(_))` yes, `Ok(Err(Refusal))` a business no that was decided,
//! `Err(Fault)` could not: nothing was decided, and the caller hears no verdict.
//!
//! **Architecture Invariant:** no answer of this module leaves before what it tells is durable.

pub mod answer;
pub mod request;

use crate::domain::refusal::Refusal;

/// Could not: no verdict was reached, or none that may be told.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The log, the vault or a queue does not take the request now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The account's stream or secrets do not fit together; `doctor` names the repair.
    #[error("account fails closed: {0}")]
    FailsClosed(String),
    /// Something that must hold does not.
    #[error("internal: {0}")]
    Internal(String),
}

/// A decided answer, or a fault without one.
pub type Verdict<T> = Result<Result<T, Refusal>, Fault>;
