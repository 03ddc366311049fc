//! Why a request stopped, inside an actor.

use crate::accounts::{Fault, Verdict};
use crate::domain::refusal::Refusal;
use crate::entropy::NoEntropy;
use crate::vault::VaultError;

/// A refusal, a fault, or a conflict that the actor settles by itself.
///
/// The two kinds of "no" share a type only in here, so that `?` can carry either out of a request;
/// [`settle`] parts them again.
#[derive(Debug)]
pub enum Halt {
    /// A business no.
    Refusal(Refusal),
    /// Could not.
    Fault(Fault),
    /// Another node or a successor was faster: decide again.
    Conflict,
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl<F: Into<Fault>> From<F> for Halt {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Damaged(_) => Self::FailsClosed(error.to_string()),
            VaultError::Unavailable(_) | VaultError::NoEntropy(_) | VaultError::Busy => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

const _: fn(NoEntropy) -> Fault = Fault::from;

/// Parts refusals from faults; `None` is a conflict.
pub(super) fn settle<T>(result: Result<T, Halt>) -> Option<Verdict<T>> {
    match result {
        Ok(answer) => Some(Ok(Ok(answer))),
        Err(Halt::Refusal(refusal)) => Some(Ok(Err(refusal))),
        Err(Halt::Fault(fault)) => Some(Err(fault)),
        Err(Halt::Conflict) => None,
    }
}
