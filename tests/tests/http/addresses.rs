//! SR-073: nobody chooses by a header where they come from.

use countersign_tests::app::{PASSWORD, Person, TestApp};
use serde_json::json;

const CLAIMED: &str = "198.51.100.7";
/// Headers that some server somewhere believes.
const HEADERS: [(&str, &str); 8] = [
    ("x-forwarded-for", CLAIMED),
    ("x-real-ip", CLAIMED),
    ("forwarded", "for=198.51.100.7"),
    ("true-client-ip", CLAIMED),
    ("cf-connecting-ip", CLAIMED),
    ("x-client-ip", CLAIMED),
    ("x-cluster-client-ip", CLAIMED),
    ("fastly-client-ip", CLAIMED),
];

/// Where the newest sign-in came from, as the holder reads it.
async fn last_seen_at(app: &TestApp, person: &Person) -> String {
    let history = app.history(person).await;
    let newest = history.iter().find(|event| event["type"] == "account.password_verified");
    newest.expect("a sign-in")["data"]["ip"].as_str().expect("its address").to_owned()
}

/// SR-073: without a trusted proxy it is the peer, in the history and in the mail.
#[test]
fn sr_073_a_forged_header_moves_nobody() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.from").await;
        for (name, value) in HEADERS {
            app.sign_in("marlene.from", PASSWORD).header(name, value).await.is(200);
            assert_eq!(last_seen_at(app, &marlene).await, "127.0.0.1", "{name}");
        }
        let mut call = app.sign_in("marlene.from", PASSWORD);
        for (name, value) in HEADERS {
            call = call.header(name, value);
        }
        let sign_in = call.await.is(200).text_at("/id");
        let mut call = app.email_code(&sign_in);
        for (name, value) in HEADERS {
            call = call.header(name, value);
        }
        call.await.is(202);
        app.settle().await;
        let mails = app.post.mails_to(&marlene.email);
        let mail = mails.last().unwrap();
        assert!(mail.text.contains("network 127.0.0.x"), "{}", mail.text.as_str());
        assert!(!mail.text.contains("198.51"), "{}", mail.text.as_str());
    });
}

/// SR-073: behind a trusted proxy it is the rightmost hop that is none, and only as
/// `X-Forwarded-For` tells it.
#[test]
fn sr_073_behind_a_trusted_proxy_it_is_the_rightmost_hop_that_is_none() {
    let configure = |config: &mut countersign_api::config::Config| {
        config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned(), "10.0.0.0/8".to_owned()];
    };
    TestApp::run_with(configure, async |app| {
        let marlene = app.person("marlene.proxy").await;
        for (name, value, seen) in [
            ("x-forwarded-for", CLAIMED, CLAIMED),
            ("x-forwarded-for", "6.6.6.6, 198.51.100.7", CLAIMED),
            ("x-forwarded-for", "6.6.6.6, 198.51.100.7, 10.0.0.9", CLAIMED),
            ("x-forwarded-for", "198.51.100.7, 6.6.6.6", "6.6.6.6"),
            ("x-forwarded-for", "198.51.100.7, nonsense", "127.0.0.1"),
            ("x-forwarded-for", "::ffff:198.51.100.7", CLAIMED),
            ("x-real-ip", CLAIMED, "127.0.0.1"),
            ("forwarded", "for=198.51.100.7", "127.0.0.1"),
            ("true-client-ip", CLAIMED, "127.0.0.1"),
        ] {
            app.sign_in("marlene.proxy", PASSWORD).header(name, value).await.is(200);
            assert_eq!(last_seen_at(app, &marlene).await, seen, "{name}: {value}");
        }
    });
}

/// SR-073: what is counted is counted whatever address each guess claims to come from.
#[test]
fn sr_073_guesses_from_many_forged_addresses_are_counted_together() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.guessed").await;
        let sign_in = app.begin(&marlene).await;
        for guess in 0..5 {
            let from = format!("198.51.100.{guess}");
            let answer = app.answer(&sign_in, "totp", &app.wrong_code(&marlene));
            answer.header("x-forwarded-for", &from).await.is(401);
        }
        let from = ("x-forwarded-for", "203.0.113.1");
        let (sign_in, code) = (app.begin(&marlene).await, app.code(&marlene));
        app.answer(&sign_in, "totp", &code).header(from.0, from.1).await.is(429);
        for guess in 0..5 {
            let from = format!("198.51.100.{guess}");
            let guessed = app.sign_in("marlene.guessed", "another password");
            guessed.header("x-forwarded-for", &from).await.is(401);
        }
        app.sign_in("marlene.guessed", PASSWORD).header(from.0, from.1).await.is(429);
        assert_eq!(app.count(&marlene.account, "account.cooled_down"), 2);
    });
}

/// SR-073: a client app's word on where its user sits counts, since its key vouches for it; a
/// header does not.
#[test]
fn sr_073_a_client_apps_context_counts_and_its_headers_do_not() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let made = app.post("/v1/accounts", &json!({ "subject": "user-of-an-app" })).bearer(&key);
        let account = made.await.is(201).text_at("/account_id");
        let context = json!({ "ip": "203.0.113.44", "user_agent": "the app's browser" });
        let body =
            json!({ "subject": "user-of-an-app", "first_factor": "vouched", "context": context });
        let vouched = app.post("/v1/sign-ins", &body).bearer(&key);
        vouched.header("x-forwarded-for", CLAIMED).await.is(200);
        let history = app.get(format!("/v1/accounts/{account}/history")).bearer(&key).await.is(200);
        let items = history.body["items"].as_array().unwrap();
        let vouched = items.iter().find(|event| event["type"] == "account.first_factor_vouched");
        assert_eq!(vouched.unwrap()["data"]["ip"], "203.0.113.44");
    });
}
