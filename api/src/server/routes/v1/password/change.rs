//! `POST /v1/accounts/me/password`: the holder changes the password.

use countersign_events::actor::By;

use crate::contract::password::{ChangePassword, PasswordChanged};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Change the password
///
/// With the present one, and a fresh second factor where there is one. Every other session ends;
/// this one goes on under a new token.
#[utoipa::path(
    post, path = "/v1/accounts/me/password", tag = "accounts", operation_id = "changePassword",
    request_body = ChangePassword,
    responses((status = 200, description = "It is changed", body = PasswordChanged))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let body: ChangePassword = ask.json()?;
    let call = ask.call(By::Holder);
    let (current, password) = (body.current.into_inner(), body.password.into_inner());
    let changed = ask.accounts().change_password(&call, &token, current, password).await;
    let session = answers::session_given(&ask.verdict(changed)?);
    ask.give(PasswordChanged { session })
}
