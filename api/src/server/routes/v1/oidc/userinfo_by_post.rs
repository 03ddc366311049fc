//! `POST /v1/oidc/userinfo`: the same as by `GET`, which OpenID Connect Core 1.0 (5.3.1) asks for.

use countersign_events::actor::By;

use crate::contract::oidc::UserInfo;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Say who signed in, by POST
#[utoipa::path(
    post, path = "/v1/oidc/userinfo", tag = "openid-connect", operation_id = "userInfoByPost",
    responses((status = 200, description = "Who", body = UserInfo))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let told = super::userinfo::told(&ask).await?;
    // It reads, and leaves nothing that would remember the key.
    let call = ask.call(By::System);
    ask.verdict(ask.accounts().same_request(&call).await)?;
    answers::ok(&told)
}
