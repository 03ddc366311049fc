//! `GET /.well-known/openid-configuration`: what an app needs to know.

use countersign_core::accounts::{SCOPE_EMAIL, SCOPE_PROFILE};
use countersign_core::assertion::{ALGORITHM, acr};
use countersign_events::account::Assurance;

use crate::contract::oidc::{
    AUTHORIZE_PATH, Configuration, END_SESSION_PATH, KEYS_PATH, TOKEN_PATH, USERINFO_PATH,
};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show what an app needs to know
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", tag = "openid-connect",
    operation_id = "configuration",
    responses((status = 200, description = "Addresses and what is supported", body = Configuration))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let issuer = ask.accounts().public_url();
    let at = |path: &str| format!("{issuer}{path}");
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let assurances = [Assurance::Password, Assurance::EmailCode, Assurance::TwoFactor];
    answers::ok(&Configuration {
        issuer: issuer.to_owned(),
        authorization_endpoint: at(AUTHORIZE_PATH),
        token_endpoint: at(TOKEN_PATH),
        userinfo_endpoint: at(USERINFO_PATH),
        jwks_uri: at(KEYS_PATH),
        end_session_endpoint: at(END_SESSION_PATH),
        response_types_supported: all(&["code"]),
        response_modes_supported: all(&["query"]),
        grant_types_supported: all(&["authorization_code"]),
        subject_types_supported: all(&["public"]),
        id_token_signing_alg_values_supported: all(&[ALGORITHM]),
        token_endpoint_auth_methods_supported: all(&["client_secret_basic", "client_secret_post"]),
        code_challenge_methods_supported: all(&["S256"]),
        scopes_supported: all(&["openid", SCOPE_PROFILE, SCOPE_EMAIL]),
        claims_supported: all(&[
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "at_hash",
            "preferred_username",
            "email",
            "email_verified",
        ]),
        acr_values_supported: assurances.iter().map(|one| acr(*one).to_owned()).collect(),
        prompt_values_supported: all(&["none", "login", "consent", "select_account"]),
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
    })
}
