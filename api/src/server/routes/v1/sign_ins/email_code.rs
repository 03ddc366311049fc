//! `POST /v1/sign-ins/{id}/email-code`: a code by e-mail, for a sign-in in progress.

use countersign_events::actor::By;

use crate::contract::email::EmailCodePromised;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Send a code by e-mail
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/email-code", tag = "sign-ins", operation_id = "sendEmailCode",
    params(("id" = String, Path, description = "the sign-in's id")),
    responses((status = 202, description = "A code is on its way", body = EmailCodePromised))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.nothing()?;
    let sign_in = ask.sign_in()?;
    let call = ask.call(By::Holder);
    let promised = ask.proof_verdict(ask.accounts().send_email_code(&call, sign_in).await)?;
    answers::accepted(&answers::email_code_promised(promised))
}
