//! `POST /v1/oidc/authorizations`: what becomes of a browser that an app sent.

use countersign_core::accounts::GrantAsked;
use countersign_core::accounts::answer::ClientView;
use countersign_core::domain::refusal::{Refusal, StepUp};
use countersign_core::handle::GrantCode;
use countersign_events::actor::By;
use countersign_events::id::ClientId;

use crate::contract::oidc::{Authorize, Authorized};
use crate::contract::problem::ProblemCode;
use crate::contract::secret::Secret;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::oidc::{self, Asked, Prompt, error};
use crate::server::problem::ProblemAnswer;

/// Let an app know who is signed in
///
/// For the page that an app sends browsers to. What cannot go back to the app, since there is no
/// such app or address, is a problem; everything else says what to do with the browser. Without a
/// session nothing is granted.
#[utoipa::path(
    post, path = "/v1/oidc/authorizations", tag = "openid-connect", operation_id = "authorize",
    request_body = Authorize,
    responses((status = 200, description = "What to do with the browser", body = Authorized))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let given: Authorize = ask.json()?;
    let app = app(&ask, &given).await?;
    keep_key(&ask).await?;
    let asked = match oidc::read(&given) {
        Ok(asked) => asked,
        Err(why) => return ask_back(&ask, &given, app.name, why),
    };
    if given.declined {
        let why = (error::ACCESS_DENIED, "the holder does not want to go on");
        return ask_back(&ask, &given, app.name, why);
    }
    if let Some(first) = first(&ask, &asked, &app.name) {
        return answers::ok(&first);
    }
    match grant(&ask, &given, &app, &asked).await {
        Ok(grant) => {
            let grant = grant.reveal();
            let parameters = [
                ("code", Some(grant.as_str())),
                ("state", given.state.as_deref()),
                ("iss", Some(ask.accounts().public_url())),
            ];
            let location = oidc::back(&given.redirect_uri, &parameters);
            redirect(app.name, location)
        }
        Err(Ungranted::Problem(problem)) => Err(problem),
        Err(ungranted) if asked.prompt.contains(&Prompt::None) => {
            ask_back(&ask, &given, app.name, ungranted.for_app())
        }
        Err(Ungranted::SecondFactorRequired) => {
            answers::ok(&Authorized::SecondFactorRequired { app: app.name })
        }
        Err(Ungranted::SignInRequired) => {
            answers::ok(&Authorized::SignInRequired { app: app.name })
        }
    }
}

/// Keeps the idempotency key of whoever has a session, whatever becomes of the browser: most of
/// what it is told leaves no event. Nothing is kept for anybody else, who is granted nothing.
async fn keep_key(ask: &Ask) -> Result<(), ProblemAnswer> {
    let Ok(token) = ask.session() else { return Ok(()) };
    let call = ask.call(By::Holder);
    if call.idempotency.is_none() {
        return Ok(());
    }
    match ask.verdict_of(ask.accounts().session(&call, &token).await)? {
        Ok(_) => ask.verdict(ask.accounts().same_request(&call).await),
        Err(_) => Ok(()),
    }
}

/// What the app has the holder do before anything is granted, so that nothing is that is not
/// wanted.
fn first(ask: &Ask, asked: &Asked, app: &str) -> Option<Authorized> {
    let wants = |prompt| asked.prompt.contains(&prompt);
    let app = app.to_owned();
    // No sign-in is as young as this (OpenID Connect Core 1.0, 3.1.2.1).
    let youngest = asked.max_age.is_some_and(|age| age.is_zero()) && !wants(Prompt::None);
    if youngest || wants(Prompt::Login) || wants(Prompt::SelectAccount) {
        return Some(Authorized::SignInRequired { app });
    }
    let asks = wants(Prompt::Consent) && ask.session().is_ok();
    asks.then_some(Authorized::ConsentRequired { app })
}

/// Why nothing is granted yet.
enum Ungranted {
    SignInRequired,
    SecondFactorRequired,
    Problem(ProblemAnswer),
}

impl Ungranted {
    const fn for_app(&self) -> (&'static str, &'static str) {
        match self {
            Self::SignInRequired => (error::LOGIN_REQUIRED, "the holder signs in first"),
            _ => (error::INTERACTION_REQUIRED, "the holder enables an authenticator first"),
        }
    }
}

/// The app, if browsers go back to where it wants them. Nothing is sent to an address that is not
/// on its list, not even an error.
async fn app(ask: &Ask, given: &Authorize) -> Result<ClientView, ProblemAnswer> {
    let client = ClientId::parse(&given.client_id);
    let client = client.map_err(|_| ask.not_taken("client_id", "there is no such app"))?;
    let app = match ask.verdict_of(ask.accounts().app(client).await)? {
        Ok(app) => app,
        Err(_) => return Err(ask.not_taken("client_id", "there is no such app")),
    };
    if !app.leads_back_to(&given.redirect_uri) {
        return Err(ask.not_taken("redirect_uri", "the app has not registered it"));
    }
    ask.check_state(given.state.as_deref())?;
    Ok(app)
}

async fn grant(
    ask: &Ask,
    given: &Authorize,
    app: &ClientView,
    asked: &Asked,
) -> Result<GrantCode, Ungranted> {
    let Ok(token) = ask.session() else { return Err(Ungranted::SignInRequired) };
    let wanted = GrantAsked {
        client: app.client,
        redirect_uri: given.redirect_uri.clone(),
        challenge: asked.challenge,
        nonce: asked.nonce.clone(),
        scopes: asked.scopes.clone(),
        assurance: asked.assurance,
        max_age: asked.max_age,
    };
    let issued = ask.accounts().issue_grant(&ask.call(By::Holder), &token, wanted).await;
    match ask.verdict_of(issued).map_err(Ungranted::Problem)? {
        Ok(grant) => Ok(grant),
        Err(Refusal::StepUpRequired { missing: StepUp::SecondFactor, .. }) => {
            Err(Ungranted::SecondFactorRequired)
        }
        Err(Refusal::NoSession | Refusal::StepUpRequired { .. } | Refusal::Forbidden(_)) => {
            Err(Ungranted::SignInRequired)
        }
        Err(refusal) => Err(Ungranted::Problem(ask.refused(refusal))),
    }
}

fn ask_back(ask: &Ask, given: &Authorize, app: String, why: (&str, &str)) -> Answer {
    let (state, issuer) = (given.state.as_deref(), ask.accounts().public_url());
    redirect(app, oidc::back_with_error(&given.redirect_uri, why, state, issuer))
}

fn redirect(app: String, location: Option<String>) -> Answer {
    let location = location.ok_or_else(|| ProblemAnswer::new(ProblemCode::Internal))?;
    answers::ok(&Authorized::Redirect { app, location: Secret::new(location) })
}
