//! A call that takes one body of a person and another of a client app.

use super::Ask;
use crate::contract::problem::ProblemCode;
use crate::server::json;
use crate::server::problem::ProblemAnswer;

impl Ask {
    /// Of the two bodies the one that whoever asks may send: the one with `persons` comes without a
    /// bearer, the one with `apps` from a client app. What is neither is for its reader to refuse.
    pub(crate) fn body_is_its_own(&self, persons: &str, apps: &str) -> Result<(), ProblemAnswer> {
        let Ok(keys) = json::top_level_keys(&self.body) else { return Ok(()) };
        if self.has_bearer() && keys.contains(persons) {
            let detail = format!("a client app names its accounts by `{apps}`");
            return Err(ProblemAnswer::detailed(ProblemCode::Forbidden, detail));
        }
        if !self.has_bearer() && keys.contains(apps) {
            return Err(ProblemAnswer::unauthenticated());
        }
        Ok(())
    }
}
