//! OpenID Connect over HTTP: an app is told who signed in, once, and nothing of it is a session.

mod back_end;
mod ending;
mod granting;
mod hosts;
mod journey;
mod paths;

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::assertion::{self, Claims, PublicKey};
use countersign_tests::app::{Answered, Call, Person, TestApp};
use data_encoding::BASE64;
use reqwest::Method;
use serde_json::{Value, json};

/// Where the browser goes back to.
pub(crate) const BACK: &str = "https://shop.example/callback?from=sign-in";
const SIGNED_OUT: &str = "https://shop.example/bye";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PASSWORD_ACR: &str = "urn:countersign:acr:password";
const EMAIL_ACR: &str = "urn:countersign:acr:email_code";
const TWO_FACTOR_ACR: &str = "urn:countersign:acr:two_factor";

/// A client app with its key.
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) admin: Person,
}

impl Shop {
    pub(crate) async fn new(app: &TestApp) -> Self {
        let admin = app.operator("ada", Role::Admin).await;
        Self::of(app, admin, "shop").await
    }

    async fn of(app: &TestApp, admin: Person, name: &str) -> Self {
        let body = json!({
            "name": name, "scopes": [],
            "redirect_uris": [BACK], "post_logout_redirect_uris": [SIGNED_OUT],
        });
        let added = as_admin(app, &admin, Method::POST, "/v1/clients").json(&body).await.is(201);
        let (id, key) = (added.text_at("/client_id"), added.text_at("/api_key"));
        Self { id, key, admin }
    }

    /// What the app sends the browser with.
    pub(crate) fn asked(&self) -> Value {
        json!({
            "client_id": self.id, "redirect_uri": BACK, "response_type": "code",
            "scope": "openid profile email", "state": "st-1", "nonce": "n-1",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        })
    }

    /// The same with something else in it.
    fn asked_with(&self, name: &str, value: &str) -> Value {
        let mut asked = self.asked();
        asked[name] = json!(value);
        asked
    }

    /// A grant for a session that has what the app asks for.
    async fn granted(&self, app: &TestApp, token: &str, asked: &Value) -> String {
        let answered = authorize(app, asked).bearer(token).await.is(200);
        assert_eq!(answered.text_at("/status"), "redirect", "{answered:?}");
        let back = back(&answered);
        app.plant("grant", parameter(&back, "code").as_bytes());
        parameter(&back, "code")
    }

    /// The redemption of a grant.
    pub(crate) fn redeem<'a>(&self, app: &'a TestApp, grant: &str, verifier: &str) -> Call<'a> {
        redeem(app, grant, verifier, BACK).header("authorization", &self.basic())
    }

    fn basic(&self) -> String {
        format!("Basic {}", BASE64.encode(format!("{}:{}", self.id, self.key).as_bytes()))
    }
}

fn as_admin<'a>(app: &'a TestApp, admin: &Person, method: Method, path: &str) -> Call<'a> {
    app.call(method, path).on(Listener::Operator).bearer(&admin.token)
}

pub(crate) fn authorize<'a>(app: &'a TestApp, asked: &Value) -> Call<'a> {
    app.post("/v1/oidc/authorizations", asked)
}

fn redeem<'a>(app: &'a TestApp, grant: &str, verifier: &str, back: &str) -> Call<'a> {
    app.call(Method::POST, "/v1/oidc/token").form(&[
        ("grant_type", "authorization_code"),
        ("code", grant),
        ("redirect_uri", back),
        ("code_verifier", verifier),
        ("unknown", "and ignored"),
    ])
}

fn userinfo<'a>(app: &'a TestApp, token: &str) -> Call<'a> {
    app.get("/v1/oidc/userinfo").bearer(token)
}

/// Where the browser is sent.
pub(crate) fn back(answered: &Answered) -> url::Url {
    answered.text_at("/location").parse().unwrap()
}

pub(crate) fn parameter(url: &url::Url, name: &str) -> String {
    let mut values = url.query_pairs().filter(|(given, _)| given == name);
    let value = values.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    assert!(values.next().is_none(), "{name} twice in {url}");
    value
}

/// What a signed text says, read with the keys that are published.
async fn read(app: &TestApp, text: &str) -> Claims {
    let keys = app.get("/.well-known/jwks.json").await.is(200);
    let keys: Vec<PublicKey> = serde_json::from_value(keys.body["keys"].clone()).unwrap();
    assertion::read(text, &keys).unwrap()
}
