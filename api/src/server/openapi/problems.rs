//! Which problems a call can answer with: most follow from its row, the others stand here.
//!
//! A test compares every problem that the suites over HTTP are answered with what is said here.

use std::collections::BTreeSet;

use actix_web::http::Method;

use crate::contract::problem::ProblemCode;
use crate::server::auth::Auth;
use crate::server::listener::Listener;
use crate::server::routes::Row;
use crate::server::routes::declared::{Csrf, Guesses};

use ProblemCode as Code;

/// The problems that a call can answer with, in the order of the codes.
#[must_use]
pub fn problems(row: &Row) -> Vec<ProblemCode> {
    let mut texts: BTreeSet<&str> = of_every_call(row).into_iter().map(Code::text).collect();
    texts.extend(of_caller(row).iter().map(|code| code.text()));
    if row.guesses != Guesses::Nothing && row.guesses != Guesses::Sets {
        texts.extend([Code::AuthenticationFailed.text(), Code::TooManyRequests.text()]);
    }
    let name = format!("{} {}", row.method, row.path);
    let also = ALSO.iter().filter(|(call, _)| *call == name).flat_map(|(_, codes)| *codes);
    texts.extend(also.map(|code| code.text()));
    Code::ALL.iter().copied().filter(|code| texts.contains(code.text())).collect()
}

fn of_every_call(row: &Row) -> Vec<ProblemCode> {
    let mut codes = vec![
        Code::InvalidRequest,
        // Whatever a header says that is no bearer of this service.
        Code::Unauthenticated,
        Code::MisdirectedRequest,
        Code::Internal,
        Code::Unavailable,
    ];
    if row.method != Method::GET {
        codes.push(Code::UnsupportedMediaType);
    }
    if row.method == Method::POST {
        codes.push(Code::IdempotencyKeyReused);
    }
    if row.path.contains('{') {
        codes.push(Code::NotFound);
    }
    if row.csrf == Csrf::OwnPages && row.on.contains(&Listener::Public) {
        codes.push(Code::Forbidden);
    }
    codes
}

fn of_caller(row: &Row) -> &'static [ProblemCode] {
    let changes = row.method != Method::GET;
    let is_of_support = row.path.starts_with("/v1/support/accounts");
    match row.auth {
        Auth::Anyone | Auth::AnyoneOrSession | Auth::ClientSecret | Auth::AccessToken => &[],
        Auth::AnyoneOrClient(_) | Auth::Client(_) | Auth::SessionOrClient(_) => &[Code::Forbidden],
        Auth::Proxied => &[Code::Forbidden],
        Auth::SignIn => &[Code::AuthenticationFailed, Code::TooManyRequests],
        Auth::MailLink | Auth::SetupToken => &[Code::AuthenticationFailed],
        Auth::Session => &[],
        Auth::Operator(_) if is_of_support && changes => ACT,
        Auth::Operator(_) if is_of_support => LOOK,
        Auth::Operator(_) if changes => {
            &[Code::Forbidden, Code::StepUpRequired, Code::FieldRefused, Code::Conflict]
        }
        Auth::Operator(_) | Auth::OperatorOrClient(..) => &[Code::Forbidden],
    }
}

const LOOK: &[ProblemCode] = &[Code::Forbidden, Code::FieldRefused, Code::TooManyRequests];
const ACT: &[ProblemCode] = &[
    Code::Forbidden,
    Code::StepUpRequired,
    Code::FieldRefused,
    Code::Conflict,
    Code::TooManyRequests,
];
/// What a holder changes wants a fresh proof, and may have to wait.
const CHANGE: &[ProblemCode] =
    &[Code::StepUpRequired, Code::Held, Code::FieldRefused, Code::Conflict];

/// What follows from no row.
const ALSO: &[(&str, &[ProblemCode])] = &[
    ("POST /v1/accounts", &[Code::FieldRefused, Code::WeakPassword, Code::Taken]),
    ("POST /v1/accounts/me/email", CHANGE),
    ("POST /v1/accounts/me/email/confirm", &[Code::Conflict]),
    (
        "POST /v1/accounts/me/password",
        &[Code::StepUpRequired, Code::WeakPassword, Code::PasswordUnchanged],
    ),
    ("POST /v1/accounts/me/factors/replacement", &[Code::NotFound, Code::Held, Code::Conflict]),
    ("DELETE /v1/accounts/me/factors/replacement", &[Code::NotFound]),
    ("POST /v1/accounts/{account}/factors", CHANGE),
    ("POST /v1/accounts/{account}/factors/{factor}/activate", CHANGE),
    ("PATCH /v1/accounts/{account}/factors/{factor}", CHANGE),
    ("DELETE /v1/accounts/{account}/factors/{factor}", CHANGE),
    ("POST /v1/accounts/{account}/factors/{factor}/remove", CHANGE),
    ("POST /v1/accounts/{account}/factors/{factor}/resync", CHANGE),
    ("POST /v1/accounts/{account}/recovery-codes", CHANGE),
    ("POST /v1/session/proofs", &[Code::FieldRefused]),
    ("POST /v1/sign-ins", &[Code::NotFound]),
    ("POST /v1/sign-ins/{id}/answers", &[Code::FieldRefused]),
    ("POST /v1/sign-ins/{id}/factors", &[Code::FieldRefused]),
    ("POST /v1/sign-ins/{id}/password", &[Code::WeakPassword, Code::PasswordUnchanged]),
    ("POST /v1/password-resets", &[Code::TooManyRequests]),
    ("POST /v1/password-resets/{token}", &[Code::WeakPassword, Code::PasswordUnchanged]),
    ("POST /v1/setup", &[Code::WeakPassword]),
    ("POST /v1/operators", &[Code::Taken]),
    ("GET /v1/policy", &[Code::NotFound]),
    ("POST /v1/oidc/authorizations", &[Code::FieldRefused, Code::TooManyRequests]),
    ("POST /v1/oidc/session-ends", &[Code::FieldRefused]),
    ("GET /v1/events", &[Code::FieldRefused, Code::NotFound, Code::TooManyRequests]),
    ("GET /.countersign/sign-in", &[Code::NotFound]),
    ("GET /.countersign/callback", &[Code::NotFound]),
    ("GET /.countersign/sign-out", &[Code::NotFound]),
    ("GET /v1/log/checkpoint", &[Code::NotFound]),
    ("GET /v1/log/tile/{tile}", &[Code::NotFound]),
    ("GET /v1/log/stream", &[Code::FieldRefused, Code::NotFound, Code::TooManyRequests]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::routes::TABLE;

    #[test]
    fn what_is_said_of_a_call_is_of_one_that_there_is() {
        for (name, _) in ALSO {
            let is_row = |row: &&Row| format!("{} {}", row.method, row.path) == *name;
            assert!(TABLE.iter().any(|row| is_row(&row)), "{name}");
        }
    }

    /// SR-075: at the sign-in nothing is answered that tells what was wrong.
    #[test]
    fn sr_075_the_sign_in_declares_no_problem_that_tells_what_was_wrong() {
        let told = [
            Code::InvalidRequest,
            Code::AuthenticationFailed,
            Code::TooManyRequests,
            Code::Unavailable,
            // Of the request itself, whoever is named in it.
            Code::Unauthenticated,
            Code::Forbidden,
            Code::UnsupportedMediaType,
            Code::MisdirectedRequest,
            Code::IdempotencyKeyReused,
            // Of its own subjects an app is told whether there is such a one.
            Code::NotFound,
            Code::Internal,
        ];
        for path in ["/v1/sign-ins", "/v1/sign-ins/{id}/answers", "/v1/sign-ins/{id}/email-code"] {
            for row in TABLE.iter().filter(|row| row.path == path) {
                for problem in problems(row) {
                    // An answer must name one of the authenticators that the sign-in has named.
                    let is_asked = problem == Code::FieldRefused && path.ends_with("/answers");
                    assert!(is_asked || told.contains(&problem), "{path}: {problem:?}");
                }
            }
        }
    }
}
