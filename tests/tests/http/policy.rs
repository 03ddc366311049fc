//! The policy: who sets it, what it may be, and that it holds at once.

use countersign_api::config::Config;
use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, link, reset};
use super::devices;

const POLICY: &str = "/v1/policy";
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Addresses from which many accounts are guessed at.
const ADDRESSES: usize = 50;
/// Accounts whose passwords are known.
const ACCOUNTS: usize = 60;

fn get<'a>(app: &'a TestApp, admin: &Person, query: &str) -> Call<'a> {
    app.get(format!("{POLICY}{query}")).on(Listener::Operator).bearer(&admin.token)
}

fn put<'a>(app: &'a TestApp, admin: &Person, settings: &Value) -> Call<'a> {
    let body = json!({ "profile": "standard", "settings": settings });
    let call = app.call(Method::PUT, POLICY).json(&body);
    call.on(Listener::Operator).bearer(&admin.token)
}

/// SR-096, SR-108: set by an admin with a second factor just proven, in force for the next guess,
/// on record with what it was before.
#[test]
fn sr_096_what_an_admin_sets_holds_for_the_next_guess_and_is_on_record() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let first = get(app, &admin, "").await.is(200);
        assert_eq!((&first.body["version"], &first.body["in_force"]), (&json!(1), &json!(true)));
        assert_eq!(first.body["by"], json!({ "kind": "system" }));
        assert_eq!(first.body["settings"]["totp.limit.per_txn"], 5);
        let marlene = app.person("marlene.policed").await;
        let waiting = app.begin(&marlene).await;
        app.answer(&waiting, "totp", &app.wrong_code(&marlene)).await.is(401);
        let set = put(app, &admin, &json!({ "totp.limit.per_txn": 1 })).await.is(200);
        assert_eq!((&set.body["version"], &set.body["profile"]), (&json!(2), &json!("standard")));
        let by = json!({ "kind": "operator", "id": admin.account });
        assert_eq!(set.body["history"][0]["by"], by);
        let changed = json!({ "totp.limit.per_txn": { "before": 5, "after": 1 } });
        assert_eq!(set.body["history"][0]["changed"], changed);
        // One guess is all that this sign-in had, from now on.
        app.answer(&waiting, "totp", &app.code(&marlene)).await.is(401);
        let again = put(app, &admin, &json!({ "totp.limit.per_txn": 1 })).await.is(200);
        assert_eq!(again.body["version"], 2, "nothing has changed");
        let earlier = get(app, &admin, "?version=1").await.is(200);
        assert_eq!(earlier.body["settings"], first.body["settings"]);
        assert_eq!(earlier.body["in_force"], false);
        get(app, &admin, "?version=3").await.is(404);
    });
}

/// SR-096: nobody accepts a risk over the network, and nobody but an admin sets anything.
#[test]
fn sr_096_over_the_network_nothing_is_loosened_and_only_admins_set() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let looser = put(app, &admin, &json!({ "totp.limit.hard_cap": 27 })).await.is(422);
        let told = looser.text_at("/detail");
        assert!(told.contains("totp.limit.hard_cap = 27 instead of 26"), "{told}");
        put(app, &admin, &json!({ "totp.limit.hard_cap": 101 })).await.is(422);
        put(app, &admin, &json!({ "totp.skew": [-1, 0, 1, 2] })).await.is(422);
        put(app, &admin, &json!({ "totp.limit.cap": 1 })).await.is(400);
        put(app, &admin, &json!({ "totp.limit.hard_cap": "20" })).await.is(400);
        let support = app.operator("operator.support", Role::Support).await;
        put(app, &support, &json!({})).await.is(403);
        get(app, &support, "").await.is(403);
        app.pass(SignedDuration::from_mins(6)).await;
        put(app, &admin, &json!({ "totp.limit.hard_cap": 20 })).await.is(401);
        assert_eq!(get(app, &admin, "").await.is(200).body["version"], 1);
    });
}

/// SR-013: a window that was narrowed is the one that codes are compared with.
#[test]
fn sr_013_a_narrowed_window_takes_no_code_of_another_step() {
    let narrowed = |config: &mut Config| config.totp.skew = json!([0]);
    TestApp::run_with(narrowed, async |app| {
        let marlene = app.person("marlene.narrow").await;
        let refused = |offset: i64| {
            let (app, marlene) = (&*app, &marlene);
            async move {
                let sign_in = app.begin(marlene).await;
                app.answer(&sign_in, "totp", &app.code_at(marlene, offset)).await.is(401);
            }
        };
        app.pass(SignedDuration::from_secs(60)).await;
        refused(-1).await;
        refused(1).await;
        app.enter(&marlene).await;
    });
}

/// D-09: where the policy disables a password at its cap, the right one is worth nothing from
/// anywhere, until a new one is set by mail.
#[test]
fn at_its_cap_a_password_is_disabled_until_a_new_one_is_set_by_mail() {
    let disables = |config: &mut Config| {
        config.password.on_cap = "disable".to_owned();
        config.password.cap = 10;
    };
    TestApp::run_with(disables, async |app| {
        let marlene = confirmed(app, "marlene.disabled").await;
        for _ in 0..10 {
            app.pass(HOUR).await;
            app.sign_in(&marlene.login, "another password").await.is(401);
        }
        app.pass(HOUR * 24 * 40).await;
        let shut = app.sign_in(&marlene.login, PASSWORD).await.is(401);
        let wrong = app.sign_in("nobody.here", PASSWORD).await.is(401);
        assert_eq!(shut.face(), wrong.face(), "and nobody learns that it was right");
        ask_for_reset(app, &marlene.login).await.is(202);
        let token = link(app, &marlene.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        app.sign_in(&marlene.login, NEW_PASSWORD).await.is(200);
    });
}

async fn guess(app: &TestApp, person: &Person, from: usize, code: &str) -> Answered {
    let from = format!("203.0.113.{}", from % ADDRESSES);
    let call = app.sign_in(&person.login, PASSWORD).header("x-forwarded-for", &from);
    let id = call.await.is(200).text_at("/id");
    app.answer(&id, "totp", code).header("x-forwarded-for", &from).await
}

/// AT-35: the passwords of many accounts are known, and their codes are guessed from fifty
/// addresses. The breaker trips, and with `enforce` a fourth guess at an account from a device that
/// it does not know is refused for as long as the alarm lasts.
#[test]
fn at_35_while_the_alarm_sounds_a_fourth_guess_at_an_account_is_refused() {
    let guarded = |config: &mut Config| {
        config.breaker.enforce = true;
        config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    TestApp::run_with(guarded, async |app| {
        let mut people = vec![];
        for number in 0..ACCOUNTS {
            people.push(app.person(&format!("user.{number}")).await);
        }
        let support = app.operator("operator.support", Role::Support).await;
        let home = devices::sign_in(app, &people[0], "").await;
        for (number, person) in people.iter().enumerate() {
            for _ in 0..3 {
                guess(app, person, number, &app.wrong_code(person)).await.is(401);
            }
        }
        assert!(app.sources().breaker().tripped_since.is_some());
        for (number, person) in people.iter().enumerate() {
            // Refused unread: it is the right one.
            guess(app, person, number, &app.code(person)).await.is(429);
            assert_eq!(app.count(&person.account, "account.code_rejected"), 3);
        }
        let path = format!("/v1/support/accounts/{}?ticket=T-1", people[1].account);
        let seen = app.get(path).on(Listener::Operator).bearer(&support.token).await.is(200);
        let locks = seen.body["locks"].as_array().unwrap().clone();
        assert!(locks.iter().all(|lock| lock["rule"] == "guarded"), "{locks:?}");
        let told = locks[0]["explanation"].as_str().unwrap();
        assert!(told.contains("ends with the alarm"), "{told}");
        devices::sign_in(app, &people[0], home.device()).await;
        app.pass(SignedDuration::from_mins(71)).await;
        guess(app, &people[2], 2, &app.wrong_code(&people[2])).await.is(401);
        let events = app.events(&people[2].account);
        let refused = events.iter().find_map(|event| match event {
            countersign_events::account::AccountEvent::AttemptsRefused(refused) => Some(refused),
            _ => None,
        });
        assert_eq!(refused.unwrap().rule, "guarded");
    });
}
