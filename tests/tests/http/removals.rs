//! The removal of an authenticator by two people: how a help desk is attacked, and what it holds
//! (AT-51).

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::domain::policy::TwoPerson;
use countersign_core::mail::SendErrorClass;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use countersign_tests::post_office::PostFault;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::back_in::{confirmed, letters, token_in};
use super::desk::{freshly, on, why};
use super::taking::removal_of;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const REMOVALS: &str = "factor-removals";

async fn asked(app: &TestApp, by: &Person, person: &Person) -> String {
    let asked = on(app, by, &person.account, REMOVALS, &removal_of(person)).await.is(201);
    // The notice has left: the delay runs.
    app.settle().await;
    asked.text_at("/removal/removal_id")
}

async fn then(app: &TestApp, by: &Person, person: &Person, removal: &str, verb: &str) -> Answered {
    on(app, by, &person.account, &format!("{REMOVALS}/{removal}/{verb}"), &why()).await
}

async fn pending(app: &TestApp, by: &Person) -> Vec<Value> {
    let path = "/v1/support/factor-removals?state=pending";
    let listed = app.get(path).on(Listener::Operator).bearer(&by.token).await.is(200);
    listed.body["items"].as_array().unwrap().clone()
}

async fn signs_in(app: &TestApp, person: &Person) -> String {
    app.sign_in(&person.login, PASSWORD).await.is(200).text_at("/status")
}

/// SR-124, SR-126, SR-127, SR-118, SR-039, AT-51: one person asks, another approves, the holder is
/// told at once, and after a day the service does it, once: sessions, devices and recovery codes
/// are gone, and what is left is held.
#[test]
fn at_51_two_people_and_a_day_remove_an_authenticator() {
    TestApp::run(async |app| {
        let mut marlene = confirmed(app, "marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let removal = asked(app, &olga, &marlene).await;
        let waits = pending(app, &olga).await;
        assert_eq!(waits.len(), 1);
        let one = &waits[0];
        assert_eq!(one["removal_id"], json!(removal));
        assert_eq!(one["factor"]["name"], json!("the red phone"));
        assert_eq!((&one["proof"], &one["state"]), (&json!("call_back"), &json!("pending")));
        assert_eq!(one["asked_by_login"], json!("operator.olga"));
        assert_eq!((&one["about"], &one["can_object"]), (&json!("factor"), &json!(true)));
        // Whoever approves reads why it was asked for (SR-124).
        let sent = removal_of(&marlene);
        assert_eq!((&one["reason"], &one["ticket"]), (&sent["reason"], &sent["ticket"]));
        assert_ne!(one["login_hint"], json!("marlene.removal"), "masked");
        assert!(one.get("approved_by").is_none() && one["needs_approval"] == true);
        let told = letters(app, &marlene.email, "is to be removed").await;
        assert_eq!(told.len(), 1, "at once");
        assert!(token_in(&told[0]).is_some(), "with a link to object: {}", told[0]);

        // Another for the same account is 409, and its own asker is not another person.
        on(app, &mia, &marlene.account, REMOVALS, &removal_of(&marlene)).await.is(409);
        then(app, &olga, &marlene, &removal, "approve").await.is(403);
        let approved = then(app, &mia, &marlene, &removal, "approve").await.is(200);
        assert_eq!(approved.text_at("/removal/approved_by_login"), "operator.mia");
        then(app, &mia, &marlene, &removal, "approve").await.is(409);
        app.pass(HOUR * 24 - SignedDuration::from_mins(2)).await;
        assert_eq!(app.removals_due().await, 0, "the delay runs from the request");
        assert_eq!(signs_in(app, &marlene).await, "second_factor_required");
        marlene.token = app.enter(&marlene).await;
        app.pass(SignedDuration::from_mins(2)).await;
        app.removals_due().await;
        app.restart().await.unwrap();
        assert_eq!(app.removals_due().await, 0, "once");
        assert_eq!(app.count(&marlene.account, "account.factor_removal_completed"), 1);
        app.get("/v1/session").bearer(&marlene.token).await.is(401);
        assert_eq!(letters(app, &marlene.email, "was removed").await.len(), 1);

        let entered = app.sign_in("marlene.removal", PASSWORD).await.is(200);
        assert_eq!(entered.text_at("/status"), "completed");
        let marlene = Person { token: entered.text_at("/session/token"), ..marlene };
        let account = app.account(&marlene).await;
        assert_eq!(account["recovery_codes_left"], 0);
        assert!(account["held_until"].is_string());
        let address = json!({ "email": "thief@example.com", "password": PASSWORD });
        let change = app.post("/v1/accounts/me/email", &address).bearer(&marlene.token).await;
        assert_eq!(change.is(403).text_at("/code"), "held");
        // In words, with the ticket, without a name.
        let history = app.history(&marlene).await;
        let told = serde_json::to_string(&history).unwrap();
        for name in ["olga", "mia", &olga.account, &mia.account] {
            assert!(!told.contains(name), "{name}");
        }
        let asked = history.iter().find(|it| it["type"] == "account.factor_removal_requested");
        assert_eq!(asked.unwrap()["data"]["ticket"], "T-1");
        assert_eq!(asked.unwrap()["by"], json!({ "kind": "support" }));
    });
}

/// SR-124: where no address was proven there is no link to object, and whoever asks and approves is
/// told so.
#[test]
fn sr_124_it_is_said_where_the_holder_cannot_object() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let body = json!({
            "recovery_codes": true, "proof": "call_back", "reason": "lost", "ticket": "T-1"
        });
        let asked = on(app, &olga, &marlene.account, REMOVALS, &body).await.is(201);
        let removal = &asked.body["removal"];
        assert_eq!(removal["about"], json!("recovery_codes"));
        assert_eq!(removal["can_object"], json!(false));
        app.settle().await;
        let told = letters(app, &marlene.email, "is to be removed").await;
        assert!(
            !told.is_empty() && told.iter().all(|letter| token_in(letter).is_none()),
            "{told:?}"
        );
        let waits = pending(app, &olga).await;
        assert_eq!(waits[0]["can_object"], json!(false));
    });
}

/// SR-124: approved when its time is over already, the service does it by itself, and nobody has to
/// ask it to.
#[test]
fn sr_124_the_service_does_it_by_itself() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let body = json!({
            "factor_id": marlene.factor, "proof": "in_person", "in_person": true,
            "reason": "at the desk, with a passport", "ticket": "T-1"
        });
        let asked = on(app, &olga, &marlene.account, REMOVALS, &body).await.is(201);
        let removal = asked.text_at("/removal/removal_id");
        assert_eq!(asked.body["removal"]["runs_at"], asked.body["removal"]["asked_at"]);
        then(app, &mia, &marlene, &removal, "approve").await.is(200);
        app.settle().await;
        app.removals_done().await;
        assert_eq!(app.count(&marlene.account, "account.factor_removal_completed"), 1);
        assert_eq!(signs_in(app, &marlene).await, "completed");
    });
}

/// SR-124, AT-51: while the notice cannot leave nothing is removed, and once it has, the holder has
/// his day. Where it was given up, support asks anew.
#[test]
fn sr_124_nothing_is_removed_while_the_holder_cannot_be_told() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let done = |app: &TestApp| app.count(&marlene.account, "account.factor_removal_completed");
        app.settle().await;
        app.post.fails(PostFault::Refuses(SendErrorClass::Unreachable));
        let removal = asked(app, &olga, &marlene).await;
        then(app, &mia, &marlene, &removal, "approve").await.is(200);
        assert_eq!(pending(app, &olga).await[0]["notice"], "pending");
        app.pass(HOUR * 23).await;
        app.settle().await;
        app.post.works();
        app.pass(HOUR).await;
        app.settle().await;
        app.removals_due().await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        assert_eq!(pending(app, &olga).await[0]["notice"], "sent");
        app.pass(HOUR * 22).await;
        app.removals_due().await;
        assert_eq!(done(app), 0, "told a day late");
        app.pass(HOUR).await;
        app.removals_due().await;
        assert_eq!(done(app), 1);

        let erika = confirmed(app, "erika.removal").await;
        let olga = freshly(app, &Person { token: app.enter(&olga).await, ..olga }).await;
        let mia = freshly(app, &Person { token: app.enter(&mia).await, ..mia }).await;
        app.settle().await;
        app.post.fails(PostFault::Refuses(SendErrorClass::Temporary));
        let removal = asked(app, &olga, &erika).await;
        then(app, &mia, &erika, &removal, "approve").await.is(200);
        app.pass(HOUR * 24 * 7).await;
        app.removals_due().await;
        assert_eq!(app.count(&erika.account, "account.factor_removal_completed"), 0);
        let olga = freshly(app, &Person { token: app.enter(&olga).await, ..olga }).await;
        assert_eq!(pending(app, &olga).await[0]["notice"], "given_up");
        then(app, &olga, &erika, &removal, "cancel").await.is(200);
        app.post.works();
        asked(app, &olga, &erika).await;
        assert_eq!(pending(app, &olga).await[0]["notice"], "sent");
    });
}

/// AT-51, SR-124: whoever has talked one operator round gets nowhere: no second person, no removal;
/// and the delay falls away for nobody on the phone.
#[test]
fn at_51_one_operator_alone_removes_nothing() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        for proof in ["call_back", "video_call", "known_colleague", "superior", "identified_anew"] {
            let mut body = removal_of(&marlene);
            (body["proof"], body["in_person"]) = (json!(proof), json!(true));
            on(app, &olga, &marlene.account, REMOVALS, &body).await.is(422);
        }
        for wrong in ["date_of_birth", "security_question", ""] {
            let mut body = removal_of(&marlene);
            body["proof"] = json!(wrong);
            on(app, &olga, &marlene.account, REMOVALS, &body).await.is(400);
        }
        let mut both = removal_of(&marlene);
        both["recovery_codes"] = json!(true);
        on(app, &olga, &marlene.account, REMOVALS, &both).await.is(400);
        // A supervisor is no exception for what he has asked for himself.
        let removal = asked(app, &mia, &marlene).await;
        then(app, &mia, &marlene, &removal, "approve").await.is(403);
        then(app, &olga, &marlene, &removal, "approve").await.is(403);
        app.pass(HOUR * 48).await;
        assert_eq!(app.removals_due().await, 0);
        assert_eq!(signs_in(app, &marlene).await, "second_factor_required");
        // Approved late, it is done at once: its delay is over.
        let other = app.operator("operator.zoe", Role::Supervisor).await;
        then(app, &other, &marlene, &removal, "approve").await.is(200);
        app.settle().await;
        app.removals_done().await;
        assert_eq!(signs_in(app, &marlene).await, "completed");
    });
}

/// SR-124, SR-120, AT-51: two of the staff make no third of a colleague whose password they know:
/// where the operator cannot be told nothing is removed, and the delay falls away for none. What
/// waits is approved by its own path.
#[test]
fn at_51_two_of_the_staff_remove_no_operators_second_factor_unseen() {
    TestApp::run(async |app| {
        let otto = app.operator("operator.otto", Role::Support).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let mut at_once = removal_of(&otto);
        (at_once["proof"], at_once["in_person"]) = (json!("in_person"), json!(true));
        for body in [removal_of(&otto), at_once] {
            let refused = on(app, &olga, &otto.account, REMOVALS, &body).await.is(409);
            assert!(refused.text_at("/detail").contains("two people"), "{:?}", refused.body);
        }
        let marlene = app.person("marlene.removal").await;
        let removal = asked(app, &olga, &marlene).await;
        for verb in ["approve", "cancel"] {
            let path = format!("address-changes/{removal}/{verb}");
            on(app, &mia, &marlene.account, &path, &why()).await.is(404);
        }
        assert_eq!(pending(app, &olga).await.len(), 1);
    });
}

/// SR-124, AT-51: who was found out and disabled is not one of the two people any more: what he
/// asked for is given up and asked for anew.
#[test]
fn at_51_what_a_disabled_operator_asked_for_is_approved_by_nobody() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.removal").await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let removal = asked(app, &olga, &marlene).await;
        let olgas = format!("/v1/operators/{}", olga.account);
        let disables = app.call(Method::DELETE, olgas).on(Listener::Operator);
        disables.bearer(&admin.token).await.is(204);
        then(app, &mia, &marlene, &removal, "approve").await.is(409);
        assert_eq!(app.count(&marlene.account, "account.factor_removal_approved"), 0);
        then(app, &mia, &marlene, &removal, "cancel").await.is(200);
        let paul = app.operator("operator.paul", Role::Support).await;
        let removal = asked(app, &paul, &marlene).await;
        then(app, &mia, &marlene, &removal, "approve").await.is(200);
    });
}

/// SR-124, AT-51, AT-60: the holder's link stops it, by a POST and by nothing else; after that
/// there is nothing to approve. Support gives it up as well.
#[test]
fn at_51_the_holder_stops_a_removal_by_the_link_of_its_mail() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let removal = asked(app, &olga, &marlene).await;
        then(app, &mia, &marlene, &removal, "approve").await.is(200);
        let told = letters(app, &marlene.email, "is to be removed").await;
        let token = token_in(&told[0]).unwrap().to_owned();
        app.plant("objection link", token.as_bytes());
        let path = format!("/v1/objections/{token}");
        let seen = app.get(path.as_str()).await.is(200);
        assert_eq!(seen.text_at("/about"), "removal");
        let effects = seen.body["effects"].as_array().unwrap();
        assert!(effects.contains(&json!("removal_stopped")), "{effects:?}");
        assert_eq!(app.count(&marlene.account, "account.factor_removal_objected"), 0);
        app.post(path.as_str(), &json!({})).await.is(200);
        assert_eq!(app.count(&marlene.account, "account.factor_removal_objected"), 1);
        assert!(pending(app, &olga).await.is_empty());
        app.pass(HOUR * 25).await;
        assert_eq!(app.removals_due().await, 0);
        assert_eq!(letters(app, &marlene.email, "stays").await.len(), 1);
        let olga = Person { token: app.enter(&olga).await, ..olga };
        // Support sees what the holder said, and that the password has ended.
        let seen = app.get(format!("/v1/support/accounts/{}", marlene.account));
        let seen = seen.on(Listener::Operator).bearer(&olga.token).await.is(200);
        assert_eq!(seen.text_at("/change_demanded"), "repudiated");

        let olga = Person { token: app.enter(&olga).await, ..olga };
        let again = asked(app, &olga, &marlene).await;
        let given_up = then(app, &olga, &marlene, &again, "cancel").await.is(200);
        assert_eq!(given_up.text_at("/removal/state"), "cancelled");
        then(app, &olga, &marlene, &again, "cancel").await.is(404);
        assert_eq!(letters(app, &marlene.email, "stays").await.len(), 2);
    });
}

/// SR-124: a desk of one: delay and notice alone, by a policy that says so at an accepted risk.
#[test]
fn sr_124_a_desk_of_one_has_delay_and_notice() {
    TestApp::run(async |app| {
        app.put_in_force(|policy| policy.two_person = TwoPerson::Delay).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let unproven = app.person("marlene.unproven").await;
        on(app, &olga, &unproven.account, REMOVALS, &removal_of(&unproven)).await.is(409);
        assert!(letters(app, &unproven.email, "is to be removed").await.is_empty());
        let marlene = confirmed(app, "marlene.removal").await;
        let olga = freshly(app, &olga).await;
        let mut in_person = removal_of(&marlene);
        (in_person["proof"], in_person["in_person"]) = (json!("in_person"), json!(true));
        on(app, &olga, &marlene.account, REMOVALS, &in_person).await.is(409);
        asked(app, &olga, &marlene).await;
        assert_eq!(letters(app, &marlene.email, "is to be removed").await.len(), 1);
        app.pass(HOUR * 24 - SignedDuration::from_secs(1)).await;
        assert_eq!(app.removals_due().await, 0);
        app.pass(SignedDuration::from_secs(1)).await;
        app.removals_due().await;
        assert_eq!(app.count(&marlene.account, "account.factor_removal_completed"), 1);
    });
}

/// SR-112, SR-124: where everybody must have a second factor, the next sign-in leads to a new one.
#[test]
fn sr_124_where_it_is_required_the_next_sign_in_enrols_anew() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.removal").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let removal = asked(app, &olga, &marlene).await;
        then(app, &mia, &marlene, &removal, "approve").await.is(200);
        app.pass(HOUR * 24).await;
        app.removals_due().await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let admin = freshly(app, &admin).await;
        let settings = json!({ "two_factor.required_from": "2026-11-24T05:00:00Z" });
        let policy = json!({ "profile": "standard", "settings": settings });
        let put = app.call(reqwest::Method::PUT, "/v1/policy").json(&policy);
        put.on(Listener::Operator).bearer(&admin.token).await.is(200);
        assert_eq!(signs_in(app, &marlene).await, "enrolment_required");
    });
}
