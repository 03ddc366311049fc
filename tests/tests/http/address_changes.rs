//! Another address, asked for by support for who has lost the mailbox: by two people, after three
//! days, told to both addresses, stopped by the holder; and what it is worth to whoever talked
//! support into it.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::back_in::{ask_for_reset, confirmed, letters, mailed_code, token_in};
use super::desk::{freshly, on, why};

const NEW: &str = "new.mailbox@example.net";
const TO_BE_CHANGED: &str = "is to be changed";
const STAYS: &str = "stays";
const HOLD: SignedDuration = SignedDuration::from_hours(72);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn change() -> Value {
    let (reason, ticket) = ("has lost the mailbox", "T-72");
    json!({ "email": NEW, "proof": "call_back", "reason": reason, "ticket": ticket })
}

fn ask<'a>(app: &'a TestApp, by: &Person, account: &str) -> Call<'a> {
    on(app, by, account, "address-changes", &change())
}

fn of(asked: &Answered, verb: &str) -> String {
    format!("address-changes/{}/{verb}", asked.text_at("/removal/removal_id"))
}

/// Two supervisors with fresh codes.
async fn supervisors(app: &TestApp) -> (Person, Person) {
    let mia = app.operator("operator.mia", Role::Supervisor).await;
    let rita = app.operator("operator.rita", Role::Supervisor).await;
    (mia, rita)
}

/// Asked for by one, approved by the other.
async fn approved(app: &TestApp, account: &str) -> Answered {
    let (mia, rita) = supervisors(app).await;
    let asked = ask(app, &mia, account).await.is(201);
    // The notice has left: the delay runs.
    app.settle().await;
    on(app, &rita, account, &of(&asked, "approve"), &why()).await.is(200);
    asked
}

async fn shown(app: &TestApp, token: &str) -> Value {
    app.get("/v1/accounts/me").bearer(token).await.is(200).body
}

fn offers_email(begun: &Answered) -> bool {
    let methods = begun.body["methods"].as_array().unwrap();
    methods.iter().any(|method| method["method"] == "email_code")
}

/// SR-122, SR-124: a supervisor asks and another approves; both addresses are told at once, with a
/// link for the present one alone; a second request, and a removal beside it, have to wait.
#[test]
fn sr_124_another_address_needs_two_supervisors_and_is_told_to_both_addresses() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.moves").await;
        app.plant("the new address", NEW.as_bytes());
        let olga = app.operator("operator.olga", Role::Support).await;
        let (mia, rita) = supervisors(app).await;
        ask(app, &olga, &marlene.account).await.is(403);
        let asked = ask(app, &mia, &marlene.account).await.is(201);
        assert_eq!(asked.text_at("/removal/email_hint"), "n•••@e•••.net");
        assert_eq!(asked.text_at("/event/type"), "account.factor_removal_requested");
        assert_eq!(asked.text_at("/removal/about"), "address");
        assert_eq!(asked.body["removal"]["can_object"], serde_json::json!(true));
        assert!(!asked.bytes.windows(NEW.len()).any(|part| part == NEW.as_bytes()));
        ask(app, &rita, &marlene.account).await.is(409);
        let factor = super::taking::removal_of(&marlene);
        on(app, &olga, &marlene.account, "factor-removals", &factor).await.is(409);
        on(app, &mia, &marlene.account, &of(&asked, "approve"), &why()).await.is(403);
        on(app, &olga, &marlene.account, &of(&asked, "approve"), &why()).await.is(403);
        let listed = app.get("/v1/support/factor-removals?state=pending").on(Listener::Operator);
        let listed = listed.bearer(&olga.token).await.is(200);
        assert_eq!(listed.text_at("/items/0/email_hint"), "n•••@e•••.net");
        on(app, &rita, &marlene.account, &of(&asked, "approve"), &why()).await.is(200);
        let present = letters(app, &marlene.email, TO_BE_CHANGED).await;
        let new = letters(app, NEW, TO_BE_CHANGED).await;
        assert_eq!((present.len(), new.len()), (1, 1));
        assert!(token_in(&present[0]).is_some() && token_in(&new[0]).is_none());
        on(app, &olga, &marlene.account, &of(&asked, "cancel"), &why()).await.is(200);
        assert_eq!(letters(app, &marlene.email, STAYS).await.len(), 1);
        app.pass(HOLD).await;
        assert_eq!(app.removals_due().await, 0);
    });
}

/// SR-124: what is the present address, or none, is refused; so is an account without one.
#[test]
fn sr_124_another_address_is_another_and_an_address() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.same").await;
        let (mia, rita) = supervisors(app).await;
        for (email, status) in [(marlene.email.as_str(), 422), ("no address", 422)] {
            let body =
                json!({ "email": email, "proof": "call_back", "reason": "a", "ticket": "1" });
            let refused = on(app, &mia, &marlene.account, "address-changes", &body).await;
            assert_eq!(refused.status, status, "{email}");
        }
        let olga = app.operator("operator.olga", Role::Support).await;
        ask(app, &rita, &olga.account).await.is(404);
        assert_eq!(app.count(&marlene.account, "account.factor_removal_requested"), 0);
    });
}

/// SR-053, SR-124, AT-51, AT-58: done after three days and once. Whoever has the new mailbox, and
/// the password too, is not in by mail: no link to a new password goes there, and codes by e-mail
/// are not offered until another factor was proven.
#[test]
fn sr_124_a_new_mailbox_alone_lets_nobody_in() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.taken").await;
        app.plant("the new address", NEW.as_bytes());
        approved(app, &marlene.account).await;
        app.pass(HOLD - SignedDuration::from_mins(2)).await;
        assert_eq!(app.removals_due().await, 0);
        let session = app.enter(&marlene).await;
        app.get("/v1/session").bearer(&session).await.is(200);
        app.pass(SignedDuration::from_mins(2)).await;
        app.removals_done().await;
        assert_eq!(app.removals_due().await, 0, "once");
        app.get("/v1/session").bearer(&session).await.is(401);
        assert_eq!(app.count(&marlene.account, "account.email_changed"), 1);

        ask_for_reset(app, &marlene.login).await.is(202);
        assert!(letters(app, NEW, "new password").await.is_empty());
        let begun = app.sign_in(&marlene.login, PASSWORD).await.is(200);
        assert!(!offers_email(&begun), "{:?}", begun.body);
        app.email_code(&begun.text_at("/id")).await.is(401);
        let olga = app.operator("operator.olga", Role::Support).await;
        let mail = on(app, &olga, &marlene.account, "password-mails", &why()).await;
        assert_eq!(mail.status, 409, "no proven address");

        let token = app.enter(&marlene).await;
        let account = shown(app, &token).await;
        assert_eq!(account["email_hint"], "n•••@e•••.net");
        assert_eq!(account["email_confirmed"], false);
        // Held: nothing else is changed at once.
        let factor = format!("/v1/accounts/me/factors/{}", marlene.factor);
        app.call(reqwest::Method::DELETE, factor).bearer(&token).await.is(403);
        // The authenticator was proven: codes come again, and a right one proves the address.
        let begun = app.sign_in(&marlene.login, PASSWORD).await.is(200);
        assert!(offers_email(&begun), "{:?}", begun.body);
        let confirm = app.post("/v1/accounts/me/email/confirm", &json!({}));
        confirm.bearer(&token).await.is(202);
        let code = json!({ "code": mailed_code(app, NEW).await });
        app.post("/v1/accounts/me/email/confirm", &code).bearer(&token).await.is(200);
        assert_eq!(shown(app, &token).await["email_confirmed"], true);
    });
}

/// SR-124: the holder stops it by the link that the present address has, also after it was
/// approved: everybody is signed out, and it never happens.
#[test]
fn sr_124_the_holder_stops_another_address() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.stops").await;
        app.plant("the new address", NEW.as_bytes());
        let asked = approved(app, &marlene.account).await;
        let letter = letters(app, &marlene.email, TO_BE_CHANGED).await.pop().unwrap();
        let link = format!("/v1/objections/{}", token_in(&letter).unwrap());
        let stopped = app.post(link, &json!({})).await.is(200);
        let effects = stopped.body["effects"].as_array().unwrap();
        assert!(effects.contains(&json!("removal_stopped")), "{effects:?}");
        app.get("/v1/session").bearer(&marlene.token).await.is(401);
        assert_eq!(letters(app, &marlene.email, STAYS).await.len(), 1);
        app.pass(HOLD).await;
        assert_eq!(app.removals_due().await, 0);
        assert_eq!(app.count(&marlene.account, "account.email_changed"), 0);
        let mia = app.operator("operator.later", Role::Supervisor).await;
        on(app, &mia, &marlene.account, &of(&asked, "approve"), &why()).await.is(404);
    });
}

/// SR-124: done, the earlier address takes itself back by the link of its notice; the new one has
/// no such link.
#[test]
fn sr_124_the_earlier_address_takes_itself_back() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.back").await;
        app.plant("the new address", NEW.as_bytes());
        approved(app, &marlene.account).await;
        app.pass(HOLD).await;
        app.removals_due().await;
        app.removals_done().await;
        let told = letters(app, &marlene.email, "Another e-mail").await.pop().unwrap();
        let new = letters(app, NEW, "Another e-mail").await.pop().unwrap();
        assert!(token_in(&new).is_none(), "{new}");
        let link = format!("/v1/objections/{}", token_in(&told).unwrap());
        app.post(link, &json!({})).await.is(200);
        let events = app.events(&marlene.account);
        let last = events.iter().rev().find(|event| event.event_type().contains("email_change"));
        assert_eq!(last.unwrap().event_type(), "account.email_change_undone");
        ask_for_reset(app, &marlene.login).await.is(202);
        assert!(!letters(app, &marlene.email, "new password").await.is_empty());
        assert!(letters(app, NEW, "new password").await.is_empty());
    });
}

/// SR-124: where the present mailbox is no more the new one is told all the same, and takes its
/// place.
#[test]
fn sr_124_a_mailbox_that_is_no_more_is_left_behind() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.gone").await;
        app.plant("the new address", NEW.as_bytes());
        app.settle().await;
        app.post.closes(&marlene.email);
        approved(app, &marlene.account).await;
        assert_eq!(letters(app, NEW, TO_BE_CHANGED).await.len(), 1);
        app.pass(HOLD).await;
        app.removals_due().await;
        app.removals_done().await;
        assert_eq!(app.count(&marlene.account, "account.email_changed"), 1);
    });
}

/// SR-124: where the holder changes the address himself meanwhile, what support was asked for is
/// over.
#[test]
fn sr_124_the_holders_own_change_comes_first() {
    TestApp::run(async |app| {
        let marlene = confirmed(app, "marlene.first").await;
        app.plant("the new address", NEW.as_bytes());
        let asked = approved(app, &marlene.account).await;
        let token = app.enter(&marlene).await;
        let own = "marlene.own@example.org";
        let email = json!({ "email": own });
        app.post("/v1/accounts/me/email", &email).bearer(&token).await.is(202);
        let code = json!({ "code": mailed_code(app, own).await });
        app.post("/v1/accounts/me/email/confirm", &code).bearer(&token).await.is(200);
        app.pass(HOLD).await;
        assert_eq!(app.removals_due().await, 0);
        assert_eq!(app.count(&marlene.account, "account.email_changed"), 1);
        let mia = app.operator("operator.later", Role::Supervisor).await;
        let mia = freshly(app, &mia).await;
        on(app, &mia, &marlene.account, &of(&asked, "cancel"), &why()).await.is(404);
        app.pass(SECOND).await;
    });
}
