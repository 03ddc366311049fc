//! The desk: what support does to an account, what its holder is told of it, and what everybody
//! else sees of it.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::back_in::{NEW_PASSWORD, by_email, confirmed, letters, link, reset};

pub(crate) const KEY: &str = "key-of-an-act-of-the-desk-0123456789";

pub(crate) fn why() -> Value {
    json!({ "reason": "asked on the phone", "ticket": "T-4711" })
}

/// A call on an account, by somebody of support.
pub(crate) fn on<'a>(
    app: &'a TestApp,
    by: &Person,
    account: &str,
    rest: &str,
    body: &Value,
) -> Call<'a> {
    let path = format!("/v1/support/accounts/{account}/{rest}");
    app.post(path, body).on(Listener::Operator).bearer(&by.token)
}

/// Proves the second factor of an operator again.
pub(crate) async fn freshly(app: &TestApp, operator: &Person) -> Person {
    app.pass(SignedDuration::from_secs(30)).await;
    let code = json!({ "method": "totp", "code": app.code(operator) });
    let proven = app.post("/v1/session/proofs", &code).on(Listener::Operator);
    let token = proven.bearer(&operator.token).await.is(200).text_at("/session/token");
    Person { token, ..operator.clone() }
}

async fn acted(app: &TestApp, by: &Person, person: &Person, act: &str) -> Answered {
    on(app, by, &person.account, act, &why()).await.is(200)
}

/// SR-075, SR-126: suspended, nobody signs in, everything that had begun ends, and a right password
/// is answered as a wrong one. Resumed, all is as before. The holder is told of both.
#[test]
fn sr_075_a_suspended_account_looks_like_a_wrong_password() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let waiting = app.begin(&marlene).await;
        let done = acted(app, &olga, &marlene, "suspensions").await;
        assert_eq!(done.text_at("/event/type"), "account.suspended");
        assert_eq!(done.text_at("/event/data/ticket"), "T-4711");
        assert_eq!(done.text_at("/event/by/kind"), "operator");
        on(app, &olga, &marlene.account, "suspensions", &why()).await.is(409);

        app.get("/v1/session").bearer(&marlene.token).await.is(401);
        app.answer(&waiting, "totp", &app.code(&marlene)).await.is(401);
        let right = app.sign_in("marlene.desk", PASSWORD).await.is(401);
        let wrong = app.sign_in("marlene.desk", "a wrong one for once").await.is(401);
        let nobody = app.sign_in("nobody.desk", PASSWORD).await.is(401);
        assert_eq!(right.face(), wrong.face());
        assert_eq!(right.face(), nobody.face());
        let shown = format!("/v1/support/accounts/{}?ticket=T-4711", marlene.account);
        let shown = app.get(shown).on(Listener::Operator).bearer(&olga.token).await.is(200);
        assert!(!shown.text_at("/suspended_at").is_empty());

        acted(app, &olga, &marlene, "resumptions").await;
        on(app, &olga, &marlene.account, "resumptions", &why()).await.is(409);
        let token = app.enter(&marlene).await;
        let person = Person { token, ..marlene };
        for subject in ["was suspended", "can be used again"] {
            let letters = letters(app, &person.email, subject).await;
            assert_eq!(letters.len(), 1, "{subject}");
            assert!(letters[0].contains("our staff"), "{}", letters[0]);
        }
        let history = app.history(&person).await;
        let told = history.iter().filter(|event| event["by"]["kind"] == "support");
        let told: Vec<_> = told.map(|event| (&event["type"], &event["data"]["ticket"])).collect();
        let ticket = json!("T-4711");
        for act in ["account.suspended", "account.resumed", "account.history_viewed"] {
            assert!(told.contains(&(&json!(act), &ticket)), "{act} in {told:?}");
        }
        let all = serde_json::to_string(&history).unwrap();
        assert!(!all.contains("olga") && !all.contains(&olga.account), "no name, no number");
    });
}

/// SR-075: a client app that vouches for the password is refused like any other.
#[test]
fn sr_075_a_client_app_signs_nobody_in_who_is_suspended() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let made = app.post("/v1/accounts", &json!({ "subject": "user-1" })).bearer(&key).await;
        let account = made.is(201).text_at("/account_id");
        let olga = app.operator("operator.olga", Role::Support).await;
        let vouch = || {
            let context = json!({ "ip": "192.0.2.1", "user_agent": "a browser" });
            let body =
                json!({ "subject": "user-1", "first_factor": "vouched", "context": context });
            app.post("/v1/sign-ins", &body).bearer(&key)
        };
        vouch().await.is(200);
        on(app, &olga, &account, "suspensions", &why()).await.is(200);
        assert_eq!(vouch().await.is(401).text_at("/code"), "authentication-failed");
        on(app, &olga, &account, "resumptions", &why()).await.is(200);
        vouch().await.is(200);
    });
}

/// Support ends sessions, and the holder is told and signs in again.
#[test]
fn sessions_end_and_the_holder_is_told() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let waiting = app.begin(&marlene).await;
        let done = acted(app, &olga, &marlene, "session-ends").await;
        assert_eq!(done.text_at("/event/data/why"), "support");
        app.get("/v1/session").bearer(&marlene.token).await.is(401);
        app.answer(&waiting, "totp", &app.code(&marlene)).await.is(401);
        assert_eq!(letters(app, &marlene.email, "signed out of").await.len(), 1);
        app.enter(&marlene).await;
        acted(app, &olga, &marlene, "session-ends").await;
    });
}

/// SR-121: support never sees or sets a password: a link goes to the proven address, and to no
/// other; without one there is none.
#[test]
fn sr_121_a_link_to_a_new_password_goes_to_the_proven_address_alone() {
    TestApp::run(async |app| {
        let unproven = app.person("unproven.desk").await;
        let marlene = confirmed(app, "marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        on(app, &olga, &unproven.account, "password-mails", &why()).await.is(409);
        let done = acted(app, &olga, &marlene, "password-mails").await;
        let token = link(app, &marlene.email, "A new password for").await;
        app.plant("password link", token.as_bytes());
        assert!(!done.face().body.contains(&token));
        assert_eq!(letters(app, &marlene.email, "had a link sent").await.len(), 1, "and is told");
        reset(app, &token, NEW_PASSWORD).await.is(200);
        for _ in 0..2 {
            acted(app, &olga, &marlene, "password-mails").await;
        }
        let capped = on(app, &olga, &marlene.account, "password-mails", &why()).await.is(429);
        assert!(capped.headers.contains_key("retry-after"));
    });
}

/// SR-122, SR-125: reason and ticket are mandatory, the second factor is fresh, and nobody acts on
/// himself or on a higher role.
#[test]
fn sr_125_nobody_acts_without_a_reason_on_himself_or_upwards() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.desk").await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let auditor = app.operator("operator.auditor", Role::Auditor).await;
        let other = app.operator("operator.other", Role::Support).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let acts = ["suspensions", "session-ends", "password-mails", "lockout-resets"];
        let body = |act: &str| match act {
            "lockout-resets" => {
                json!({ "scope": "cool_down", "reason": "a reason", "ticket": "T-1" })
            }
            _ => why(),
        };
        let before = app.recorded().len();
        // What shows nothing is no reason, and two tickets that look alike are none.
        for (reason, ticket) in [
            ("\u{200b}", "T-1"),
            ("\u{2062}\u{2063}", "T-1"),
            ("…", "T-1"),
            ("\u{115f}", "T-1"),
            ("a reason \u{202e}desrever", "T-1"),
            ("one line\u{2028}another", "T-1"),
            ("a reason", "\u{200b}"),
            ("a reason", "T-1\u{200b}"),
            ("a reason", "#"),
        ] {
            let unsaid = json!({ "reason": reason, "ticket": ticket });
            on(app, &olga, &marlene.account, "suspensions", &unsaid).await.is(422);
        }
        for act in acts {
            for (by, target) in [
                (&olga, &olga),
                (&mia, &mia),
                (&olga, &mia),
                (&olga, &admin),
                (&mia, &admin),
                (&mia, &auditor),
            ] {
                let refused = on(app, by, &target.account, act, &body(act)).await.is(403);
                assert_eq!(refused.text_at("/code"), "forbidden", "{act} {}", target.login);
            }
            for field in ["reason", "ticket"] {
                let mut empty = body(act);
                empty[field] = json!("");
                on(app, &olga, &marlene.account, act, &empty).await.is(422);
                empty.as_object_mut().unwrap().remove(field);
                on(app, &olga, &marlene.account, act, &empty).await.is(400);
            }
            on(app, &olga, "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f", act, &body(act)).await.is(404);
        }
        // Nothing was done; who tried what is to be seen, once each.
        let recorded = app.recorded();
        let tried = recorded.get(before..).unwrap();
        assert!(tried.iter().all(|event| event == "operator.act_refused"), "{tried:?}");
        assert_eq!(tried.len(), 6);
        // Of the same role, and downwards.
        on(app, &olga, &other.account, "session-ends", &why()).await.is(200);
        on(app, &mia, &other.account, "session-ends", &why()).await.is(200);
        app.pass(SignedDuration::from_secs(301)).await;
        let stale = on(app, &mia, &marlene.account, "suspensions", &why()).await.is(401);
        assert_eq!(stale.text_at("/code"), "step-up-required");
        let mia = freshly(app, &mia).await;
        on(app, &mia, &marlene.account, "suspensions", &why()).await.is(200);
    });
}

/// SR-066: the answer lost, the server started anew: asked again with its key, each act is
/// answered from the one event that it left.
#[test]
fn sr_066_an_act_whose_answer_was_lost_is_done_once() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let removal = super::taking::removal_of(&marlene);
        for (rest, body, status, event) in [
            ("suspensions", why(), 200, "account.suspended"),
            ("resumptions", why(), 200, "account.resumed"),
            ("password-mails", why(), 200, "account.password_mail_asked"),
            ("session-ends", why(), 200, "account.sessions_ended"),
            ("factor-removals", removal, 201, "account.factor_removal_requested"),
        ] {
            let earlier = app.count(&marlene.account, event);
            let lost = StoreFault::Lost { written: true, resolves: false };
            app.store.fails(lost);
            let call = || on(app, &olga, &marlene.account, rest, &body).keyed(KEY);
            call().await.is(503);
            app.store.works();
            app.restart().await.unwrap();
            let call = || on(app, &olga, &marlene.account, rest, &body).keyed(KEY);
            let first = call().await.is(status);
            let again = call().await.is(status);
            assert_eq!(first.body, again.body, "{rest}");
            assert_eq!(first.text_at("/event/type"), event);
            assert_eq!(app.count(&marlene.account, event), earlier + 1, "{rest}");
            let other = json!({ "reason": "another", "ticket": "T-2" });
            if rest != "factor-removals" {
                on(app, &olga, &marlene.account, rest, &other).keyed(KEY).await.is(422);
            }
        }
    });
}

/// SR-066: an act whose answer was lost is asked again after a step-up, and in another session: it
/// is the same act while it is the same operator, and is told before anything is proven anew.
#[test]
fn sr_066_an_act_is_the_same_after_a_step_up_and_in_another_session() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let ends = async |by: &Person| {
            on(app, by, &marlene.account, "session-ends", &why()).keyed(KEY).await
        };
        let done = || app.count(&marlene.account, "account.sessions_ended");
        let earlier = done();
        let first = ends(&olga).await.is(200).body;
        app.pass(SignedDuration::from_secs(301)).await;
        assert_eq!(ends(&olga).await.is(200).body, first, "five minutes later");
        let stepped_up = freshly(app, &olga).await;
        assert_eq!(ends(&stepped_up).await.is(200).body, first, "after a step-up");
        let anew = Person { token: app.enter(&olga).await, ..olga };
        assert_eq!(ends(&anew).await.is(200).body, first, "in another session");
        assert_eq!(done(), earlier + 1);
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        ends(&mia).await.is(200);
        assert_eq!(done(), earlier + 2, "another operator's is another act");
    });
}

/// SR-126: the access review: who is there, by whom, since when, and last seen.
#[test]
fn sr_126_operators_are_listed_for_an_access_review() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let body = json!({ "login": "operator.new", "role": "auditor" });
        let added = app.post("/v1/operators", &body).on(Listener::Operator).bearer(&admin.token);
        app.plant("setup token", added.await.is(201).text_at("/setup_token").as_bytes());
        let listed = app.get("/v1/operators").on(Listener::Operator).bearer(&admin.token).await;
        let items = listed.is(200).body["items"].as_array().unwrap().clone();
        let of = |login: &str| items.iter().find(|item| item["login"] == login).unwrap().clone();
        let (seen, new) = (of("operator.olga"), of("operator.new"));
        assert_eq!((&seen["role"], &seen["set_up"]), (&json!("support"), &json!(true)));
        assert_eq!(seen["account_id"], json!(olga.account));
        assert_eq!(seen["added_by"], json!({ "kind": "console", "user": "test" }));
        assert!(seen["last_used_at"].is_string() && seen["role_since"] == seen["added_at"]);
        assert_eq!(new["added_by"], json!({ "kind": "operator", "id": admin.account }));
        assert!(new.get("last_used_at").is_none(), "never used");
    });
}

/// What was offered before a suspension is offered after it.
#[test]
fn after_a_suspension_a_code_by_e_mail_signs_in_as_before() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.desk").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        acted(app, &olga, &marlene, "suspensions").await;
        acted(app, &olga, &marlene, "resumptions").await;
        by_email(app, &marlene).await;
    });
}
