//! What the calls of OpenID Connect read of a request: others have laid down their form.

use actix_web::http::header::HeaderMap;
use countersign_core::accounts::Verdict;
use countersign_core::accounts::request::Call;
use countersign_core::domain::refusal::Refusal;
use countersign_events::actor::By;
use countersign_events::id::ClientId;
use zeroize::Zeroizing;

use super::Ask;
use crate::server::oidc::STATE_CHARS_MAX;
use crate::server::problem::{ProblemAnswer, faulted, refused};

impl Ask {
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.bearer.as_ref().map(|bearer| bearer.as_str())
    }

    /// The request as the core takes it, from a client app that said who it is.
    pub(crate) fn call_of_client(&self, client: ClientId) -> Call {
        self.call_with(By::Client { id: client }, Zeroizing::new(client.to_string()))
    }

    /// The answer or the refusal of a verdict: what a refusal means depends on the call.
    pub(crate) fn verdict_of<T>(
        &self,
        verdict: Verdict<T>,
    ) -> Result<Result<T, Refusal>, ProblemAnswer> {
        verdict.map_err(|fault| faulted(&fault, self.correlation))
    }

    /// What is well-formed and not acceptable.
    pub(crate) fn not_taken(&self, field: &'static str, why: &str) -> ProblemAnswer {
        self.refused(Refusal::Invalid { field, reason: why.to_owned() })
    }

    /// Checks what an app wants given back as it is.
    pub(crate) fn check_state(&self, state: Option<&str>) -> Result<(), ProblemAnswer> {
        match state {
            Some(state) if state.chars().count() > STATE_CHARS_MAX => {
                Err(self.not_taken("state", "512 characters at most"))
            }
            _ => Ok(()),
        }
    }

    /// A refusal, as the caller hears it.
    pub(crate) fn refused(&self, refusal: Refusal) -> ProblemAnswer {
        refused(refusal, self.edge.clock.now())
    }
}
