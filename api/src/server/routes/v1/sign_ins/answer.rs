//! `POST /v1/sign-ins/{id}/answers`: the second factor.

use countersign_events::actor::By;

use crate::contract::sign_in::{Answer as CodeAnswer, SignInOutcome};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;

/// Answer for the second factor
///
/// Each code works once. After five wrong answers the sign-in is dead: start again.
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/answers", tag = "sign-ins", operation_id = "answer",
    params(("id" = String, Path, description = "the sign-in's id")),
    request_body = CodeAnswer,
    responses((status = 200, description = "A session, or a question", body = SignInOutcome))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let well_formed = |body: &CodeAnswer| json::well_formed(body.method, &body.code);
    let body = ask.code(ask.with_sign_in(), well_formed).await?;
    let sign_in = ask.sign_in()?;
    let call = ask.call(By::Holder);
    let answer = answers::core_answer(body);
    let ended = sign_in.clone();
    let answered = ask.proof_verdict(ask.accounts().answer(&call, sign_in, answer).await)?;
    ask.give_step(answered, Some(&ended)).await
}
