//! What a call can end with instead of an answer.

use std::time::Duration;

use crate::contract::problem::{Problem, ProblemCode};

/// A call that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused, and says why.
    #[error("{}", describe(problem))]
    Problem {
        /// The problem: status, code, title, detail.
        problem: Box<Problem>,
        /// How long to wait before the next try, from `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The server did not hear the call, or its answer was lost.
    #[error("the server cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Something answered that does not speak this contract.
    #[error("not an answer of this contract (status {status}): {reason}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// What did not fit.
        reason: String,
    },
    /// The base URL is none.
    #[error("not a base URL: {0}")]
    BaseUrl(String),
}

impl ClientError {
    /// The problem's code, if the server gave a problem.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem { problem, .. } => Some(problem.code),
            _ => None,
        }
    }

    /// The problem, if the server gave one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

fn describe(problem: &Problem) -> String {
    let code = problem.code.text();
    match &problem.detail {
        Some(detail) => format!("{code}: {detail}"),
        None => format!("{code}: {}", problem.title),
    }
}
