//! `GET /.well-known/jwks.json`: the keys that apps verify with.

use countersign_core::assertion::PublicKey;

use crate::contract::oidc::{Key, Keys};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show the keys that apps verify with
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "openid-connect", operation_id = "keys",
    responses((status = 200, description = "The keys", body = Keys))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let keys = ask.verdict(ask.accounts().assertion_keys().map(Ok))?;
    answers::ok(&Keys { keys: keys.into_iter().map(key).collect() })
}

fn key(key: PublicKey) -> Key {
    let PublicKey { kty, crv, x, y, kid, alg, used_for } = key;
    Key { kty, crv, x, y, kid, alg, used_for }
}
