//! `POST /v1/support/accounts/{account}/factor-removals/{removal}/approve`: approve a removal.

use countersign_events::id::{AccountId, EventId};

use crate::contract::act::{Act, RemovalActed};
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Approve a removal
///
/// By another person than the one who asked: 403 for that one.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/factor-removals/{removal}/approve",
    tag = "support", operation_id = "approveRemoval",
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
