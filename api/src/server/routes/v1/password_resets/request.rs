//! `POST /v1/password-resets`: a link to a new password, by mail.

use countersign_events::actor::By;

use crate::contract::password::{RequestPasswordReset, Taken};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Ask for a new password by mail
///
/// The answer is the same whether there is such an account or not. A link goes only to an address
/// that was proven. Asked more often than mails are sent, it sends none, and the link of the last
/// one works again.
#[utoipa::path(
    post, path = "/v1/password-resets", tag = "recovery", operation_id = "requestPasswordReset",
    request_body = RequestPasswordReset,
    responses((status = 202, description = "A mail is on its way, if to anybody", body = Taken))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    if ask.has_bearer() {
        return Err(ProblemAnswer::unauthenticated());
    }
    let body: RequestPasswordReset = ask.json()?;
    let call = ask.call(By::Holder);
    ask.verdict(ask.accounts().request_password_reset(&call, &body.login).await)?;
    answers::accepted(&Taken {})
}
