//! `GET /v1/sign-ins/{id}/email-code`: how far the mail is.

use crate::contract::email::EmailCodeUnderWay;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// See how far a code by e-mail is
///
/// While the mail server is away a code waits; who stands at the sign-in learns it here.
#[utoipa::path(
    get, path = "/v1/sign-ins/{id}/email-code", tag = "sign-ins", operation_id = "showEmailCode",
    params(("id" = String, Path, description = "the sign-in's id")),
    responses((status = 200, description = "This far", body = EmailCodeUnderWay))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let sign_in = ask.sign_in()?;
    let found = ask.proof_verdict(ask.accounts().email_code(sign_in).await)?;
    answers::ok(&answers::email_code_under_way(found))
}
