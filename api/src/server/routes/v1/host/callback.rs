//! `GET /.countersign/callback`: back on the host, with a grant.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, HttpResponseBuilder};
use countersign_core::accounts::GrantBrought;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::GrantCode;

use super::page;
use super::sign_in::Held;
use crate::contract::host::{CallbackQuery, PASS_COOKIE, SIGN_IN_COOKIE};
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::cookies;
use crate::server::problem::ProblemAnswer;

/// Let a browser pass
///
/// On a host that asks here whom to let in. What comes along must belong to the cookie that was set
/// where this sign-in began: nobody is made to pass as somebody else. Once, within a minute; a
/// browser that repeats itself within ten seconds is led on and given nothing.
#[utoipa::path(
    get, path = "/.countersign/callback", tag = "hosts", operation_id = "hostCallback",
    params(CallbackQuery),
    responses(
        (status = 303, description = "To the page that was asked for"),
        (status = 400, description = "Why, to a browser", content_type = "text/html"),
        (status = 403, description = "Why, to a browser", content_type = "text/html"),
        (status = 404, description = "Why, to a browser", content_type = "text/html"),
    )
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let let_in = let_in(&ask).await;
    page::shown(&ask, let_in)
}

async fn let_in(ask: &Ask) -> Answer {
    if ask.is_head() {
        return Err(ProblemAnswer::method_not_allowed("GET"));
    }
    let query: CallbackQuery = ask.query()?;
    let host = ask.protected_host()?;
    let state = query.state.unwrap_or_default();
    let held = ask.host_cookie(SIGN_IN_COOKIE).and_then(|held| Held::of(&held, &state));
    let held = held.ok_or_else(begin_again)?;
    let callback = host.callback();
    let app = ask.verdict(ask.accounts().host(&callback).await)?;
    let Some(grant) = query.code else { return Err(not_granted(query.error.as_deref())) };
    let grant = GrantCode::parse(grant.reveal()).map_err(|_| begin_again())?;
    let brought = GrantBrought { grant, verifier: held.verifier, redirect_uri: callback };
    let call = ask.call_of_client(app.client);
    let given = ask.accounts().redeem_for_pass(&call, app.client, brought).await;
    let given = match ask.verdict_of(given)? {
        Ok(given) => given,
        // The pass is on its way to the browser, or was lost with a connection: the page that was
        // asked for has it pass, or begin again.
        Err(Refusal::Conflict(_)) => return Ok(there(held.to).finish()),
        Err(Refusal::AuthenticationFailed) => return Err(begin_again()),
        Err(refusal) => return Err(ask.refused(refusal)),
    };
    let pass = given.pass.reveal().to_string();
    let mut answer = there(held.to);
    answer.cookie(cookies::made(PASS_COOKIE, pass, given.lives_for.as_secs()));
    answer.cookie(cookies::made(SIGN_IN_COOKIE, String::new(), 0));
    Ok(answer.finish())
}

fn there(to: String) -> HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, to));
    answer
}

/// What was begun in another browser, too long ago, or not at all.
fn begin_again() -> ProblemAnswer {
    let detail = "this sign-in is over, or began elsewhere: open the page that you want again";
    ProblemAnswer::detailed(ProblemCode::InvalidRequest, detail)
}

fn not_granted(error: Option<&str>) -> ProblemAnswer {
    let detail = match error {
        Some("access_denied") => "you did not go on to this site",
        _ => "nobody was signed in: open the page that you want again",
    };
    ProblemAnswer::detailed(ProblemCode::Forbidden, detail)
}
