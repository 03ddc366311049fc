//! `GET /v1/oidc/userinfo`: who signed in.

use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::AccessToken;

use crate::contract::oidc::UserInfo;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Say who signed in
///
/// To the app that redeemed the grant, by the access token that it was given, for as long as that
/// and the session live.
#[utoipa::path(
    get, path = "/v1/oidc/userinfo", tag = "openid-connect", operation_id = "userInfo",
    responses((status = 200, description = "Who", body = UserInfo))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    answers::ok(&told(&ask).await?)
}

/// Who signed in, by the access token.
pub(super) async fn told(ask: &Ask) -> Result<UserInfo, ProblemAnswer> {
    let bearer = ask.bearer().ok_or_else(ProblemAnswer::unauthenticated)?;
    let token = AccessToken::parse(bearer).map_err(|_| ProblemAnswer::invalid_token())?;
    let told = match ask.verdict_of(ask.accounts().granted(&token).await)? {
        Ok(told) => told,
        Err(Refusal::NoSession) => return Err(ProblemAnswer::invalid_token()),
        Err(refusal) => return Err(ask.refused(refusal)),
    };
    let (email, email_verified) = told.email.unzip();
    Ok(UserInfo {
        sub: answers::account_id(told.account),
        preferred_username: told.login,
        email,
        email_verified,
    })
}
