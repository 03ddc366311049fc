//! `POST /v1/sign-ins/{id}/factors`: the authenticator that a sign-in asks for.

use countersign_events::actor::By;

use crate::contract::factor::{DemandedFactor, FactorOffered};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Enrol the authenticator that a sign-in asks for
///
/// After `enrolment_required`.
#[utoipa::path(
    post, path = "/v1/sign-ins/{id}/factors", tag = "sign-ins",
    operation_id = "beginDemandedFactor",
    params(("id" = String, Path, description = "the sign-in's id")),
    request_body = DemandedFactor,
    responses((status = 202, description = "It waits for its first code", body = FactorOffered))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let body: DemandedFactor = ask.json()?;
    let sign_in = ask.sign_in()?;
    let call = ask.call(By::Holder);
    let offered = ask.accounts().begin_demanded_factor(&call, sign_in, body.name).await;
    answers::accepted(&answers::factor_offered(ask.verdict(offered)?))
}
