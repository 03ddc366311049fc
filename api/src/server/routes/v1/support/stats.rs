//! `GET /v1/support/stats`: what happened over an hour, a day or a week.

use crate::contract::statistics::{Statistics, StatisticsQuery};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show live numbers
#[utoipa::path(
    get, path = "/v1/support/stats", tag = "support", operation_id = "statistics",
    params(StatisticsQuery),
    responses((status = 200, description = "The numbers", body = Statistics))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.operator().await?;
    let StatisticsQuery { window } = ask.query()?;
    let window = window.unwrap_or_default();
    let counted = ask.accounts().statistics(answers::log::core_window(window)).await;
    answers::ok(&answers::log::statistics(window, ask.verdict(counted.map(Ok))?))
}
