//! `POST /v1/sign-ins/{id}/password`: the new password that a sign-in asks for.

use countersign_events::actor::By;

use crate::contract::password::NewPassword;
use crate::contract::sign_in::SignInOutcome;
use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Set the password that a sign-in asks for
///
/// After `password_change_required`. Every earlier session ends.
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/password", tag = "sign-ins",
    operation_id = "setDemandedPassword",
    params(("id" = String, Path, description = "the sign-in's id")),
    request_body = NewPassword,
    responses((status = 200, description = "A session, or a question", body = SignInOutcome))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let body: NewPassword = ask.json()?;
    let sign_in = ask.sign_in()?;
    let call = ask.call(By::Holder);
    let (ended, password) = (sign_in.clone(), body.password.into_inner());
    let set = ask.accounts().set_demanded_password(&call, sign_in, password).await;
    ask.give_step(ask.verdict(set)?, Some(&ended)).await
}
