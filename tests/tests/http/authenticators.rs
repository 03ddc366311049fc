//! Several authenticators of one account, each with its name, its codes and its clock.

use countersign_api::server::listener::Listener;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{Answered, Person, STEP, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// A further authenticator of somebody.
async fn another(app: &TestApp, person: &Person, name: &str) -> Person {
    let token = person.token.clone();
    let further =
        app.with_authenticator(Person { token, ..person.clone() }, Listener::Public).await;
    rename(app, &further, name).await.is(200);
    further
}

async fn rename(app: &TestApp, person: &Person, name: &str) -> Answered {
    let path = format!("/v1/accounts/me/factors/{}", person.factor);
    app.call(Method::PATCH, path).json(&json!({ "name": name })).bearer(&person.token).await
}

/// What one of them shows, typed as another's.
async fn answer(app: &TestApp, sign_in: &str, named: &Person, typed: &Person) -> Answered {
    let code = app.code(typed);
    let body = json!({ "method": "totp", "factor_id": named.factor, "code": code });
    app.post(format!("/v1/sign-ins/{sign_in}/answers"), &body).await
}

/// The authenticators that codes were refused of, in order.
fn refused_of(app: &TestApp, person: &Person) -> Vec<String> {
    let events = app.events(&person.account);
    let refused = events.into_iter().filter_map(|event| match event {
        AccountEvent::CodeRejected(rejected) => rejected.factor,
        _ => None,
    });
    refused.map(|factor| factor.to_string()).collect()
}

/// SR-017: a code is held against the one authenticator that is named, whatever the others show;
/// one has to be named where there are several, and two may have the same name.
#[test]
fn sr_017_each_of_three_authenticators_answers_for_itself() {
    TestApp::run(async |app| {
        let red = app.person("marlene.three").await;
        let blue = another(app, &red, "the tablet").await;
        let green = another(app, &blue, "the tablet").await;
        let begun = app.sign_in(&red.login, countersign_tests::app::PASSWORD).await.is(200);
        let offered = begun.body["methods"].as_array().unwrap();
        let of_apps = offered.iter().filter(|one| one["method"] == "totp");
        let mut names: Vec<_> = of_apps.map(|one| one["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["the red phone", "the tablet", "the tablet"]);
        let unnamed = app.answer(&begun.text_at("/id"), "totp", &app.code(&red)).await.is(422);
        assert!(unnamed.body.to_string().contains("factor_id"), "{:?}", unnamed.body);
        assert_eq!(refused_of(app, &red), [""; 0], "nothing was compared");

        let mut expected = vec![];
        let mut token = green.token.clone();
        for named in [&red, &blue, &green] {
            app.pass(STEP).await;
            let sign_in = app.begin(&red).await;
            for typed in [&red, &blue, &green] {
                if typed.factor != named.factor {
                    answer(app, &sign_in, named, typed).await.is(401);
                    expected.push(named.factor.clone());
                }
            }
            let entered = answer(app, &sign_in, named, named).await.is(200);
            token = entered.text_at("/session/token");
        }
        assert_eq!(refused_of(app, &red), expected, "each of the one that was named");
        let account = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        let factors = account["factors"].as_array().unwrap();
        let used = |person: &Person| -> Value {
            let found = factors.iter().find(|one| one["factor_id"] == person.factor);
            found.unwrap()["last_used_at"].clone()
        };
        let times = [&red, &blue, &green].map(used);
        assert!(times[0].as_str() < times[1].as_str(), "{times:?}");
        assert!(times[1].as_str() < times[2].as_str(), "{times:?}");
    });
}

/// Ten authenticators, and no eleventh.
#[test]
fn an_account_has_ten_authenticators_at_the_most() {
    TestApp::run(async |app| {
        let mut person = app.person("marlene.ten").await;
        for _ in 1..10 {
            person = app.with_authenticator(person, Listener::Public).await;
        }
        assert_eq!(app.account(&person).await["factors"].as_array().unwrap().len(), 10);
        let body = json!({ "kind": "totp", "name": "one more" });
        let path = "/v1/accounts/me/factors";
        let refused = app.post(path, &body).bearer(&person.token).await.is(409);
        assert_eq!(refused.text_at("/code"), "conflict");
    });
}
