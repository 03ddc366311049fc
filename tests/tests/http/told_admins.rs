//! What all admins are told by mail: an operator at a cap, and each other's acts.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Call, Person, TestApp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::back_in::{letters, mailed_code};

const AT_A_LIMIT: &str = "is at a limit";
const CHANGED: &str = "was changed";

/// An operator whose address was proven, with a fresh second factor.
async fn reachable(app: &TestApp, login: &str, role: Role) -> Person {
    let operator = app.operator(login, role).await;
    let email = format!("{login}@example.com");
    let to = json!({ "email": email });
    app.post("/v1/accounts/me/email", &to).bearer(&operator.token).await.is(202);
    let proof = json!({ "code": mailed_code(app, &email).await });
    app.post("/v1/accounts/me/email/confirm", &proof).bearer(&operator.token).await.is(200);
    let token = app.enter(&operator).await;
    Person { email, token, ..operator }
}

fn search<'a>(app: &'a TestApp, by: &Person) -> Call<'a> {
    let body = json!({ "login": "nobody.told", "ticket": "T-1" });
    app.post("/v1/support/accounts/search", &body).on(Listener::Operator).bearer(&by.token)
}

/// SR-125: that an operator reached a cap is told to every admin whose address was proven, once for
/// each cap in a day, however often it is reached; and to nobody else.
#[test]
fn sr_125_admins_are_told_once_a_day_that_an_operator_is_at_a_cap() {
    let few = |config: &mut countersign_api::config::Config| config.support.searches_1h = 1;
    TestApp::run_with(few, async |app| {
        let admins = [
            reachable(app, "operator.admin", Role::Admin).await,
            reachable(app, "operator.other", Role::Admin).await,
        ];
        let auditor = reachable(app, "operator.auditor", Role::Auditor).await;
        // Its address was not proven: it has none.
        app.operator("operator.silent", Role::Admin).await;
        let mut olga = app.operator("operator.olga", Role::Support).await;
        let told = [1, 1, 1, 2];
        for (hour, told) in [0, 1, 2, 24].into_iter().zip(told) {
            let pause = if hour == 24 { 22 } else { 1 };
            if hour > 0 {
                app.pass(SignedDuration::from_hours(pause)).await;
                olga = Person { token: app.enter(&olga).await, ..olga };
            }
            search(app, &olga).await.is(200);
            search(app, &olga).await.is(429);
            search(app, &olga).await.is(429);
            for admin in &admins {
                let letters = letters(app, &admin.email, AT_A_LIMIT).await;
                assert_eq!(letters.len(), told, "{} after {hour} hours", admin.login);
                let text = letters.last().unwrap();
                assert!(text.contains("As many searches as are allowed"), "{text}");
                assert!(!text.contains("/objection") && !text.contains('#'), "{text}");
            }
        }
        assert!(letters(app, &auditor.email, AT_A_LIMIT).await.is_empty());
        // Every hour stands in the log, whoever was told.
        let recorded = app.recorded();
        let reached = recorded.iter().filter(|event| *event == "operator.cap_reached").count();
        assert_eq!(reached, 4);
        app.restart().await.unwrap();
        app.settle().await;
        assert_eq!(letters(app, &admins[0].email, AT_A_LIMIT).await.len(), 2, "told once");
    });
}

/// SR-125: all admins are told of each other's acts, and of what is done at the machine; also the
/// one whose role is taken away.
#[test]
fn sr_125_admins_are_told_of_each_others_acts() {
    TestApp::run(async |app| {
        let admin = reachable(app, "operator.admin", Role::Admin).await;
        let other = reachable(app, "operator.other", Role::Admin).await;
        let support = reachable(app, "operator.support", Role::Support).await;
        let told = async |person: &Person| letters(app, &person.email, CHANGED).await;
        // That those were added, it was told as soon as it could be.
        let before = (told(&admin).await.len(), told(&other).await.len());
        assert_eq!(before, (2, 1));
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let call = |method: Method, path: &str| {
            app.call(method, path).on(Listener::Operator).bearer(&admin.token)
        };
        let shop = json!({ "name": "shop", "scopes": ["events:read"] });
        let added = call(Method::POST, "/v1/clients").json(&shop).await.is(201);
        app.plant("API key", added.text_at("/api_key").as_bytes());
        let path = format!("/v1/clients/{}", added.text_at("/client_id"));
        let key = call(Method::POST, &format!("{path}/keys")).json(&json!({})).await.is(201);
        app.plant("API key", key.text_at("/api_key").as_bytes());
        let ended = format!("{path}/keys/{}", added.text_at("/key_id"));
        let hooks = format!("{path}/webhooks");
        let hook = json!({ "url": "https://shop.example.com/hook" });
        let hook = call(Method::POST, &hooks).json(&hook).await.is(201);
        let hook = format!("{hooks}/{}", hook.text_at("/webhook_id"));
        call(Method::POST, &format!("{hook}/secrets")).json(&json!({})).await.is(201);
        call(Method::POST, &format!("{hook}/redeliveries")).json(&json!({})).await.is(202);
        call(Method::POST, &format!("{hook}/replays")).json(&json!({ "from": 0 })).await.is(202);
        for path in [&hook, &ended, &path] {
            call(Method::DELETE, path).await.is(204);
            call(Method::DELETE, path).await.is(204);
        }
        app.put_in_force(|policy| policy.session_idle = SignedDuration::from_mins(20)).await;
        let path = format!("/v1/operators/{}", support.account);
        call(Method::DELETE, &path).await.is(204);
        app.enable_operator(&support).await;
        let path = format!("/v1/operators/{}", other.account);
        call(Method::DELETE, &path).await.is(204);
        // Mails of one moment come in any order.
        let mut awaited = vec!["app was added", "app was disabled", "policy is in force"];
        awaited.extend(["app was given another API key", "key of a client app was ended"]);
        awaited.extend(["was given a webhook", "webhook of a client app was given another secret"]);
        awaited.extend(["did not take are sent", "from a position on are sent"]);
        awaited.push("webhook of a client app was ended");
        awaited.extend(["was enabled again", "operator was disabled", "operator was disabled"]);
        for (person, before) in [(&admin, before.0), (&other, before.1)] {
            let letters = told(person).await.split_off(before);
            assert_eq!(letters.len(), awaited.len(), "{letters:?}");
            for what in &awaited {
                let about = letters.iter().filter(|letter| letter.contains(what)).count();
                let wanted = awaited.iter().filter(|it| *it == what).count();
                assert_eq!(about, wanted, "{what}: {letters:?}");
            }
            let by_admin = letters.iter().filter(|it| it.contains(&admin.account[..4])).count();
            let at_the_machine = letters.iter().filter(|it| it.contains("at the machine")).count();
            assert_eq!((by_admin, at_the_machine), (11, 2), "{letters:?}");
        }
        assert!(told(&support).await.is_empty());
        // Who is no admin any more is told no more.
        call(Method::POST, "/v1/clients").json(&shop).await.is(201);
        assert_eq!(told(&admin).await.len(), before.0 + 14);
        assert_eq!(told(&other).await.len(), before.1 + 13);
    });
}

/// SR-092, SR-125: that two admins took the seeds along is told to every admin.
#[test]
fn sr_092_all_admins_are_told_that_seeds_were_exported() {
    TestApp::run(async |app| {
        let admins = [
            reachable(app, "operator.admin", Role::Admin).await,
            reachable(app, "operator.other", Role::Admin).await,
            reachable(app, "operator.third", Role::Admin).await,
        ];
        app.person("mike").await;
        let told = async |person: &Person| letters(app, &person.email, CHANGED).await;
        let before = [told(&admins[0]).await.len(), told(&admins[2]).await.len()];
        app.pass(SignedDuration::from_secs(30)).await;
        assert_eq!(app.export_seeds([&admins[0], &admins[1]]).await, 1, "none of staff");
        for (person, before) in [&admins[0], &admins[2]].into_iter().zip(before) {
            let letters = told(person).await.split_off(before);
            let [letter] = letters.as_slice() else { panic!("{letters:?}") };
            assert!(letter.contains("seeds of authenticators"), "{letter}");
        }
    });
}
