//! `POST /v1/accounts/me/email/confirm`: proves the address with a code sent to it.

use countersign_events::actor::By;

use crate::contract::email::{ConfirmEmail, EmailCodePromised, EmailConfirmed};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;

/// Confirm the e-mail address
///
/// Without a code one is sent; with the code the address is proven.
#[utoipa::path(
    post, path = "/v1/accounts/me/email/confirm", tag = "accounts", operation_id = "confirmEmail",
    request_body = ConfirmEmail,
    responses(
        (status = 200, description = "The address is proven", body = EmailConfirmed),
        (status = 202, description = "A code is on its way", body = EmailCodePromised),
    )
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let six_digits = |body: &ConfirmEmail| body.code.as_ref().map_or(Ok(()), json::six_digits);
    let body = ask.code(ask.with_session(), six_digits).await?;
    let call = ask.call(By::Holder);
    let Some(code) = body.code else {
        let promised = ask.verdict(ask.accounts().send_confirmation(&call, &token).await)?;
        return answers::accepted(&answers::email_code_promised(promised));
    };
    ask.verdict(ask.accounts().confirm_email(&call, &token, code.into_inner()).await)?;
    answers::ok(&EmailConfirmed { email_confirmed: true })
}
