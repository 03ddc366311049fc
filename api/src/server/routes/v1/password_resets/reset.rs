//! `POST /v1/password-resets/{token}`: sets the new password.

use countersign_events::actor::By;

use crate::contract::password::{NewPassword, PasswordReset};
use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Set a new password by the link of a mail
///
/// Signs nobody in, ends every session and removes no second factor. For seven days, or until
/// another second factor was proven, codes by e-mail are not offered at the sign-in.
#[utoipa::path(
    post, path = "/v1/password-resets/{token}", tag = "recovery", operation_id = "resetPassword",
    params(("token" = String, Path, description = "what the link carried behind its `#`")),
    request_body = NewPassword,
    responses((status = 200, description = "It is set", body = PasswordReset))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let link = ask.mail_link()?;
    let body: NewPassword = ask.json()?;
    let call = ask.call(By::Holder);
    let password = body.password.into_inner();
    let browser = ask.verdict(ask.accounts().reset_password(&call, link, password).await)?;
    ask.give_to_browser(&PasswordReset::Completed, browser.as_ref())
}
