//! `POST /v1/setup`: the first password of an operator.

use countersign_core::accounts::Verdict;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::SetupToken;
use countersign_events::actor::By;
use countersign_events::id::AccountId;

use crate::contract::account::AccountCreated;
use crate::contract::setup::SetUp;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Set up an operator
///
/// Sets the first password with the one-time token. Next: sign in, and enable an authenticator.
#[utoipa::path(
    post, path = "/v1/setup", tag = "operators", operation_id = "setUp",
    request_body = SetUp,
    responses((status = 201, description = "The password is set", body = AccountCreated))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let body: SetUp = ask.json()?;
    let set_up: Verdict<AccountId> = match SetupToken::parse(body.setup_token.reveal()) {
        Ok(token) => {
            let password = body.password.into_inner();
            ask.accounts().set_up_operator(&ask.call(By::Holder), token, password).await
        }
        Err(_) => Ok(Err(Refusal::AuthenticationFailed)),
    };
    let account = ask.verdict(set_up)?;
    answers::created(&AccountCreated { account_id: answers::account_id(account) })
}
