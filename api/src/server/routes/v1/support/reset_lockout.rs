//! `POST /v1/support/accounts/{account}/lockout-resets`: ends a lockout.

use countersign_core::accounts::request::ResetLockout as Reset;
use countersign_events::id::AccountId;

use crate::contract::support::{LockoutEnded, ResetLockout};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End a lockout
///
/// With a reason and a ticket; the holder is told. No authenticator changes. Wrong codes are
/// forgiven only together with the end of the password, for which a link to a new one is sent: 409
/// where no address was proven that it could go to.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/lockout-resets", tag = "support",
    operation_id = "resetLockout",
    params(("account" = String, Path, description = "the account's id")),
    request_body = ResetLockout,
    responses((status = 201, description = "The event that was written", body = LockoutEnded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let body: ResetLockout = ask.json()?;
    let reset = Reset {
        scope: answers::core_reset_scope(body.scope),
        method: body.method.map(answers::core_method),
        reason: body.reason,
        ticket: body.ticket,
    };
    let ended = ask.accounts().reset_lockout(&acting.call, &acting.token, account, reset).await;
    answers::created(&LockoutEnded { event: answers::event(ask.verdict(ended)?) })
}
