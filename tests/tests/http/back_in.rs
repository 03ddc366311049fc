//! Getting back in: a lost phone, a forgotten password, another address, "this was not me".

use countersign_tests::app::{Answered, PASSWORD, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::acts::acts;

pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);
pub(crate) const RESEND: SignedDuration = SignedDuration::from_mins(1);
pub(crate) const NEW_PASSWORD: &str = "seven of his donkeys";
pub(crate) const REPLACEMENT: &str = "/v1/accounts/me/factors/replacement";

/// The texts of the mails to an address whose subject has this in it, oldest first.
pub(crate) async fn letters(app: &TestApp, to: &str, subject: &str) -> Vec<String> {
    app.settle().await;
    let mails = app.post.mails_to(to).into_iter();
    mails.filter(|mail| mail.subject.contains(subject)).map(|mail| mail.text.to_string()).collect()
}

/// What the newest of these mails carries behind the `#` of its link.
pub(crate) async fn link(app: &TestApp, to: &str, subject: &str) -> String {
    let letters = letters(app, to, subject).await;
    let text = letters.last().unwrap_or_else(|| panic!("no mail to {to} about {subject}"));
    token_in(text).expect("a link").to_owned()
}

/// What the link of a mail carries behind its `#`.
pub(crate) fn token_in(text: &str) -> Option<&str> {
    text.split_whitespace().find_map(|word| word.split_once('#')).map(|(_, token)| token)
}

/// The code of the newest mail with one.
pub(crate) async fn mailed_code(app: &TestApp, to: &str) -> String {
    let letters = letters(app, to, "code to").await;
    let text = letters.last().expect("a mail with a code");
    let digits = |line: &&str| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    text.lines().find(digits).expect("a code").to_owned()
}

/// A session by a code by e-mail.
pub(crate) async fn by_email(app: &TestApp, person: &Person) -> String {
    app.pass(RESEND).await;
    let sign_in = app.begin(person).await;
    app.email_code(&sign_in).await.is(202);
    let code = mailed_code(app, &person.email).await;
    let entered = app.answer(&sign_in, "email_code", &code).await.is(200);
    assert_eq!(entered.body["session"]["assurance"], "email_code");
    entered.text_at("/session/token")
}

pub(crate) fn reset<'a>(
    app: &'a TestApp,
    token: &str,
    password: &str,
) -> countersign_tests::app::Call<'a> {
    app.post(format!("/v1/password-resets/{token}"), &json!({ "password": password }))
}

pub(crate) async fn ask_for_reset(app: &TestApp, login: &str) -> Answered {
    app.post("/v1/password-resets", &json!({ "login": login })).await
}

/// The right code by e-mail confirms an address; only such a one is sent a link.
pub(crate) async fn confirmed(app: &TestApp, login: &str) -> Person {
    let person = app.person(login).await;
    by_email(app, &person).await;
    app.pass(RESEND).await;
    person
}

pub(crate) async fn begin_factor(app: &TestApp, token: &str) -> Answered {
    let body = json!({ "kind": "totp", "name": "the new phone", "password": PASSWORD });
    app.post("/v1/accounts/me/factors", &body).bearer(token).await
}

fn methods(asked: &Answered) -> Vec<String> {
    let methods = asked.body["methods"].as_array().expect("methods").iter();
    methods.map(|method| method["method"].as_str().expect("a name").to_owned()).collect()
}

/// SR-019, SR-116: who has lost the phone replaces it after a day; the old one and the old
/// recovery codes are dead in the same moment, and every address was told.
#[test]
fn sr_019_a_lost_phone_is_replaced_after_a_day() {
    TestApp::run(async |app| {
        let mut mike = app.person("mike.lost").await;
        let (old_factor, old_secret) = (mike.factor.clone(), mike.secret.clone());
        let token = by_email(app, &mike).await;
        begin_factor(app, &token).await.is(401);
        let asked = app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let again = app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        assert_eq!(asked.body, again.body, "one that waits is not begun anew");
        assert_eq!(letters(app, &mike.email, "is to be replaced").await.len(), 1);
        app.pass(DAY - SignedDuration::from_mins(5)).await;
        let early = by_email(app, &mike).await;
        begin_factor(app, &early).await.is(401);
        app.pass(SignedDuration::from_mins(5)).await;
        let token = by_email(app, &mike).await;
        let offered = begin_factor(app, &token).await.is(202);
        mike.secret = offered.text_at("/secret");
        mike.factor = offered.text_at("/factor_id");
        let path = format!("/v1/accounts/me/factors/{}/activate", mike.factor);
        let body = json!({ "code": app.code(&mike) });
        let activated = app.post(path, &body).bearer(&token).await.is(200);
        assert_eq!(activated.body["recovery_codes"].as_array().map(Vec::len), Some(10));
        assert_eq!(activated.body["session"]["assurance"], "two_factor");
        assert_eq!(letters(app, &mike.email, "was replaced").await.len(), 1);

        // The old phone and the old codes are dead; the new phone enters.
        app.pass(STEP).await;
        let old = Person { secret: old_secret, ..mike.clone() };
        let sign_in = app.begin(&mike).await;
        app.answer(&sign_in, "totp", &app.code(&old)).await.is(401);
        app.answer(&sign_in, "recovery_code", &mike.recovery_codes[0]).await.is(401);
        let session = app.answer(&sign_in, "totp", &app.code(&mike)).await.is(200);
        let token = session.text_at("/session/token");
        let account = app.get("/v1/accounts/me").bearer(&token).await.is(200);
        let factors = account.body["factors"].as_array().expect("factors");
        assert!(factors.iter().all(|factor| factor["factor_id"] != old_factor.as_str()));
        // SR-118: what could lock the holder out waits another day.
        let renewed = app.post("/v1/accounts/me/recovery-codes", &json!({})).bearer(&token);
        assert_eq!(renewed.await.is(403).text_at("/code"), "held");
    });
}

/// SR-066: a call that had nothing to do left no event, and keeps its key all the same, for a day
/// and across a restart.
#[test]
fn sr_066_a_call_that_had_nothing_to_do_keeps_its_key() {
    TestApp::run(async |app| {
        let mike = app.person("mike.keys").await;
        let token = by_email(app, &mike).await;
        let asked = app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let key = "a-key-that-led-to-nothing";
        for restarts in [false, true] {
            if restarts {
                app.restart().await.unwrap();
            }
            let keyed = app.post(REPLACEMENT, &json!({})).bearer(&token).keyed(key);
            assert_eq!(keyed.clone().await.is(202).bytes, asked.bytes);
            let other = keyed.other_body().await.is(422);
            assert_eq!(other.text_at("/code"), "idempotency-key-reused");
        }
        assert_eq!(app.count(&mike.account, "account.replacement_requested"), 1);
        app.pass(DAY).await;
        let token = by_email(app, &mike).await;
        let other = app.post(REPLACEMENT, &json!({})).bearer(&token).other_body();
        other.keyed(key).await.is(202);
    });
}

/// SR-019: a session by a code by e-mail changes no factor, recovery codes, address or password;
/// it asks for a replacement, and nothing else that lasts.
#[test]
fn sr_019_a_session_by_a_code_by_e_mail_changes_nothing() {
    TestApp::run(async |app| {
        let mike = app.person("mike.mails").await;
        let token = by_email(app, &mike).await;
        for act in acts(&mike) {
            let refused = act.send(app).bearer(&token).await;
            assert!([401, 403].contains(&refused.status), "{act:?}: {:?}", refused.face());
        }
        let email = json!({ "email": "other@example.com", "password": PASSWORD });
        app.post("/v1/accounts/me/email", &email).bearer(&token).await.is(403);
        let password = json!({ "current": PASSWORD, "password": NEW_PASSWORD });
        app.post("/v1/accounts/me/password", &password).bearer(&token).await.is(401);
        // And from any other session a replacement is not asked for.
        let two = app.enter(&mike).await;
        app.post(REPLACEMENT, &json!({})).bearer(&two).await.is(403);
        app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
    });
}

/// SR-019, SR-029: the modes of codes by e-mail.
#[test]
fn sr_029_for_recovery_only_with_one_address_there_is_no_code() {
    let recovery = |config: &mut countersign_api::config::Config| {
        config.email.mode = countersign_core::domain::policy::EmailMode::RecoveryOnly;
    };
    TestApp::run_with(recovery, async |app| {
        let mike = app.person("mike.one").await;
        let asked = app.sign_in(&mike.login, PASSWORD).await.is(200);
        assert!(!methods(&asked).contains(&"email_code".to_owned()));
        app.email_code(&asked.text_at("/id")).await.is(401);
    });
}

/// SR-019, SR-029: where the operator accepts one address, the code has eight digits and leads to
/// a session that replaces a phone, reads, and signs out.
#[test]
fn sr_019_a_session_for_recovery_only_does_nothing_else() {
    let recovery = |config: &mut countersign_api::config::Config| {
        config.email.mode = countersign_core::domain::policy::EmailMode::RecoveryOnly;
        config.email.single_channel_ack = true;
    };
    TestApp::run_with(recovery, async |app| {
        let mike = app.person("mike.recovers").await;
        let token = by_email(app, &mike).await;
        assert_eq!(mailed_code(app, &mike.email).await.len(), 8);
        app.get("/v1/accounts/me").bearer(&token).await.is(200);
        app.get("/v1/accounts/me/history").bearer(&token).await.is(200);
        let ends = app.call(reqwest::Method::DELETE, "/v1/accounts/me/sessions").bearer(&token);
        ends.await.is(403);
        let confirm = app.post("/v1/accounts/me/email/confirm", &json!({})).bearer(&token);
        confirm.await.is(403);
        app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let out = app.call(reqwest::Method::DELETE, "/v1/session").bearer(&token);
        out.await.is(204);
    });
}

/// SR-019: switched off, nobody is offered a code by e-mail, and none is sent.
#[test]
fn sr_019_switched_off_there_is_no_code_by_e_mail() {
    let off = |config: &mut countersign_api::config::Config| {
        config.email.mode = countersign_core::domain::policy::EmailMode::Off;
    };
    TestApp::run_with(off, async |app| {
        let mike = app.person("mike.off").await;
        let asked = app.sign_in(&mike.login, PASSWORD).await.is(200);
        assert!(!methods(&asked).contains(&"email_code".to_owned()));
        app.email_code(&asked.text_at("/id")).await.is(401);
        assert_eq!(letters(app, &mike.email, "code to").await.len(), 0);
    });
}

/// SR-053, SR-054, AT-29, AT-58: a password set anew by mail signs nobody in and removes nothing;
/// with the mailbox alone there is no way in, for a week.
#[test]
fn sr_053_at_58_a_mailbox_alone_is_not_enough() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.forgets").await;
        let live = app.enter(&mike).await;
        // A sign-in that waits with its code by e-mail dies with the old password.
        let waiting = app.begin(&mike).await;
        app.email_code(&waiting).await.is(202);
        let code = mailed_code(app, &mike.email).await;
        ask_for_reset(app, &mike.login).await.is(202);
        let token = link(app, &mike.email, "A new password").await;
        reset(app, &token, "short").await.is(422);
        let done = reset(app, &token, NEW_PASSWORD).await.is(200);
        assert_eq!(done.body, json!({ "status": "completed" }));
        reset(app, &token, PASSWORD).await.is(401);
        app.answer(&waiting, "email_code", &code).await.is(401);
        app.get("/v1/session").bearer(&live).await.is(401);
        app.sign_in(&mike.login, PASSWORD).await.is(401);

        let asked = app.sign_in(&mike.login, NEW_PASSWORD).await.is(200);
        assert_eq!(methods(&asked), ["totp", "recovery_code"]);
        app.email_code(&asked.text_at("/id")).await.is(401);
        // SR-118: the phone enters, and for a day what could lock the holder out must wait.
        app.pass(STEP).await;
        let entered = app.answer(&asked.text_at("/id"), "totp", &app.code(&mike)).await.is(200);
        let token = entered.text_at("/session/token");
        for act in acts(&mike).into_iter().filter(|act| act.path.contains("remove")) {
            assert_eq!(act.send(app).bearer(&token).await.is(403).text_at("/code"), "held");
        }
        let email = json!({ "email": "other@example.com" });
        let held = app.post("/v1/accounts/me/email", &email).bearer(&token).await.is(403);
        assert_eq!(held.text_at("/code"), "held");
        // The proof brings codes by e-mail back.
        let asked = app.sign_in(&mike.login, NEW_PASSWORD).await.is(200);
        assert_eq!(methods(&asked), ["totp", "email_code", "recovery_code"]);
    });
}

/// SR-030, SR-051, SR-054, AT-22: nobody learns whether there is an account; a link is for one
/// account, one purpose, half an hour.
#[test]
fn sr_054_a_link_to_a_new_password_is_good_for_one_thing() {
    TestApp::run(async |app| {
        let (mike, mary) = (confirmed(app, "mike.links").await, confirmed(app, "mary.links").await);
        let unconfirmed = app.registered("una.links").await;
        let known = ask_for_reset(app, &mike.login).await;
        for login in ["nobody.links", &unconfirmed.login, &mary.email, "nobody@example.com"] {
            assert_eq!(ask_for_reset(app, login).await.face(), known.face(), "{login}");
        }
        assert_eq!(letters(app, &unconfirmed.email, "A new password").await.len(), 0);
        let (his, hers) =
            (link(app, &mike.email, "A new password").await, link(app, &mary.email, "A new").await);
        // Hers names her; swapped parts are nobody's.
        let mixed = format!("{}{}", &his[..32], &hers[32..]);
        reset(app, &mixed, NEW_PASSWORD).await.is(401);
        app.post(format!("/v1/objections/{his}"), &json!({})).await.is(401);
        app.get("/v1/session").bearer(&his).await.is(401);
        app.pass(SignedDuration::from_mins(30)).await;
        reset(app, &his, NEW_PASSWORD).await.is(401);
        // AT-50: three an hour, and an answer that never tells.
        for login in [&mike.login, "nobody.links"] {
            for _ in 0..4 {
                assert_eq!(ask_for_reset(app, login).await.face(), known.face(), "{login}");
            }
        }
        assert_eq!(app.count(&mike.account, "account.password_reset_requested"), 3);
    });
}

/// SR-053, SR-131: the password is changed with the present one and a fresh second factor; other
/// sessions end, and this one gets a new token.
#[test]
fn sr_053_a_password_is_changed_with_the_present_one_and_a_second_factor() {
    TestApp::run(async |app| {
        let mike = app.person("mike.changes").await;
        let (other, token) = (app.enter(&mike).await, app.enter(&mike).await);
        let change = |current: &str, token: &str| {
            let body = json!({ "current": current, "password": NEW_PASSWORD });
            app.post("/v1/accounts/me/password", &body).bearer(token)
        };
        change("another password", &token).await.is(401);
        let changed = change(PASSWORD, &token).await.is(200).text_at("/session/token");
        app.get("/v1/session").bearer(&token).await.is(401);
        app.get("/v1/session").bearer(&other).await.is(401);
        app.get("/v1/session").bearer(&changed).await.is(200);
        assert_eq!(letters(app, &mike.email, "was changed").await.len(), 1);
        app.pass(SignedDuration::from_mins(6)).await;
        let stale = change(NEW_PASSWORD, &changed).await.is(401);
        assert_eq!(stale.text_at("/code"), "step-up-required");
    });
}

/// SR-117, AT-60: another address is proven first, the earlier one is told and takes itself back;
/// looking at the link changes nothing.
#[test]
fn sr_117_an_earlier_address_is_told_and_takes_itself_back() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.moves").await;
        let token = app.enter(&mike).await;
        let body = json!({ "email": "thief@example.net" });
        app.post("/v1/accounts/me/email", &body).bearer(&token).await.is(202);
        let code = mailed_code(app, "thief@example.net").await;
        let confirm = json!({ "code": code });
        app.post("/v1/accounts/me/email/confirm", &confirm).bearer(&token).await.is(200);
        assert_eq!(letters(app, "thief@example.net", "Another e-mail").await.len(), 1);
        let link = link(app, &mike.email, "Another e-mail").await;
        let path = format!("/v1/objections/{link}");
        let hint = |view: &Value| view["email_hint"].clone();
        let before = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        for _ in 0..2 {
            assert_eq!(app.get(&path).await.is(200).text_at("/about"), "email_change");
        }
        let after = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        assert_eq!(hint(&before), hint(&after), "AT-60");
        app.post(&path, &json!({})).await.is(200);
        app.get("/v1/session").bearer(&token).await.is(401);

        // The holder is asked for a new password, and has the old address.
        app.pass(STEP).await;
        let sign_in = app.begin(&mike).await;
        let answered = app.answer(&sign_in, "totp", &app.code(&mike)).await.is(200);
        assert_eq!(answered.text_at("/status"), "password_change_required");
        let id = answered.text_at("/id");
        app.answer(&id, "totp", &app.code_at(&mike, 1)).await.is(401);
        let set = |password: &str| {
            app.post(format!("/v1/sign-ins/{id}/password"), &json!({ "password": password }))
        };
        set(PASSWORD).await.is(422);
        let entered = set(NEW_PASSWORD).await.is(200);
        assert_eq!(entered.body["session"]["assurance"], "two_factor");
        let token = entered.text_at("/session/token");
        let account = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        assert_eq!(account["email_hint"], "m•••@e•••.com");
        // Once.
        app.post(&path, &json!({})).await.is(401);
        app.get("/v1/session").bearer(&token).await.is(200);
    });
}

/// SR-117: after a week there is no way back.
#[test]
fn sr_117_after_seven_days_the_link_is_dead() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.late").await;
        let token = by_email(app, &mike).await;
        app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let link = link(app, &mike.email, "is to be replaced").await;
        app.get(format!("/v1/objections/{link}")).await.is(200);
        app.pass(DAY.saturating_mul(7)).await;
        app.get(format!("/v1/objections/{link}")).await.is(401);
        app.post(format!("/v1/objections/{link}"), &json!({})).await.is(401);
    });
}

/// SR-116, AT-60: an objection stops a replacement.
#[test]
fn sr_116_an_objection_stops_a_replacement() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.objects").await;
        let token = by_email(app, &mike).await;
        app.post(REPLACEMENT, &json!({})).bearer(&token).await.is(202);
        let link = link(app, &mike.email, "is to be replaced").await;
        app.get(format!("/v1/objections/{link}")).await.is(200);
        let account = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        assert!(account["replacement"].is_object(), "AT-60: looking stops nothing");
        let said = app.post(format!("/v1/objections/{link}"), &json!({})).await.is(200);
        assert_eq!(said.text_at("/about"), "replacement");
        assert_eq!(letters(app, &mike.email, "authenticator at Countersign stays").await.len(), 1);
        app.get("/v1/session").bearer(&token).await.is(401);
    });
}

/// SR-112, SR-114: once everybody must have a second factor, a password leads to its set-up and to
/// nothing else, and the last authenticator stays.
#[test]
fn sr_112_from_a_date_on_a_password_leads_to_an_enrolment() {
    let from = |config: &mut countersign_api::config::Config| {
        config.two_factor.required_from = Some("2026-11-24T05:00:00Z".to_owned());
    };
    TestApp::run_with(from, async |app| {
        let new = json!({ "login": "nina", "email": "nina@example.com", "password": PASSWORD });
        let account = app.post("/v1/accounts", &new).await.is(201).text_at("/account_id");
        let asked = app.sign_in("nina", PASSWORD).await.is(200);
        assert_eq!(asked.text_at("/status"), "enrolment_required");
        let id = asked.text_at("/id");
        for wrong in ["answers", "email-code", "password"] {
            let body = match wrong {
                "answers" => json!({ "method": "totp", "code": "000000" }),
                "password" => json!({ "password": NEW_PASSWORD }),
                _ => json!({}),
            };
            app.post(format!("/v1/sign-ins/{id}/{wrong}"), &body).await.is(401);
        }
        app.get("/v1/accounts/me").bearer(&id).await.is(401);
        let body = json!({ "kind": "totp", "name": "phone" });
        let path = format!("/v1/sign-ins/{id}/factors");
        let offered = app.post(&path, &body).await.is(202);
        let nina = Person {
            login: "nina".to_owned(),
            account,
            factor: offered.text_at("/factor_id"),
            secret: offered.text_at("/secret"),
            ..Person::default()
        };
        let path = format!("{path}/{}/activate", nina.factor);
        let activated = app.post(&path, &json!({ "code": app.code(&nina) })).await.is(200);
        assert_eq!(activated.body["recovery_codes"].as_array().map(Vec::len), Some(10));
        let token = activated.text_at("/session/token");
        let removed = format!("/v1/accounts/me/factors/{}/remove", nina.factor);
        app.post(removed, &json!({})).bearer(&token).await.is(409);
        app.post(&path, &json!({ "code": app.code_at(&nina, 1) })).await.is(401);
    });
}
