//! `POST /v1/sign-ins`: the first factor.

use std::net::IpAddr;

use countersign_core::accounts::NONCE_CHARS;
use countersign_core::accounts::answer::SignedIn;
use countersign_core::accounts::request::{
    Net, PasswordSignIn as Password, VouchedSignIn as Vouched,
};
use countersign_core::domain::refusal::Refusal;
use countersign_events::actor::By;

use crate::contract::sign_in::VouchedSignIn;
use crate::contract::sign_in::{Context, PasswordSignIn, SignInOutcome, SignInRequest};
use crate::server::answers::Answer;
use crate::server::ask::{Ask, cut_user_agent};
use crate::server::problem::ProblemAnswer;

/// Characters of a device's name at most.
const DEVICE_CHARS_MAX: usize = 128;

/// Sign in
///
/// With login and password; or, with an API key (`sign-ins:vouch`), for somebody whose password
/// the client app has checked itself.
#[utoipa::path(
    post, path = "/v1/sign-ins", tag = "sign-ins", operation_id = "signIn",
    request_body = SignInRequest,
    responses((status = 200, description = "A session, or a question", body = SignInOutcome))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.body_is_its_own("login", "subject")?;
    let outcome = if ask.has_bearer() { vouched(&ask).await? } else { password(&ask).await? };
    ask.give_step(outcome, None).await
}

async fn password(ask: &Ask) -> Result<SignedIn, ProblemAnswer> {
    let body: PasswordSignIn = ask.json()?;
    let sign_in = Password { login: body.login, password: body.password.into_inner() };
    ask.proof_verdict(ask.accounts().sign_in(&ask.call(By::Holder), sign_in).await)
}

async fn vouched(ask: &Ask) -> Result<SignedIn, ProblemAnswer> {
    let (client, mut call) = ask.client().await?;
    let body: VouchedSignIn = ask.json()?;
    call.net = net(&body.context)?;
    if body.nonce.as_ref().is_some_and(|nonce| !is_nonce(nonce)) {
        return Err(ProblemAnswer::invalid("`nonce` must be 1 to 255 visible ASCII characters"));
    }
    let (subject, device, nonce) = (body.subject, body.context.device, body.nonce);
    let vouched = Vouched { subject, device, nonce };
    match ask.verdict_of(ask.accounts().vouch(&call, client, vouched).await)? {
        Ok(signed_in) => Ok(signed_in),
        // Whom it vouches for, it has made: an app may know its own subjects.
        Err(refusal @ Refusal::NotFound(_)) => Err(ask.refused(refusal)),
        Err(refusal) => ask.proof_verdict(Ok(Err(refusal))),
    }
}

fn is_nonce(text: &str) -> bool {
    NONCE_CHARS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where the person sits, in the client app's words: the app's own address is not of interest.
fn net(context: &Context) -> Result<Net, ProblemAnswer> {
    let ip: IpAddr = context
        .ip
        .parse()
        .map_err(|_| ProblemAnswer::invalid("`context.ip` must be an IP address"))?;
    if context.device.as_ref().is_some_and(|device| device.chars().count() > DEVICE_CHARS_MAX) {
        return Err(ProblemAnswer::invalid("`context.device` has more than 128 characters"));
    }
    let user_agent = context.user_agent.as_deref().map(cut_user_agent);
    Ok(Net { ip: ip.to_canonical().to_string(), user_agent, language: None })
}
