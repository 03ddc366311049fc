//! `PUT /v1/policy`: puts a policy in force.

use crate::contract::policy::{Policy, SetPolicy};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Set the policy
///
/// It is in force at once. What is looser than the profile `standard` is refused, unless it is in
/// force already: such a risk is accepted on the command line alone. The policy that is in force is
/// left as it is.
#[utoipa::path(
    put, path = "/v1/policy", tag = "policy", operation_id = "setPolicy",
    request_body = SetPolicy,
    responses((status = 200, description = "The policy in force", body = Policy))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let body: SetPolicy = ask.json()?;
    answers::policy::check_form(&body).map_err(ProblemAnswer::invalid)?;
    let wanted = ask.verdict(Ok(answers::policy::wanted(&body)))?;
    ask.verdict(ask.accounts().set_policy(&acting.call, &wanted, false).await)?;
    let records = ask.verdict(ask.accounts().policy_versions(&acting.call).await)?;
    answers::ok(&ask.verdict(Ok(answers::policy::policy(&records, None)))?)
}
