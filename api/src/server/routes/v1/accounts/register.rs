//! `POST /v1/accounts`: a person registers, or a client app makes an account.

use countersign_core::accounts::request::{Register, RegisterSubject as Subject};
use countersign_events::actor::By;

use crate::contract::account::{AccountCreated, RegisterPerson, RegisterRequest, RegisterSubject};
use crate::contract::problem::ProblemCode;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Register
///
/// Without a bearer a person registers. With an API key (`accounts:write`) a client app makes an
/// account for somebody whose password it checks itself.
#[utoipa::path(
    post, path = "/v1/accounts", tag = "accounts", operation_id = "register",
    request_body = RegisterRequest,
    responses((status = 201, description = "The account was made", body = AccountCreated))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.body_is_its_own("login", "subject")?;
    let account = if ask.has_bearer() { subject(&ask).await? } else { person(&ask).await? };
    answers::created(&AccountCreated { account_id: answers::account_id(account) })
}

async fn person(ask: &Ask) -> Result<countersign_events::id::AccountId, ProblemAnswer> {
    if !ask.desk.registration_open {
        return Err(ProblemAnswer::detailed(ProblemCode::Forbidden, "registration is closed"));
    }
    let body: RegisterPerson = ask.json()?;
    let register =
        Register { login: body.login, email: body.email, password: body.password.into_inner() };
    ask.verdict(ask.accounts().register(&ask.call(By::Holder), register).await)
}

async fn subject(ask: &Ask) -> Result<countersign_events::id::AccountId, ProblemAnswer> {
    let (client, call) = ask.client().await?;
    let body: RegisterSubject = ask.json()?;
    let register = Subject {
        subject: body.subject,
        email: body.email,
        email_verified: body.email_verified,
        display_name: body.display_name,
    };
    ask.verdict(ask.accounts().register_subject(&call, client, register).await)
}
