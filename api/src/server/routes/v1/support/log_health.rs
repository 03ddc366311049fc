//! `GET /v1/support/log-health`: how the log and its followers are.

use crate::contract::log::LogHealth;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show how the log is
///
/// How far the read models are behind it, and which mails wait.
#[utoipa::path(
    get, path = "/v1/support/log-health", tag = "support", operation_id = "logHealth",
    responses((status = 200, description = "The health", body = LogHealth))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.operator().await?;
    let health = ask.accounts().log_health().await;
    answers::ok(&answers::log::health(ask.verdict(health.map(Ok))?))
}
