//! Who a sign-in is for: decided by its first step and by nothing that comes later; and one name
//! has one counter, however it is spelled.

use countersign_tests::app::{PASSWORD, TestApp};
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use serde_json::json;

/// Bytes of the account's id at the head of a handle.
const OWNER_BYTES: usize = 16;
const WRONG: &str = "another password";

/// A name as people, and attackers, spell it.
fn spellings(login: &str) -> [String; 6] {
    let wide: String =
        login.chars().map(|c| if c.is_ascii_lowercase() { widened(c) } else { c }).collect();
    [
        login.to_owned(),
        login.to_uppercase(),
        format!(" {login}\t"),
        wide,
        login.replace('e', "e\u{200b}"),
        format!("\u{feff}{}", login.to_uppercase()),
    ]
}

/// The full-width form of a letter.
fn widened(letter: char) -> char {
    char::from_u32(u32::from(letter) - u32::from('a') + 0xff41).unwrap()
}

/// AT-34, SR-089: five wrong passwords under five spellings of a login are five of one account, and
/// the sixth spelling must wait with the right one; so it is with a login that nobody has.
#[test]
fn at_34_every_spelling_of_a_login_is_one_counter() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.spelled").await;
        for login in [marlene.login.as_str(), "somebody.else.entirely"] {
            let spelled = spellings(login);
            for spelling in &spelled[..5] {
                app.sign_in(spelling, WRONG).await.is(401);
            }
            for spelling in &spelled {
                app.sign_in(spelling, PASSWORD).await.is(429);
            }
        }
        assert_eq!(app.count(&marlene.account, "account.password_rejected"), 5);
        app.pass(SignedDuration::from_mins(1)).await;
        app.sign_in(&spellings(&marlene.login)[3], PASSWORD).await.is(200);
    });
}

/// AT-34, SR-089: so are wrong codes of sign-ins that began under one spelling each.
#[test]
fn at_34_codes_count_for_the_account_however_its_sign_in_was_begun() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.codes").await;
        let (wrong, mut ids) = (app.wrong_code(&marlene), vec![]);
        for spelling in spellings(&marlene.login) {
            ids.push(app.sign_in(&spelling, PASSWORD).await.is(200).text_at("/id"));
        }
        for id in &ids[..5] {
            app.answer(id, "totp", &wrong).await.is(401);
        }
        app.answer(&ids[5], "totp", &app.code(&marlene)).await.is(429);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 5);
    });
}

/// AT-19, SR-057: nothing in the second step says whose it is: no field, no query, no header, no
/// bearer, and no id of another kind or of somebody else.
#[test]
fn at_19_nobody_is_swapped_between_the_steps() {
    TestApp::run(async |app| {
        let (jane, john) = (app.person("jane.swapped").await, app.person("john.swapped").await);
        let (hers, his) = (app.begin(&jane).await, app.begin(&john).await);
        let (code, key) = (app.code(&jane), app.client_app().await);
        let path = format!("/v1/sign-ins/{hers}/answers");
        for (field, id) in [
            ("login", john.login.as_str()),
            ("account_id", &john.account),
            ("account", &john.account),
            ("subject", &john.login),
            ("email", &john.email),
            ("id", &his),
        ] {
            let body = json!({ "method": "totp", "code": code, field: id });
            app.post(path.as_str(), &body).await.is(400);
        }
        let body = json!({ "method": "totp", "code": code });
        for query in ["login=john.swapped", "account_id=me", "id=1"] {
            app.post(format!("{path}?{query}"), &body).await.is(400);
        }
        // What is no sign-in, or half of one and half of another.
        let bytes = |handle: &str| BASE64URL_NOPAD.decode(handle.as_bytes()).unwrap();
        let grafted = [&bytes(&his)[..OWNER_BYTES], &bytes(&hers)[OWNER_BYTES..]].concat();
        let grafted = BASE64URL_NOPAD.encode(&grafted);
        for id in [&jane.token, &john.token, &key, &grafted, &jane.account, &jane.factor] {
            app.answer(id, "totp", &code).await.is(401);
        }
        app.answer(&his, "totp", &code).await.is(401);
        app.answer(&hers, "totp", &app.code(&john)).await.is(401);
        let mut call = app.answer(&hers, "totp", &code).bearer(&john.token);
        for name in ["x-account", "x-account-id", "x-user", "x-login", "x-remote-user"] {
            call = call.header(name, &john.login);
        }
        let token = call.await.is(200).text_at("/session/token");
        let me = app.get("/v1/session").bearer(&token).await.is(200);
        assert_eq!(me.text_at("/account_id"), jane.account);
        assert_eq!(app.count(&john.account, "account.code_verified"), 1, "his activation's");
    });
}
