//! The calls that take a body, each with a body that it takes, and who may make it.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::back_in::confirmed;
use super::documented::NOBODYS_ID;

/// Where browsers come back to.
const BACK: &str = "https://shop.example/back";

/// A call that takes a body.
pub(crate) struct Taking {
    pub(crate) method: Method,
    /// As the document writes it.
    pub(crate) template: &'static str,
    pub(crate) path: String,
    pub(crate) on: Listener,
    pub(crate) bearer: Option<String>,
    /// A body that is well-formed, and what it is answered.
    pub(crate) example: Value,
    pub(crate) answered: u16,
    /// Fields that may be `null`, which is the same as leaving them out.
    pub(crate) optional: &'static [&'static str],
    /// Fields that may be as long as they like: cut off, not found, or not asked for.
    pub(crate) long: &'static [&'static str],
    /// Fields that are numbers: none of them is too small or too large in the form it has.
    pub(crate) numbers: &'static [&'static str],
}

impl Taking {
    fn post(template: &'static str, example: Value, answered: u16) -> Self {
        Self {
            method: Method::POST,
            template,
            path: template.to_owned(),
            on: Listener::Public,
            bearer: None,
            example,
            answered,
            optional: &[],
            long: &[],
            numbers: &[],
        }
    }

    fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    fn on(self, on: Listener) -> Self {
        Self { on, ..self }
    }

    fn by(self, bearer: &str) -> Self {
        Self { bearer: Some(bearer.to_owned()), ..self }
    }

    fn optional(self, optional: &'static [&'static str]) -> Self {
        Self { optional, ..self }
    }

    fn long(self, long: &'static [&'static str]) -> Self {
        Self { long, ..self }
    }

    fn numbers(self, numbers: &'static [&'static str]) -> Self {
        Self { numbers, ..self }
    }

    pub(crate) async fn send(&self, app: &TestApp, body: Vec<u8>) -> Answered {
        let call = app.call(self.method.clone(), self.path.as_str()).on(self.on).bytes(body);
        match &self.bearer {
            Some(bearer) => call.bearer(bearer).await,
            None => call.await,
        }
    }

    /// Every field of the example, the nested ones too, by JSON pointer.
    pub(crate) fn fields(&self) -> Vec<String> {
        let mut fields = Vec::new();
        for (name, value) in self.example.as_object().unwrap() {
            fields.push(format!("/{name}"));
            for inner in value.as_object().into_iter().flat_map(|object| object.keys()) {
                fields.push(format!("/{name}/{inner}"));
            }
        }
        fields
    }

    /// The example with another value in a field.
    pub(crate) fn with(&self, field: &str, value: Value) -> Value {
        let mut body = self.example.clone();
        *body.pointer_mut(field).unwrap() = value;
        body
    }

    /// The example with a text in a field that no JSON value holds.
    pub(crate) fn with_raw(&self, field: &str, raw: &[u8]) -> Vec<u8> {
        let mark = "the mark of a value";
        let text = self.with(field, json!(mark)).to_string();
        let (before, after) = text.split_once(&format!("\"{mark}\"")).unwrap();
        [before.as_bytes(), raw, after.as_bytes()].concat()
    }
}

/// A removal of somebody's authenticator, as support asks for it.
pub(crate) fn removal_of(person: &Person) -> Value {
    json!({
        "factor_id": person.factor, "proof": "call_back", "in_person": false,
        "reason": "a reason", "ticket": "T-1"
    })
}

/// Who is there, and what waits.
pub(crate) struct World {
    pub(crate) marlene: Person,
    offered: String,
    sign_in: String,
    pub(crate) admin: Person,
    pub(crate) support: Person,
    supervisor: Person,
    /// Whom support acts on, and whose authenticator it was asked to remove.
    erika: Person,
    ulla: Person,
    removal: String,
    key: String,
    /// An app that browsers come back to.
    shop: String,
}

impl World {
    pub(crate) async fn new(app: &TestApp) -> Self {
        let erika = confirmed(app, "erika.input").await;
        let ulla = app.person("ulla.input").await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let supervisor = app.operator("operator.supervisor", Role::Supervisor).await;
        let support = app.operator("operator.support", Role::Support).await;
        let key = app.client_app().await;
        app.post("/v1/accounts", &json!({ "subject": "user-of-an-app" }))
            .bearer(&key)
            .await
            .is(201);
        let back = json!({ "name": "shop", "scopes": [], "redirect_uris": [BACK] });
        let shop = app.post("/v1/clients", &back).on(Listener::Operator).bearer(&admin.token);
        let shop = shop.await.is(201).text_at("/client_id");
        let marlene = app.person("marlene.input").await;
        let body = json!({ "kind": "totp", "name": "the blue phone" });
        let path = "/v1/accounts/me/factors";
        let offered = app.post(path, &body).bearer(&marlene.token).await.is(202);
        let sign_in = app.begin(&marlene).await;
        let offered = offered.text_at("/factor_id");
        let path = format!("/v1/support/accounts/{}/factor-removals", ulla.account);
        let asked = app.post(path, &removal_of(&ulla)).on(Listener::Operator);
        let asked = asked.bearer(&support.token).await.is(201);
        let removal = asked.text_at("/removal/removal_id");
        Self {
            marlene,
            offered,
            sign_in,
            admin,
            support,
            supervisor,
            erika,
            ulla,
            removal,
            key,
            shop,
        }
    }

    pub(crate) fn calls(&self) -> Vec<Taking> {
        let mut calls = self.of_people();
        calls.extend(self.of_authenticators());
        calls.extend(self.of_apps());
        calls.extend(self.of_browsers());
        calls.extend(self.of_operators());
        calls.extend(self.of_the_desk());
        calls
    }

    fn of_the_desk(&self) -> Vec<Taking> {
        let Self { erika, ulla, removal, support, supervisor, .. } = self;
        let act = json!({ "reason": "a reason", "ticket": "T-1" });
        let on_account = |template: &'static str, body: &Value, answered| {
            let path = template.replace("{account}", &erika.account);
            Taking::post(template, body.clone(), answered)
                .at(path)
                .on(Listener::Operator)
                .by(&support.token)
        };
        let on_request = |template: &'static str, by: &Person, answered| {
            let path = template.replace("{account}", &ulla.account).replace("{removal}", removal);
            let call = Taking::post(template, act.clone(), answered).at(path);
            call.on(Listener::Operator).by(&by.token)
        };
        let on_removal = |template: &'static str, by: &Person| on_request(template, by, 200);
        let to = json!({ "email": "erika.new@example.org", "proof": "call_back",
            "reason": "a reason", "ticket": "T-1" });
        vec![
            on_account("/v1/support/accounts/{account}/suspensions", &act, 200),
            on_account("/v1/support/accounts/{account}/resumptions", &act, 200),
            on_account("/v1/support/accounts/{account}/session-ends", &act, 200),
            on_account("/v1/support/accounts/{account}/password-mails", &act, 200),
            on_account("/v1/support/accounts/{account}/factor-removals", &removal_of(erika), 201),
            on_removal(
                "/v1/support/accounts/{account}/factor-removals/{removal}/approve",
                supervisor,
            ),
            // What waits is a removal, approved just now, and then given up.
            on_account("/v1/support/accounts/{account}/address-changes", &to, 409)
                .by(&supervisor.token),
            on_request(
                "/v1/support/accounts/{account}/address-changes/{removal}/approve",
                supervisor,
                404,
            ),
            on_removal("/v1/support/accounts/{account}/factor-removals/{removal}/cancel", support),
            on_request(
                "/v1/support/accounts/{account}/address-changes/{removal}/cancel",
                support,
                404,
            ),
        ]
    }

    fn of_people(&self) -> Vec<Taking> {
        let Self { marlene, sign_in, .. } = self;
        let factor = &marlene.factor;
        let code = json!({ "method": "totp", "factor_id": factor, "code": "000000" });
        let new = json!({ "login": "new.login", "email": "n@example.com", "password": PASSWORD });
        let address = json!({ "email": marlene.email, "password": PASSWORD });
        let changed = json!({ "current": "another one", "password": PASSWORD });
        let demanded = json!({ "kind": "totp", "name": "phone" });
        let known = json!({ "login": marlene.login, "password": PASSWORD });
        vec![
            Taking::post("/v1/accounts", new, 201),
            Taking::post("/v1/sign-ins", known, 200),
            Taking::post("/v1/sign-ins/{id}/answers", code.clone(), 401)
                .at(format!("/v1/sign-ins/{sign_in}/answers"))
                .optional(&["/factor_id"]),
            Taking::post("/v1/session/proofs", code, 401)
                .by(&marlene.token)
                .optional(&["/factor_id"]),
            Taking::post("/v1/session/proofs", json!({ "password": "another one" }), 401)
                .by(&marlene.token),
            Taking::post("/v1/accounts/me/email/confirm", json!({ "code": "000000" }), 401)
                .by(&marlene.token)
                .optional(&["/code"]),
            // The address that she has.
            Taking::post("/v1/accounts/me/email", address, 422)
                .by(&marlene.token)
                .optional(&["/password"])
                // With a second factor it looks at no password.
                .long(&["/password"]),
            Taking::post("/v1/accounts/me/password", changed, 401).by(&marlene.token),
            Taking::post("/v1/password-resets", json!({ "login": "nobody.here" }), 202)
                .long(&["/login"]),
            Taking::post("/v1/password-resets/{token}", json!({ "password": PASSWORD }), 401)
                .at(format!("/v1/password-resets/{}", "a".repeat(96))),
            Taking::post("/v1/sign-ins/{id}/password", json!({ "password": PASSWORD }), 401)
                .at(format!("/v1/sign-ins/{sign_in}/password")),
            Taking::post("/v1/sign-ins/{id}/factors", demanded, 401)
                .at(format!("/v1/sign-ins/{sign_in}/factors")),
            Taking::post(
                "/v1/sign-ins/{id}/factors/{factor}/activate",
                json!({ "code": "000000" }),
                401,
            )
            .at(format!("/v1/sign-ins/{sign_in}/factors/{factor}/activate")),
            Taking::post(
                "/v1/setup",
                json!({ "setup_token": "A".repeat(64), "password": PASSWORD }),
                401,
            ),
        ]
    }

    fn of_authenticators(&self) -> Vec<Taking> {
        let Self { marlene, offered, .. } = self;
        let factor = &marlene.factor;
        let begin = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
        vec![
            Taking::post(
                "/v1/accounts/{account}/factors/{factor}/activate",
                json!({ "code": "000000" }),
                401,
            )
            .at(format!("/v1/accounts/me/factors/{offered}/activate"))
            .by(&marlene.token),
            // Her second factor is proven by that authenticator.
            Taking::post(
                "/v1/accounts/{account}/factors/{factor}/resync",
                json!({ "codes": ["000000", "000000"] }),
                401,
            )
            .at(format!("/v1/accounts/me/factors/{factor}/resync"))
            .by(&marlene.token),
            Taking {
                method: Method::PATCH,
                ..Taking::post(
                    "/v1/accounts/{account}/factors/{factor}",
                    json!({ "name": "the old phone" }),
                    200,
                )
                .at(format!("/v1/accounts/me/factors/{factor}"))
                .by(&marlene.token)
            },
            Taking::post("/v1/accounts/{account}/factors", begin, 202)
                .at("/v1/accounts/me/factors".to_owned())
                .by(&marlene.token)
                .optional(&["/password"])
                // A further authenticator wants a second factor, and looks at no password.
                .long(&["/password"]),
        ]
    }

    fn of_apps(&self) -> Vec<Taking> {
        let subject = json!({
            "subject": "another-user", "email": "a@example.com", "email_verified": true,
            "display_name": "Another User"
        });
        let vouched = json!({
            "subject": "user-of-an-app", "first_factor": "vouched",
            "context": { "ip": "192.0.2.1", "user_agent": "a browser", "device": "d" }
        });
        vec![
            Taking::post("/v1/accounts", subject, 201)
                .by(&self.key)
                .optional(&["/email", "/display_name"]),
            Taking::post("/v1/sign-ins", vouched, 200)
                .by(&self.key)
                .optional(&["/context/user_agent", "/context/device"])
                .long(&["/context/user_agent"]),
        ]
    }

    /// What apps send browsers with.
    fn of_browsers(&self) -> Vec<Taking> {
        let asked = json!({
            "client_id": self.shop, "redirect_uri": BACK, "response_type": "code",
            "scope": "openid", "state": "s", "nonce": "n", "code_challenge": "x",
            "code_challenge_method": "S256", "acr_values": "a", "max_age": "60",
        });
        let ended = json!({ "client_id": self.shop, "state": "s" });
        vec![
            Taking::post("/v1/oidc/authorizations", asked, 200)
                .optional(&[
                    "/response_type",
                    "/scope",
                    "/state",
                    "/nonce",
                    "/code_challenge",
                    "/code_challenge_method",
                    "/acr_values",
                    "/max_age",
                ])
                .long(&[
                    "/response_type",
                    "/scope",
                    "/nonce",
                    "/code_challenge",
                    "/code_challenge_method",
                    "/acr_values",
                    "/max_age",
                ]),
            Taking::post("/v1/oidc/session-ends", ended, 200).optional(&["/client_id", "/state"]),
        ]
    }

    fn of_operators(&self) -> Vec<Taking> {
        let Self { marlene, admin, support, .. } = self;
        let resets = format!("/v1/support/accounts/{}/lockout-resets", marlene.account);
        let reset = json!({
            "scope": "cool_down", "method": "totp", "reason": "a reason", "ticket": "T-1"
        });
        let search = "/v1/support/accounts/search";
        let app = json!({ "name": "an app", "scopes": [], "expires_in_seconds": 86_400 });
        let key = json!({ "overlap_seconds": 0, "expires_in_seconds": 86_400 });
        let back = json!({ "redirect_uris": [], "post_logout_redirect_uris": [] });
        let on = Listener::Operator;
        let on_webhooks = |template: &'static str, example: Value| {
            let path = template.replace("{client}", NOBODYS_ID).replace("{webhook}", NOBODYS_ID);
            Taking::post(template, example, 404).at(path).on(on).by(&admin.token)
        };
        let hook = json!({ "url": "https://shop.example.com/", "types": ["account.enabled"] });
        let (secret, one) = (json!({ "overlap_seconds": 0 }), json!({ "position": 0 }));
        let from = json!({ "from": 0 });
        vec![
            Taking::post("/v1/clients", app, 201)
                .on(on)
                .by(&admin.token)
                .optional(&["/expires_in_seconds"])
                .numbers(&["/expires_in_seconds"]),
            Taking::post("/v1/clients/{client}/keys", key, 404)
                .at(format!("/v1/clients/{NOBODYS_ID}/keys"))
                .on(on)
                .by(&admin.token)
                .optional(&["/overlap_seconds", "/expires_in_seconds"])
                .numbers(&["/overlap_seconds", "/expires_in_seconds"]),
            Taking {
                method: Method::PUT,
                ..Taking::post("/v1/clients/{client}/redirects", back, 404)
            }
            .at(format!("/v1/clients/{NOBODYS_ID}/redirects"))
            .on(on)
            .by(&admin.token),
            on_webhooks("/v1/clients/{client}/webhooks", hook),
            on_webhooks("/v1/clients/{client}/webhooks/{webhook}/secrets", secret)
                .optional(&["/overlap_seconds"])
                .numbers(&["/overlap_seconds"]),
            on_webhooks("/v1/clients/{client}/webhooks/{webhook}/redeliveries", one)
                .optional(&["/position"])
                .numbers(&["/position"]),
            on_webhooks("/v1/clients/{client}/webhooks/{webhook}/replays", from)
                .numbers(&["/from"]),
            Taking::post("/v1/operators", json!({ "login": "op.new", "role": "support" }), 201)
                .on(on)
                .by(&admin.token),
            Taking {
                method: Method::PUT,
                ..Taking::post("/v1/policy", json!({ "profile": "standard", "settings": {} }), 200)
            }
            .on(on)
            .by(&admin.token),
            Taking::post(search, json!({ "login": marlene.login, "ticket": "T-1" }), 200)
                .on(on)
                .by(&support.token)
                .optional(&["/ticket"])
                .long(&["/login"]),
            Taking::post(search, json!({ "email": marlene.email, "ticket": "T-1" }), 200)
                .on(on)
                .by(&support.token)
                .optional(&["/ticket"])
                .long(&["/email"]),
            Taking::post("/v1/support/accounts/{account}/lockout-resets", reset, 201)
                .at(resets)
                .on(on)
                .by(&support.token)
                .optional(&["/method"]),
        ]
    }
}
