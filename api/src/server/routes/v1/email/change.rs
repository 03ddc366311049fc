//! `POST /v1/accounts/me/email`: another address is to take the place of the present one.

use countersign_events::actor::By;

use crate::contract::email::{ChangeEmail, EmailCodePromised};
use crate::contract::secret::Secret;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Take another e-mail address
///
/// A code goes to the new address; `POST /v1/accounts/me/email/confirm` with it makes the change.
/// Wants a fresh second factor, or a fresh password where there is none. The earlier address is
/// told, and for seven days can be taken back.
#[utoipa::path(
    post, path = "/v1/accounts/me/email", tag = "accounts", operation_id = "changeEmail",
    request_body = ChangeEmail,
    responses((status = 202, description = "A code is on its way", body = EmailCodePromised))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let body: ChangeEmail = ask.json()?;
    let call = ask.call(By::Holder);
    let password = body.password.map(Secret::into_inner);
    let changing = ask.accounts().change_email(&call, &token, body.email, password).await;
    answers::accepted(&answers::email_code_promised(ask.verdict(changing)?))
}
