//! What somebody else can do with a mailbox, a password or a name, and how the holder takes it
//! back.

use countersign_tests::app::{Answered, PASSWORD, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::acts::{prove, totp};
use super::back_in::{
    DAY, NEW_PASSWORD, REPLACEMENT, RESEND, ask_for_reset, begin_factor, by_email, confirmed,
    letters, link, mailed_code, reset,
};

const EMAIL: &str = "/v1/accounts/me/email";
/// There are three codes by e-mail in fifteen minutes.
const BETWEEN_CHANGES: jiff::SignedDuration = jiff::SignedDuration::from_mins(8);
const CONFIRM: &str = "/v1/accounts/me/email/confirm";

async fn register(app: &TestApp, login: &str, email: &str) -> Answered {
    let body = json!({ "login": login, "email": email, "password": PASSWORD });
    app.post("/v1/accounts", &body).await
}

async fn confirm(app: &TestApp, token: &str, to: &str) {
    let code = mailed_code(app, to).await;
    app.post(CONFIRM, &json!({ "code": code })).bearer(token).await.is(200);
}

/// Somebody with a password alone, whose address is proven.
async fn with_password(app: &TestApp, login: &str) -> Person {
    let person = app.registered(login).await;
    app.post(CONFIRM, &json!({})).bearer(&person.token).await.is(202);
    confirm(app, &person.token, &person.email).await;
    app.pass(RESEND).await;
    person
}

async fn change_address(app: &TestApp, token: &str, to: &str) {
    let body = json!({ "email": to, "password": PASSWORD });
    app.post(EMAIL, &body).bearer(token).await.is(202);
    confirm(app, token, to).await;
    app.pass(BETWEEN_CHANGES).await;
}

async fn object(app: &TestApp, link: &str) -> Answered {
    app.post(format!("/v1/objections/{link}"), &json!({})).await
}

async fn account(app: &TestApp, token: &str) -> Value {
    app.get("/v1/accounts/me").bearer(token).await.is(200).body
}

async fn resets(app: &TestApp, to: &str) -> usize {
    letters(app, to, "A new password").await.len()
}

/// SR-089, AT-34: a login that reads like an address is the account's own, so that nobody is sent
/// what another asked for.
#[test]
fn sr_089_a_login_is_not_somebody_elses_address() {
    TestApp::run(async |app| {
        let victim = confirmed(app, "victoria").await;
        let refused = register(app, &victim.email, "mallory@example.net").await.is(422);
        assert_eq!(refused.text_at("/field"), "login");
        // Hers in name alone: it was never proven.
        register(app, &victim.email, &victim.email).await.is(201);
        ask_for_reset(app, &victim.email).await.is(202);
        let token = link(app, &victim.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        app.sign_in(&victim.login, NEW_PASSWORD).await.is(200);
        assert_eq!(resets(app, &victim.email).await, 1);
    });
}

/// SR-030, SR-051: neither a limit nor a reused key tells that a login and an address are one
/// account's.
#[test]
fn sr_030_asking_for_a_new_password_links_no_login_to_an_address() {
    TestApp::run(async |app| {
        let victim = confirmed(app, "victoria").await;
        let names = [
            (victim.login.as_str(), victim.email.as_str()),
            ("nobody.here", "nobody.here@example.com"),
        ];
        let mut faces = vec![];
        for (place, (login, email)) in names.into_iter().enumerate() {
            let mut of = vec![];
            for name in [login, login, login, login, email, email] {
                of.push(ask_for_reset(app, name).await.face());
            }
            let key = format!("one-key-for-two-names-{place}");
            for name in [login, email] {
                let call = app.post("/v1/password-resets", &json!({ "login": name })).keyed(&key);
                of.push(call.await.face());
            }
            faces.push(of);
        }
        assert_eq!(faces[0], faces[1]);
        assert_eq!(faces[0].last().unwrap().status, 422);
        assert_eq!(app.count(&victim.account, "account.password_reset_requested"), 3);
    });
}

/// Strangers who give somebody's address without proving it take nothing from whoever has.
#[test]
fn strangers_with_ones_address_do_not_switch_off_the_way_back() {
    TestApp::run(async |app| {
        let victim = confirmed(app, "victoria").await;
        for number in 0..12 {
            register(app, &format!("stranger.{number}"), &victim.email).await.is(201);
        }
        ask_for_reset(app, &victim.email).await.is(202);
        assert_eq!(resets(app, &victim.email).await, 1);
    });
}

/// SR-117: each earlier address is told, and takes itself back, however often it was changed since;
/// and there is an end to changes.
#[test]
fn sr_117_every_earlier_address_is_told_and_takes_itself_back() {
    TestApp::run(async |app| {
        let victim = with_password(app, "victoria").await;
        for to in ["second@example.net", "thief@example.net", "thief2@example.net"] {
            change_address(app, &victim.token, to).await;
        }
        let told = async |to: &str| letters(app, to, "Another e-mail").await.len();
        assert_eq!(told(&victim.email).await, 3);
        assert_eq!(told("second@example.net").await, 3);
        assert_eq!(told("thief@example.net").await, 2);
        let body = json!({ "email": "thief3@example.net", "password": PASSWORD });
        let fourth = app.post(EMAIL, &body);
        fourth.bearer(&victim.token).await.is(429);
        // The second change is undone: what came after it goes too, what came before stays.
        let second = letters(app, "second@example.net", "Another e-mail").await;
        let token = super::back_in::token_in(&second[1]).unwrap();
        let done = object(app, token).await.is(200);
        assert!(done.body["effects"].as_array().unwrap().contains(&json!("address_restored")));
        ask_for_reset(app, &victim.login).await.is(202);
        assert_eq!(resets(app, "second@example.net").await, 1);
        assert_eq!(resets(app, "thief2@example.net").await, 0);
        // The first change can still be taken back.
        let first = letters(app, &victim.email, "Another e-mail").await;
        let token = super::back_in::token_in(&first[0]).unwrap();
        object(app, token).await.is(200);
        ask_for_reset(app, &victim.login).await.is(202);
        assert_eq!(resets(app, &victim.email).await, 1);
    });
}

/// SR-053: where no second factor stands behind it, the password ends with "that was not me": who
/// stole it is not the one who chooses the next.
#[test]
fn sr_053_not_me_ends_a_password_that_stands_alone() {
    TestApp::run(async |app| {
        let victim = with_password(app, "victoria").await;
        change_address(app, &victim.token, "thief@example.net").await;
        let link_of = link(app, &victim.email, "Another e-mail").await;
        let shown = app.get(format!("/v1/objections/{link_of}")).await.is(200);
        let effects = json!(["address_restored", "sessions_ended", "password_ended"]);
        assert_eq!(shown.body["effects"], effects);
        assert_eq!(object(app, &link_of).await.is(200).body["effects"], effects);
        app.get("/v1/session").bearer(&victim.token).await.is(401);
        app.sign_in(&victim.login, PASSWORD).await.is(401);
        ask_for_reset(app, &victim.login).await.is(202);
        assert_eq!(resets(app, "thief@example.net").await, 0);
        let token = link(app, &victim.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        let entered = app.sign_in(&victim.login, NEW_PASSWORD).await.is(200);
        assert_eq!(entered.text_at("/status"), "completed", "nothing else is demanded");
        // A link does it once: what happens later has links of its own.
        app.get(format!("/v1/objections/{link_of}")).await.is(401);
        object(app, &link_of).await.is(401);
        let later = entered.text_at("/session/token");
        app.get("/v1/session").bearer(&later).await.is(200);
    });
}

/// The page is told what is done and nothing else: an address that was never proven is not back.
#[test]
fn an_objection_answers_with_what_it_did() {
    TestApp::run(async |app| {
        let victim = app.registered("una").await;
        change_address(app, &victim.token, "second@example.net").await;
        assert!(link_in(app, &victim.email).await.is_none(), "nothing to promise it");
        let by_new = link(app, "second@example.net", "Another e-mail").await;
        let did = object(app, &by_new).await.is(200);
        assert_eq!(did.text_at("/about"), "email_change");
        assert_eq!(did.body["effects"], json!(["sessions_ended", "password_ended"]));

        let mike = confirmed(app, "mike").await;
        let token = by_email(app, &mike).await;
        app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let asked = link(app, &mike.email, "is to be replaced").await;
        app.call(reqwest::Method::DELETE, REPLACEMENT).bearer(&token).await.is(204);
        let did = object(app, &asked).await.is(200);
        assert_eq!(did.body["effects"], json!(["sessions_ended", "password_asked"]));
    });
}

async fn link_in(app: &TestApp, to: &str) -> Option<String> {
    let letters = letters(app, to, "Another e-mail").await;
    let text = letters.last().expect("it was told");
    super::back_in::token_in(text).map(str::to_owned)
}

/// SR-019, SR-116: a code of the authenticator that is said to be lost stops its replacement, and
/// so does the end of that authenticator: nothing that was asked for earlier befalls the next one.
#[test]
fn sr_019_a_replacement_concerns_the_authenticator_that_was_lost() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike").await;
        let asks = async |person: &Person| {
            let token = by_email(app, person).await;
            app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        };
        asks(&mike).await;
        let token = app.enter(&mike).await;
        assert_eq!(account(app, &token).await.get("replacement"), None, "the phone is there");
        assert_eq!(letters(app, &mike.email, "stays").await.len(), 1);

        app.pass(DAY).await;
        asks(&mike).await;
        let sign_in = app.begin(&mike).await;
        let entered = app.answer(&sign_in, "recovery_code", &mike.recovery_codes[0]).await.is(200);
        let token = entered.text_at("/session/token");
        assert_eq!(account(app, &token).await.get("replacement"), None, "a code is there");

        // Asked for by somebody else while the holder is in.
        asks(&mike).await;
        let remove = format!("/v1/accounts/me/factors/{}/remove", mike.factor);
        app.post(remove, &json!({})).bearer(&token).await.is(204);
        let mike = Person { token: token.clone(), ..mike };
        let mike =
            app.with_authenticator(mike, countersign_api::server::listener::Listener::Public);
        let mike = mike.await;
        assert_eq!(account(app, &token).await.get("replacement"), None);
        app.pass(DAY).await;
        let thief = by_email(app, &mike).await;
        let refused = begin_factor(app, &thief).await;
        assert_eq!(refused.is(401).text_at("/code"), "step-up-required");
    });
}

/// SR-118: who only reads the mailbox asks for a new password every day, and cannot keep the holder
/// from giving up that mailbox.
#[test]
fn sr_118_daily_resets_do_not_hold_an_address_for_ever() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike").await;
        for day in 0..3 {
            ask_for_reset(app, &mike.login).await.is(202);
            let token = link(app, &mike.email, "A new password").await;
            let password = format!("the mailbox reader's {day}");
            reset(app, &token, &password).await.is(200);
            app.pass(STEP).await;
            let asked = app.sign_in(&mike.login, &password).await.is(200);
            let code = app.code(&mike);
            let entered = app.answer(&asked.text_at("/id"), "totp", &code).await.is(200);
            let token = entered.text_at("/session/token");
            let other = json!({ "email": format!("safe{day}@example.org") });
            let changed = app.post(EMAIL, &other).bearer(&token).await;
            assert_eq!(changed.status, if day == 0 { 403 } else { 202 }, "day {day}");
            app.pass(DAY + SignedDuration::from_mins(1)).await;
        }
    });
}

/// A code that confirms the address is good after the session has proven something, too.
#[test]
fn a_code_for_the_address_outlives_a_step_up() {
    TestApp::run(async |app| {
        let mike = app.person("mike").await;
        let token = app.enter(&mike).await;
        app.post(CONFIRM, &json!({})).bearer(&token).await.is(202);
        app.pass(STEP).await;
        let proven = prove(app, &token, &totp(app, &mike)).await.is(200);
        let token = proven.text_at("/session/token");
        confirm(app, &token, &mike.email).await;
        assert_eq!(account(app, &token).await["email_confirmed"], true);
    });
}

/// An account that a client app made without an address gets one like any other.
#[test]
fn an_account_without_an_address_gets_one() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let made = app.post("/v1/accounts", &json!({ "subject": "user-of-the-app" })).bearer(&key);
        let factors = format!("/v1/accounts/{}/factors", made.await.is(201).text_at("/account_id"));
        let offer = json!({ "kind": "totp", "name": "phone" });
        let offered = app.post(factors.as_str(), &offer).bearer(&key).await.is(202);
        let user = Person { secret: offered.text_at("/secret"), ..Person::default() };
        let path = format!("{factors}/{}/activate", offered.text_at("/factor_id"));
        app.post(path, &json!({ "code": app.code(&user) })).bearer(&key).await.is(200);
        let vouched = json!({
            "subject": "user-of-the-app", "first_factor": "vouched",
            "context": { "ip": "192.0.2.1" }
        });
        let begun = app.post("/v1/sign-ins", &vouched).bearer(&key).await.is(200);
        app.pass(STEP).await;
        let entered = app.answer(&begun.text_at("/id"), "totp", &app.code(&user)).await.is(200);
        let token = entered.text_at("/session/token");
        change_address(app, &token, "user@example.org").await;
        assert_eq!(account(app, &token).await["email_hint"], "u•••@e•••.org");
    });
}

/// An address that no mail can be written to is refused where it is given.
#[test]
fn an_address_that_the_mailer_cannot_write_to_is_refused() {
    TestApp::run(async |app| {
        for address in ["a..b@example.org", ".a@example.org", "a@-example.org"] {
            let refused = register(app, "una.dots", address).await.is(422);
            assert_eq!(refused.text_at("/field"), "email", "{address}");
        }
        register(app, "una.dots", "a.b@example.org").await.is(201);
    });
}
