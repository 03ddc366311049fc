//! Where a [`Refusal`] and a [`Fault`] meet: both become a problem here, and nowhere else.
//!
//! Everything that fails a proof is one class with one sentence (SR-075). At the sign-in the class
//! is wider still: whatever is wrong with a sign-in in progress looks like a wrong code
//! ([`refused_proof`]). A fault is logged here, once, and tells the caller nothing but that no
//! verdict was given.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use countersign_core::accounts::{Fault, WHICH_FACTOR};
use countersign_core::domain::refusal::{Refusal, StepUp, WeakPassword};
use countersign_events::id::CorrelationId;
use jiff::{SignedDuration, Timestamp};

use super::middleware::security;
use super::routes::declared::Cache;
use crate::contract::problem::{
    ACR_PASSWORD, ACR_TWO_FACTOR, PROBLEM_MEDIA_TYPE, PROOF_FAILED, Problem, ProblemCode,
    WeakPasswordReason,
};

/// Why something must wait.
const HELD: &str = "the password was set anew by mail, or an authenticator replaced: address, \
                    authenticators and recovery codes stay as they are for a while";
/// What a step-up does not say by its class.
const ANOTHER_FACTOR: &str = "prove it by another authenticator, or a recovery code";
/// When a caller may come back after `unavailable`.
const UNAVAILABLE_RETRY_SECONDS: u64 = 2;
/// The scheme of every token.
const BEARER: &str = "Bearer";

/// A problem and the headers that go with it.
#[derive(Debug, Clone)]
pub(crate) struct ProblemAnswer {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, String)>,
    /// Set where no middleware stands between this answer and the caller.
    bare: Option<CorrelationId>,
}

impl ProblemAnswer {
    /// A problem of this code with nothing special to say.
    pub(crate) fn new(code: ProblemCode) -> Self {
        Self::of(Problem::new(code))
    }

    /// The same with a detail for people.
    pub(crate) fn detailed(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::of(Problem::new(code).with_detail(detail))
    }

    /// Not well-formed.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::detailed(ProblemCode::InvalidRequest, detail)
    }

    /// No token, or one that is no token of this kind.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(ProblemCode::Unauthenticated)
    }

    /// An access token that is not good (RFC 6750, 3.1).
    pub(crate) fn invalid_token() -> Self {
        let challenge = format!("{BEARER} error=\"invalid_token\"");
        Self::unauthenticated().with_header(WWW_AUTHENTICATE, challenge)
    }

    /// The path is right, the method is not.
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::new(ProblemCode::MethodNotAllowed).with_header(ALLOW, allowed)
    }

    /// Answers outside of the middleware: brings along every header that it would have set.
    pub(crate) fn bare(mut self, request: CorrelationId) -> Self {
        self.bare = Some(request);
        self
    }

    /// What it says.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    fn of(problem: Problem) -> Self {
        let headers = match problem.code {
            ProblemCode::AuthenticationFailed | ProblemCode::Unauthenticated => {
                vec![(WWW_AUTHENTICATE, BEARER.to_owned())]
            }
            ProblemCode::Unavailable => {
                vec![(RETRY_AFTER, UNAVAILABLE_RETRY_SECONDS.to_string())]
            }
            _ => Vec::new(),
        };
        Self { problem: Box::new(problem), headers, bare: None }
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl std::fmt::Display for ProblemAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.problem.code.text())
    }
}

impl ResponseError for ProblemAnswer {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            answer.insert_header((name.clone(), value.as_str()));
        }
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut answer = answer.insert_header((CONTENT_TYPE, PROBLEM_MEDIA_TYPE)).body(body);
        if let Some(request) = self.bare {
            let (page, cache) = (security::Page::Api, Cache::NoStore);
            security::apply(answer.headers_mut(), page, cache, request);
        }
        answer
    }
}

/// A refusal, as the caller hears it.
pub(crate) fn refused(refusal: Refusal, now: Timestamp) -> ProblemAnswer {
    use ProblemCode as Code;
    match refusal {
        Refusal::AuthenticationFailed => {
            ProblemAnswer::detailed(Code::AuthenticationFailed, PROOF_FAILED)
        }
        Refusal::TooManyRequests { retry_at } => too_many_requests(retry_at, now),
        Refusal::NoSession => ProblemAnswer::unauthenticated(),
        Refusal::StepUpRequired { missing, max_age } => step_up(missing, max_age),
        Refusal::Forbidden(why) => ProblemAnswer::detailed(Code::Forbidden, why),
        Refusal::Held { until } => {
            let mut problem = Problem::new(Code::Held).with_detail(HELD);
            problem.until = Some(until);
            ProblemAnswer::of(problem)
        }
        Refusal::NotFound(what) => {
            ProblemAnswer::detailed(Code::NotFound, format!("there is no such {what}"))
        }
        Refusal::Taken(what) => with_field(Code::Taken, what, format!("this {what} is taken")),
        Refusal::WeakPassword(why) => weak_password(why),
        Refusal::PasswordUnchanged => {
            let detail = "choose another password than the present one";
            with_field(Code::PasswordUnchanged, "password", detail)
        }
        Refusal::Invalid { field, reason } => with_field(Code::FieldRefused, field, reason),
        Refusal::Conflict(why) => ProblemAnswer::detailed(Code::Conflict, why),
        Refusal::IdempotencyKeyReused => ProblemAnswer::detailed(
            Code::IdempotencyKeyReused,
            "this Idempotency-Key was used with another body",
        ),
    }
}

/// A refusal at the sign-in: nothing tells what was wrong, or whether there is such an account.
/// That an answer must name one of several authenticators is said, as the sign-in itself has said
/// by naming them, before the code is looked at.
pub(crate) fn refused_proof(refusal: Refusal, now: Timestamp) -> ProblemAnswer {
    match refusal {
        Refusal::TooManyRequests { .. }
        | Refusal::IdempotencyKeyReused
        | Refusal::Invalid { field: WHICH_FACTOR, .. } => refused(refusal, now),
        _ => refused(Refusal::AuthenticationFailed, now),
    }
}

/// A fault, logged, as the caller hears it: no verdict was given.
pub(crate) fn faulted(fault: &Fault, request: CorrelationId) -> ProblemAnswer {
    tracing::error!(target: "countersign::fault", request = %request, error = %fault, "no verdict");
    match fault {
        Fault::Unavailable(_) | Fault::FailsClosed(_) => {
            ProblemAnswer::new(ProblemCode::Unavailable)
        }
        Fault::Internal(_) => ProblemAnswer::new(ProblemCode::Internal),
    }
}

fn with_field(code: ProblemCode, field: &str, detail: impl Into<String>) -> ProblemAnswer {
    let mut problem = Problem::new(code).with_detail(detail);
    problem.field = Some(field.to_owned());
    ProblemAnswer::of(problem)
}

fn weak_password(why: WeakPassword) -> ProblemAnswer {
    let mut problem = Problem::new(ProblemCode::WeakPassword).with_detail(why.to_string());
    problem.field = Some("password".to_owned());
    problem.reason = Some(match why {
        WeakPassword::TooShort { .. } => WeakPasswordReason::TooShort,
        WeakPassword::TooLong { .. } => WeakPasswordReason::TooLong,
        WeakPassword::Common => WeakPasswordReason::Common,
        WeakPassword::Personal => WeakPasswordReason::Personal,
        WeakPassword::Guessable => WeakPasswordReason::Guessable,
    });
    ProblemAnswer::of(problem)
}

fn too_many_requests(retry_at: Timestamp, now: Timestamp) -> ProblemAnswer {
    let mut problem = Problem::new(ProblemCode::TooManyRequests);
    problem.retry_at = Some(retry_at);
    let wait_millis = retry_at.as_millisecond().saturating_sub(now.as_millisecond());
    let seconds = u64::try_from(wait_millis).unwrap_or(0).div_ceil(1000).max(1);
    ProblemAnswer::of(problem).with_header(RETRY_AFTER, seconds.to_string())
}

/// RFC 9470: what must be proven, and how fresh.
fn step_up(missing: StepUp, max_age: SignedDuration) -> ProblemAnswer {
    let acr = match missing {
        StepUp::Password => ACR_PASSWORD,
        StepUp::SecondFactor | StepUp::AnotherFactor => ACR_TWO_FACTOR,
    };
    let mut problem = Problem::new(ProblemCode::StepUpRequired);
    if missing == StepUp::AnotherFactor {
        problem = problem.with_detail(ANOTHER_FACTOR);
    }
    problem.acr_values = Some(acr.to_owned());
    let max_age = u32::try_from(max_age.as_secs()).unwrap_or(0);
    problem.max_age = Some(max_age);
    let challenge = format!(
        "{BEARER} error=\"insufficient_user_authentication\", \
         acr_values=\"{acr}\", max_age={max_age}"
    );
    ProblemAnswer::of(problem).with_header(WWW_AUTHENTICATE, challenge)
}

/// Sets a header whose value is known to be fine.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn step_up_required(seconds: i64) -> Refusal {
        let max_age = SignedDuration::from_secs(seconds);
        Refusal::StepUpRequired { missing: StepUp::SecondFactor, max_age }
    }

    /// SR-075: at the sign-in, every refusal of a proof is the same answer, byte for byte.
    #[actix_web::test]
    async fn sr_075_every_failed_proof_is_one_answer() {
        let mut seen = Vec::new();
        for refusal in [
            Refusal::AuthenticationFailed,
            Refusal::NoSession,
            Refusal::NotFound("account"),
            Refusal::Forbidden("disabled"),
            Refusal::Conflict("not set up"),
            step_up_required(300),
            Refusal::Invalid { field: "login", reason: "too long".into() },
        ] {
            let answer = refused_proof(refusal, at(0)).error_response();
            let headers = format!("{:?}", answer.headers());
            let status = answer.status();
            let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
            seen.push((status, headers, body));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        assert_eq!(seen[0].0, 401);
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        let retry_at = Timestamp::from_millisecond(10_001).unwrap();
        let answer = refused(Refusal::TooManyRequests { retry_at }, at(0)).error_response();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers().get("Retry-After").unwrap(), "11");
        let past = refused(Refusal::TooManyRequests { retry_at }, at(60)).error_response();
        assert_eq!(past.headers().get("Retry-After").unwrap(), "1");
    }

    /// SR-049: why a password was refused is told to people and to programs.
    #[actix_web::test]
    async fn sr_049_a_weak_password_is_refused_with_a_reason() {
        for (why, reason) in [
            (WeakPassword::TooShort { chars_min: 8 }, "too_short"),
            (WeakPassword::TooLong { bytes_max: 1024 }, "too_long"),
            (WeakPassword::Common, "common"),
            (WeakPassword::Personal, "personal"),
            (WeakPassword::Guessable, "guessable"),
        ] {
            let answer = refused(Refusal::WeakPassword(why), at(0)).error_response();
            assert_eq!(answer.status(), 422);
            let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let told = ["code", "field", "reason", "detail"].map(|key| body[key].as_str());
            let detail = why.to_string();
            let wanted = ["weak-password", "password", reason, &detail].map(Some);
            assert_eq!(told, wanted);
        }
    }

    /// SR-079: a step-up is signalled as RFC 9470 says.
    #[test]
    fn sr_079_a_step_up_names_what_to_prove_and_how_fresh() {
        let answer = refused(step_up_required(240), at(0)).error_response();
        assert_eq!(answer.status(), 401);
        assert_eq!(
            answer.headers().get("WWW-Authenticate").unwrap(),
            "Bearer error=\"insufficient_user_authentication\", \
             acr_values=\"urn:countersign:acr:two_factor\", max_age=240"
        );
    }

    /// SR-098: a fault says that there was no verdict, and when to come back.
    #[test]
    fn sr_098_a_fault_gives_no_verdict() {
        let request = CorrelationId::new(uuid::Uuid::nil());
        for fault in [Fault::Unavailable("disk full".into()), Fault::FailsClosed("x".into())] {
            let answer = faulted(&fault, request).error_response();
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("Retry-After"));
        }
        assert_eq!(faulted(&Fault::Internal("x".into()), request).error_response().status(), 500);
    }

    /// SR-074: the body's status is the real one, for every code.
    #[actix_web::test]
    async fn sr_074_every_problem_has_type_title_status_and_code() {
        for code in ProblemCode::ALL {
            let answer = ProblemAnswer::new(*code).error_response();
            assert_eq!(answer.headers().get(CONTENT_TYPE).unwrap(), PROBLEM_MEDIA_TYPE);
            let status = answer.status().as_u16();
            let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["status"], status);
            assert_eq!(body["code"], code.text());
            assert_eq!(body["type"], format!("urn:countersign:problem:{}", code.text()));
            assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
        }
    }
}
