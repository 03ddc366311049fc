//! What admins do with webhooks: who may, what is refused, and what is told once.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::accounts::WEBHOOKS_PER_APP_MAX;
use countersign_core::webhooks::sign::{HookSecret, signatures};
use countersign_events::id::EventId;
use countersign_tests::app::{Call, Person, TestApp};
use countersign_tests::receiver::Told;
use data_encoding::BASE64;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::documented::NOBODYS_ID;
use super::events::Shop;
use super::facts::Made;
use super::webhooks::{Hook, OTHER_URL, URL};

const KEY: &str = "key-of-a-webhook-0123456789";
const AT_ONCE: usize = 20;

fn by_admin<'a>(app: &'a TestApp, admin: &Person, path: &str, body: &Value) -> Call<'a> {
    app.post(path, body).on(Listener::Operator).bearer(&admin.token)
}

/// The signature that a secret makes of what was told.
fn signed(secret: &str, told: &Told) -> String {
    let bytes = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    assert!((24..=64).contains(&bytes.len()), "as Standard Webhooks wants it");
    let secret = HookSecret::new(Zeroizing::new(bytes.try_into().unwrap()), None);
    let at = Timestamp::from_second(told.seconds).unwrap();
    let id = EventId::parse(&told.id).unwrap();
    signatures(&[secret], id, at, &told.bytes)
}

/// SR-066, SR-106: a secret is told once, and again only for the same idempotency key: twenty calls
/// at once add one webhook and get one answer. It lies nowhere, which every test looks for.
#[test]
fn sr_066_a_secret_of_a_webhook_is_told_once_for_an_idempotency_key() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let path = format!("/v1/clients/{}/webhooks", shop.id);
        let body = json!({ "url": URL });
        let calls = (0..AT_ONCE)
            .map(|_| async { by_admin(app, &admin, &path, &body).keyed(KEY).await.is(201).bytes });
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let added = |app: &TestApp| {
            app.recorded().iter().filter(|it| *it == "client.webhook_added").count()
        };
        assert_eq!(added(app), 1);
        let other = json!({ "url": OTHER_URL });
        let reused = by_admin(app, &admin, &path, &other).keyed(KEY).await.is(422);
        assert_eq!(reused.body["code"], "idempotency-key-reused");
        app.restart().await.unwrap();
        assert_eq!(by_admin(app, &admin, &path, &body).keyed(KEY).await.is(201).bytes, answers[0]);
        assert_eq!(added(app), 1);
        let listed = app.get(path.as_str()).on(Listener::Operator).bearer(&admin.token).await;
        let text = String::from_utf8_lossy(&listed.is(200).bytes).into_owned();
        assert!(text.contains(URL) && !text.contains("whsec_"), "{text}");
    });
}

/// While secrets overlap a delivery carries the signatures of both; then that of the new one alone.
#[test]
fn while_secrets_overlap_a_delivery_carries_both_signatures() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        shop.account(app, "user").await;
        app.settle().await;
        let told = app.receivers.told();
        assert_eq!(told[0].signature, signed(&hook.secret, &told[0]));
        let body = json!({ "overlap_seconds": 3_600 });
        let path = format!("{}/secrets", hook.path);
        let rotated = by_admin(app, &admin, &path, &body).await.is(201);
        let newer = rotated.text_at("/secret");
        assert_ne!(newer, hook.secret);
        for (passed, both) in [(0, true), (3_599, true), (1, false)] {
            app.pass(SignedDuration::from_secs(passed)).await;
            shop.vouch(app, "user").await;
            app.settle().await;
            let told = app.receivers.told().pop().unwrap();
            let (new, old) = (signed(&newer, &told), signed(&hook.secret, &told));
            let expected = if both { format!("{new} {old}") } else { new };
            assert_eq!(told.signature, expected, "after {passed} s more");
        }
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let body = json!({ "overlap_seconds": 31 * 86_400 });
        by_admin(app, &admin, &path, &body).await.is(422);
    });
}

#[test]
fn a_webhook_is_refused_where_it_would_lead_nowhere_or_is_one_too_many() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let path = format!("/v1/clients/{}/webhooks", shop.id);
        for (body, status) in [
            (json!({ "url": "http://shop.example.com/" }), 422),
            (json!({ "url": "https://169.254.169.254/latest" }), 422),
            (json!({ "url": "https://user:word@shop.example.com/" }), 422),
            (json!({ "url": "not a url" }), 422),
            (json!({ "url": URL, "types": ["client.added"] }), 422),
            (json!({ "url": URL, "types": ["account.none"] }), 422),
            (json!({ "url": URL, "types": vec!["account.enabled"; 17] }), 422),
            (json!({ "url": URL, "more": 1 }), 400),
            (json!({}), 400),
        ] {
            let refused = by_admin(app, &admin, &path, &body).await.is(status);
            assert_eq!(refused.not_a_problem(), None);
        }
        for _ in 0..WEBHOOKS_PER_APP_MAX {
            by_admin(app, &admin, &path, &json!({ "url": URL })).await.is(201);
        }
        by_admin(app, &admin, &path, &json!({ "url": URL })).await.is(409);
        let body = json!({ "name": "silent", "scopes": ["history:read"] });
        let silent = by_admin(app, &admin, "/v1/clients", &body).await.is(201);
        app.plant("API key", silent.text_at("/api_key").as_bytes());
        let path = format!("/v1/clients/{}/webhooks", silent.text_at("/client_id"));
        by_admin(app, &admin, &path, &json!({ "url": URL })).await.is(409);
        let path = format!("/v1/clients/{NOBODYS_ID}/webhooks");
        by_admin(app, &admin, &path, &json!({ "url": URL })).await.is(404);
        app.get(path).on(Listener::Operator).bearer(&admin.token).await.is(404);
    });
}

/// What is ended is told nothing more, and nothing is done with it.
#[test]
fn an_ended_webhook_and_one_of_a_disabled_app_are_told_nothing_more() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        let other = Hook::new(app, &admin, &bank, &json!({ "url": OTHER_URL })).await;
        shop.account(app, "user").await;
        bank.account(app, "user").await;
        app.settle().await;
        assert_eq!(app.receivers.told().len(), 4);
        let delete =
            |path: &str| app.call(Method::DELETE, path).on(Listener::Operator).bearer(&admin.token);
        // By the path of another app it is none.
        let (_, id) = hook.path.rsplit_once('/').unwrap();
        delete(&format!("/v1/clients/{}/webhooks/{id}", bank.id)).await.is(404);
        delete(&hook.path).await.is(204);
        delete(&hook.path).await.is(204);
        bank.vouch(app, "user").await;
        app.settle().await;
        delete(&format!("/v1/clients/{}", bank.id)).await.is(204);
        shop.vouch(app, "user").await;
        app.settle().await;
        assert_eq!(app.receivers.told_to(URL).len(), 2);
        assert_eq!(app.receivers.told_to(OTHER_URL).len(), 3);
        for (path, act, body) in [
            (&hook.path, "secrets", json!({})),
            (&hook.path, "redeliveries", json!({})),
            (&hook.path, "replays", json!({ "from": 0 })),
            (&other.path, "secrets", json!({})),
        ] {
            by_admin(app, &admin, &format!("{path}/{act}"), &body).await.is(409);
        }
    });
}

/// Every act of an admin on webhooks, each with the fact that it leaves.
pub(crate) async fn every_act(app: &TestApp, made: &mut Made, admin: &Person) {
    let shop = json!({ "name": "shop", "scopes": ["events:read"] });
    let added = by_admin(app, admin, "/v1/clients", &shop).await.is(201);
    app.plant("API key", added.text_at("/api_key").as_bytes());
    let path = format!("/v1/clients/{}/webhooks", added.text_at("/client_id"));
    let call = by_admin(app, admin, &path, &json!({ "url": URL }));
    let name = "POST /v1/clients/{client}/webhooks";
    let added = made.leaves(app, (name, "client.webhook_added"), call).await;
    let path = format!("{path}/{}", added.text_at("/webhook_id"));
    for (act, body, fact) in [
        ("secrets", json!({}), "client.webhook_secret_added"),
        ("redeliveries", json!({}), "client.webhook_redelivered"),
        ("replays", json!({ "from": 0 }), "client.webhook_replayed"),
    ] {
        let call = by_admin(app, admin, &format!("{path}/{act}"), &body);
        let name = format!("POST /v1/clients/{{client}}/webhooks/{{webhook}}/{act}");
        made.leaves(app, (&name, fact), call).await;
    }
    let call = app.call(Method::DELETE, path).on(Listener::Operator).bearer(&admin.token);
    let name = "DELETE /v1/clients/{client}/webhooks/{webhook}";
    made.leaves(app, (name, "client.webhook_ended"), call).await;
}
