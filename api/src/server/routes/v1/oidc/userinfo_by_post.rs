//! `POST /v1/oidc/userinfo`: the same as by `GET`, which OpenID Connect Core 1.0 (5.3.1) asks for.

use crate::contract::oidc::UserInfo;
use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Say who signed in, by POST
#[utoipa::path(
    post, path = "/v1/oidc/userinfo", tag = "openid-connect", operation_id = "userInfoByPost",
    responses((status = 200, description = "Who", body = UserInfo))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    super::userinfo::handle(ask).await
}
