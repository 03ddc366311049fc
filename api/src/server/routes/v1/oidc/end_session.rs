//! `POST /v1/oidc/session-ends`: signs out, and says where the browser goes back.

use countersign_core::accounts::answer::ClientView;
use countersign_core::domain::refusal::Refusal;
use countersign_events::actor::By;
use countersign_events::id::ClientId;

use crate::contract::oidc::{EndSession, SessionEnded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::cookies;
use crate::server::oidc;
use crate::server::problem::ProblemAnswer;

/// Sign out for an app
///
/// For the page that an app sends browsers to. Ends the session, if there is one; the browser goes
/// back only to an address that the app has registered for it.
#[utoipa::path(
    post, path = "/v1/oidc/session-ends", tag = "openid-connect", operation_id = "signOutForApp",
    request_body = EndSession,
    responses((status = 200, description = "The session is over", body = SessionEnded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let asked: EndSession = ask.json()?;
    let app = app(&ask, &asked).await?;
    let location = location(&ask, &asked, app.as_ref())?;
    if let Ok(token) = ask.session() {
        let ended = ask.accounts().sign_out(&ask.call(By::Holder), &token).await;
        match ask.verdict_of(ended)? {
            // One that is over already is over.
            Ok(()) | Err(Refusal::NoSession) => {}
            Err(refusal) => return Err(ask.refused(refusal)),
        }
    }
    let mut answer = answers::ok(&SessionEnded { app: app.map(|app| app.name), location })?;
    cookies::forget(&mut answer)?;
    Ok(answer)
}

/// The app that asks, by its id, by what it was once told, or by both where they agree.
async fn app(ask: &Ask, asked: &EndSession) -> Result<Option<ClientView>, ProblemAnswer> {
    let hinted = match &asked.id_token_hint {
        Some(hint) => {
            let claims = ask.verdict(ask.accounts().read_assertion(hint.reveal()).map(Ok))?;
            let invalid = || ask.not_taken("id_token_hint", "no ID token of ours");
            Some(claims.ok_or_else(invalid)?.aud)
        }
        None => None,
    };
    if let (Some(hinted), Some(named)) = (&hinted, &asked.client_id)
        && hinted != named
    {
        return Err(ask.not_taken("id_token_hint", "another app's"));
    }
    let Some(named) = hinted.as_ref().or(asked.client_id.as_ref()) else { return Ok(None) };
    let unknown = || ask.not_taken("client_id", "there is no such app");
    let client = ClientId::parse(named).map_err(|_| unknown())?;
    ask.verdict_of(ask.accounts().app(client).await)?.map(Some).map_err(|_| unknown())
}

fn location(
    ask: &Ask,
    asked: &EndSession,
    app: Option<&ClientView>,
) -> Result<Option<String>, ProblemAnswer> {
    ask.check_state(asked.state.as_deref())?;
    let Some(uri) = &asked.post_logout_redirect_uri else { return Ok(None) };
    if !app.is_some_and(|app| app.redirects.sign_out.contains(uri)) {
        return Err(ask.not_taken("post_logout_redirect_uri", "the app has not registered it"));
    }
    Ok(oidc::back(uri, &[("state", asked.state.as_deref())]))
}
