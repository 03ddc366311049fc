//! `GET /v1/policy`: the policy in force, or an earlier version.

use crate::contract::policy::{Policy, PolicyQuery};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show the policy
#[utoipa::path(
    get, path = "/v1/policy", tag = "policy", operation_id = "showPolicy",
    params(PolicyQuery),
    responses((status = 200, description = "The policy and how it came about", body = Policy))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let query: PolicyQuery = ask.query()?;
    let records = ask.verdict(ask.accounts().policy_versions(&acting.call).await)?;
    answers::ok(&ask.verdict(Ok(answers::policy::policy(&records, query.version)))?)
}
