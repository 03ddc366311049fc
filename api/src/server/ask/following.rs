//! What a request for a stream of events brings along.

use actix_web::http::Method;
use countersign_core::handle::ApiKey;
use countersign_events::id::{CorrelationId, Position};
use countersign_events::operator::Role;

use super::Ask;
use crate::contract::log::LAST_EVENT_ID;
use crate::server::answers;
use crate::server::auth::Auth;
use crate::server::problem::ProblemAnswer;

impl Ask {
    /// Whether only the head of the answer is asked for.
    pub(crate) fn is_head(&self) -> bool {
        *self.request.method() == Method::HEAD
    }

    /// The position right after the one that was seen last, where one was.
    pub(crate) fn last_event_id(&self) -> Result<Option<Position>, ProblemAnswer> {
        let malformed = || ProblemAnswer::invalid("Last-Event-ID is one position in digits");
        let mut lines = self.request.headers().get_all(LAST_EVENT_ID);
        let line = match (lines.next(), lines.next()) {
            (None, _) => return Ok(None),
            (Some(line), None) => line,
            (Some(_), Some(_)) => return Err(malformed()),
        };
        let text = line.to_str().unwrap_or_default();
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seen: Option<u64> = text.parse().ok().filter(|_| is_digits);
        let next = seen.and_then(|seen| seen.checked_add(1)).ok_or_else(malformed)?;
        Ok(Some(Position::new(next)))
    }

    /// The roles that this route wants, in the core's words.
    pub(crate) fn roles(&self) -> Vec<Role> {
        match self.row.auth {
            Auth::Operator(roles) => roles.iter().copied().map(answers::core_role).collect(),
            _ => vec![],
        }
    }

    /// The API key that the bearer must be; whether it is good, the core says.
    pub(crate) fn api_key(&self) -> Result<ApiKey, ProblemAnswer> {
        let bearer = self.bearer.as_ref().ok_or_else(ProblemAnswer::unauthenticated)?;
        ApiKey::parse(bearer).map_err(|_| ProblemAnswer::unauthenticated())
    }

    /// The request's id.
    pub(crate) fn correlation(&self) -> CorrelationId {
        self.correlation
    }
}
