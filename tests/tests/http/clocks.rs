//! Phones whose clocks are off: learned, shown to whoever may know, and found again by two codes.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, PASSWORD, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::acts::prove;

/// Longer than any code is known again for.
const LATER: SignedDuration = SignedDuration::from_mins(20);

/// A code of a phone, so many steps off, at a sign-in of its own.
async fn typed(app: &TestApp, person: &Person, offset: i64) -> Answered {
    app.pass(LATER).await;
    let sign_in = app.begin(person).await;
    app.answer(&sign_in, "totp", &app.code_at(person, offset)).await
}

/// A session that a recovery code has proven.
async fn by_recovery_code(app: &TestApp, person: &Person, number: usize) -> String {
    let sign_in = app.begin(person).await;
    let entered = app.answer(&sign_in, "recovery_code", &person.recovery_codes[number]).await;
    entered.is(200).text_at("/session/token")
}

fn resync_path(person: &Person) -> String {
    format!("/v1/accounts/me/factors/{}/resync", person.factor)
}

/// Two codes of a phone, the later one so many steps off.
fn two_codes(app: &TestApp, person: &Person, offset: i64) -> Value {
    json!({ "codes": [app.code_at(person, offset - 1), app.code_at(person, offset)] })
}

/// What a session sees of the one authenticator.
async fn seen(app: &TestApp, token: &str) -> (Value, Value) {
    let account = app.get("/v1/accounts/me").bearer(token).await.is(200).body;
    let factor = &account["factors"][0];
    (factor["clock_offset_seconds"].clone(), factor["clock_refused"].clone())
}

/// SR-014, SR-008: a phone that is slow enters at the edge, and from then on a step further, also
/// after a restart; never are there more than three codes.
#[test]
fn sr_014_what_was_learned_of_a_phone_survives_a_restart() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.slow").await;
        typed(app, &marlene, -2).await.is(401);
        typed(app, &marlene, -1).await.is(200);
        app.restart().await.unwrap();
        typed(app, &marlene, 1).await.is(401);
        typed(app, &marlene, -3).await.is(401);
        typed(app, &marlene, -2).await.is(200);
        typed(app, &marlene, -3).await.is(401);
        typed(app, &marlene, 0).await.is(200);
        typed(app, &marlene, 1).await.is(200);
    });
}

/// SR-015: the holder sees in a session how far his phone is off, and so does support; a client
/// app, which may ask before he has signed in, does not.
#[test]
fn sr_015_the_holder_and_support_see_how_far_a_phone_is_off() {
    TestApp::run(async |app| {
        let support = app.operator("operator.clock", Role::Support).await;
        let marlene = app.person("marlene.clock").await;
        assert_eq!(seen(app, &marlene.token).await, (json!(0), Value::Null));
        typed(app, &marlene, -3).await.is(401);
        let token = by_recovery_code(app, &marlene, 0).await;
        assert_eq!(seen(app, &token).await, (json!(-90), json!(true)));
        let path = format!("/v1/support/accounts/{}", marlene.account);
        let support = app.enter(&support).await;
        let looked = app.get(path).on(Listener::Operator).bearer(&support).await.is(200).body;
        assert_eq!(looked["factors"][0]["clock_offset_seconds"], -90);
        assert_eq!(looked["factors"][0]["clock_refused"], true);
        // What is no code of any time says nothing of the clock, and one that is accepted all.
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        assert_eq!(seen(app, &token).await, (json!(-90), json!(true)));
        let entered = typed(app, &marlene, 1).await.is(200);
        let token = entered.text_at("/session/token");
        assert_eq!(seen(app, &token).await, (json!(30), Value::Null));
    });
}

/// SR-015: nobody is told outside of a session: neither the sign-in, nor an app that vouches for
/// its user and is asked for him.
#[test]
fn sr_015_a_client_app_is_not_told_how_far_a_phone_is_off() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let made = app.post("/v1/accounts", &json!({ "subject": "user-of-an-app" })).bearer(&key);
        let account = made.await.is(201).text_at("/account_id");
        let factors = format!("/v1/accounts/{account}/factors");
        let body = json!({ "kind": "totp", "name": "the red phone" });
        let offered = app.post(factors.as_str(), &body).bearer(&key).await.is(202);
        let (factor, secret) = (offered.text_at("/factor_id"), offered.text_at("/secret"));
        let user = Person { account, factor, secret, ..Person::default() };
        let path = format!("{factors}/{}/activate", user.factor);
        let code = json!({ "code": app.code_at(&user, -1) });
        let activated = app.post(path, &code).bearer(&key).await.is(200);
        assert_eq!(activated.body["factor"]["clock_offset_seconds"], Value::Null);
        let path = format!("/v1/accounts/{}", user.account);
        let shown = app.get(path).bearer(&key).await.is(200).body;
        assert_eq!(shown["factors"][0]["name"], "the red phone");
        assert!(!shown.to_string().contains("clock"), "{shown}");

        let vouch = json!({
            "subject": "user-of-an-app",
            "first_factor": "vouched",
            "context": { "ip": "203.0.113.9", "user_agent": "app" },
        });
        let sign_in = app.post("/v1/sign-ins", &vouch).bearer(&key).await.is(200).text_at("/id");
        app.answer(&sign_in, "totp", &app.code_at(&user, -4)).bearer(&key).await.is(401);
        let path = format!("/v1/accounts/{}/history", user.account);
        let shown = app.get(path).bearer(&key).await.is(200).body.to_string();
        assert!(shown.contains("account.code_rejected"), "{shown}");
        assert!(!shown.contains("clock is") && !shown.contains("off_by"), "{shown}");
    });
}

/// SR-018: two codes in a row, in a session that a recovery code has just proven, set the clock;
/// from then on the phone enters, as far off as it is, and no other time's code does.
#[test]
fn sr_018_two_codes_and_a_recovery_code_set_the_clock() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.far").await;
        app.pass(LATER).await;
        let token = by_recovery_code(app, &marlene, 0).await;
        let body = two_codes(app, &marlene, -12);
        let set =
            app.post(resync_path(&marlene), &body).bearer(&token).keyed("resync-0123456789abcdef");
        let set = set.await.is(200);
        assert_eq!(set.body["clock_offset_seconds"], -360);
        // Sent again it is the same act.
        let again = app.post(resync_path(&marlene), &body).bearer(&token);
        again.keyed("resync-0123456789abcdef").await.is(200);
        assert_eq!(app.count(&marlene.account, "account.factor_resynced"), 1);
        // SR-007: both are used up.
        let again = app.post(resync_path(&marlene), &body).bearer(&token).await.is(401);
        assert_eq!(again.text_at("/code"), "authentication-failed");
        app.restart().await.unwrap();
        typed(app, &marlene, 0).await.is(401);
        typed(app, &marlene, -12).await.is(200);
        typed(app, &marlene, -10).await.is(401);
        typed(app, &marlene, -11).await.is(200);
        typed(app, &marlene, -10).await.is(200);
    });
}

/// SR-018, SR-097: nothing is learned of a phone while the clock of the server was set: it would be
/// what the server is off by. Nor is a guess counted; once the clock is right, the codes are.
#[test]
fn sr_018_sr_097_nothing_is_learned_of_a_phone_while_the_clock_is_in_doubt() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.doubt").await;
        app.pass(LATER).await;
        let token = by_recovery_code(app, &marlene, 0).await;
        let body = two_codes(app, &marlene, -3);
        app.clock.step(SignedDuration::from_mins(6));
        app.post(resync_path(&marlene), &body).bearer(&token).await.is(503);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
        assert_eq!(app.count(&marlene.account, "account.factor_resynced"), 0);
        app.clock.step(-SignedDuration::from_mins(6));
        app.post(resync_path(&marlene), &body).bearer(&token).await.is(200);
    });
}

/// SR-018: one code, two that are not in a row, or more than twenty steps off: refused, and each is
/// a guess at the method's limit like any other (SR-095).
#[test]
fn sr_018_sr_095_what_are_not_two_codes_in_a_row_is_a_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.pairs").await;
        app.pass(LATER).await;
        let token = by_recovery_code(app, &marlene, 0).await;
        let code = |offset| app.code_at(&marlene, offset);
        for malformed in [json!([]), json!([code(-3)]), json!([code(-4), code(-3), code(-2)])] {
            let body = json!({ "codes": malformed });
            app.post(resync_path(&marlene), &body).bearer(&token).await.is(400);
        }
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
        let pairs = [(-3, -3), (-3, -4), (-5, -3), (-21, -20), (21, 22)];
        for (first, second) in pairs {
            let body = json!({ "codes": [code(first), code(second)] });
            let refused = app.post(resync_path(&marlene), &body).bearer(&token).await.is(401);
            assert_eq!(refused.text_at("/code"), "authentication-failed", "{first}, {second}");
        }
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), pairs.len());
        assert_eq!(app.count(&marlene.account, "account.cooled_down"), 1);
        let body = two_codes(app, &marlene, -3);
        app.post(resync_path(&marlene), &body).bearer(&token).await.is(429);
        assert_eq!(app.count(&marlene.account, "account.factor_resynced"), 0);
    });
}

/// SR-018, SR-079: a session proven by that same authenticator, or by nothing just now, is asked
/// for another proof, as RFC 9470 has it.
#[test]
fn sr_018_the_same_authenticator_is_no_proof() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.itself").await;
        let token = app.enter(&marlene).await;
        app.pass(STEP).await;
        let challenge = "Bearer error=\"insufficient_user_authentication\", \
                         acr_values=\"urn:countersign:acr:two_factor\", max_age=300";
        let refused = async |token: &str| {
            let body = two_codes(app, &marlene, 3);
            let refused = app.post(resync_path(&marlene), &body).bearer(token).await.is(401);
            assert_eq!(refused.text_at("/code"), "step-up-required");
            assert_eq!(refused.headers["www-authenticate"], challenge);
        };
        refused(&token).await;
        app.pass(SignedDuration::from_secs(301)).await;
        let password = json!({ "password": PASSWORD });
        let proven = prove(app, &token, &password).await.is(200).text_at("/session/token");
        refused(&proven).await;
        let recovery = json!({ "method": "recovery_code", "code": marlene.recovery_codes[1] });
        let proven = prove(app, &proven, &recovery).await.is(200).text_at("/session/token");
        let body = two_codes(app, &marlene, 3);
        app.post(resync_path(&marlene), &body).bearer(&proven).await.is(200);
    });
}
