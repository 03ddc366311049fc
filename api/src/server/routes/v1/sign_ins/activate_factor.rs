//! `POST /v1/sign-ins/{id}/factors/{factor}/activate`: its first code completes the sign-in.

use countersign_events::actor::By;
use countersign_events::id::FactorId;

use crate::contract::factor::{ActivateFactor, Activated};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;

/// Activate the authenticator that a sign-in asked for
///
/// Starts a session with two factors; with it come ten recovery codes.
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/factors/{factor}/activate", tag = "sign-ins",
    operation_id = "activateDemandedFactor",
    params(
        ("id" = String, Path, description = "the sign-in's id"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    request_body = ActivateFactor,
    responses((status = 200, description = "It is in use", body = Activated))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let sign_in = ask.sign_in()?;
    let factor = ask.named("factor", FactorId::parse)?;
    let six_digits = |body: &ActivateFactor| json::six_digits(&body.code);
    let body = ask.code(ask.with_sign_in(), six_digits).await?;
    let call = ask.call(By::Holder);
    let (ended, code) = (sign_in.clone(), body.code.into_inner());
    let activated = ask.accounts().activate_demanded_factor(&call, sign_in, factor, code).await;
    let activated = answers::activated(ask.verdict(activated)?);
    ask.end_replaced_session().await;
    ask.give_and_end(activated, &ended)
}
