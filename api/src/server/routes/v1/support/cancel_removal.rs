//! `POST /v1/support/accounts/{account}/factor-removals/{removal}/cancel`: give a removal up.

use countersign_events::id::{AccountId, EventId};

use crate::contract::act::{Act, RemovalActed};
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Give a removal up
///
/// By anyone of support. The holder is told.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/factor-removals/{removal}/cancel",
    tag = "support", operation_id = "cancelRemoval",
    params(
        ("account" = String, Path, description = "the account's id"),
        ("removal" = String, Path, description = "the removal's id"),
    ),
    request_body = Act,
    responses((status = 200, description = "The removal and the event", body = RemovalActed))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.operator().await?;
    ask.named("account", AccountId::parse)?;
    ask.named("removal", EventId::parse)?;
    let _: Act = ask.json()?;
    Err(ProblemAnswer::new(ProblemCode::Unavailable))
}
