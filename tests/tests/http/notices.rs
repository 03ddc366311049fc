//! What the holder is told of by mail: a used code, a session that made room, new recovery codes.

use countersign_tests::app::{PASSWORD, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::acts::prove;
use super::back_in::letters;

/// SR-016: a code that was accepted before, typed again at a sign-in, is told to the holder, calmly
/// and once an hour; whoever typed it hears what he hears of any wrong code.
#[test]
fn sr_016_a_used_code_is_told_to_the_holder_and_not_to_the_claimant() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.replayed").await;
        let sign_in = app.begin(&marlene).await;
        let code = app.code(&marlene);
        app.answer(&sign_in, "totp", &code).await.is(200);
        let sign_in = app.begin(&marlene).await;
        let wrong = app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401).face();
        for _ in 0..3 {
            let replayed = app.answer(&sign_in, "totp", &code).await.is(401).face();
            assert_eq!(replayed, wrong);
        }
        let told = letters(app, &marlene.email, "used code was typed again").await;
        assert_eq!(told.len(), 1, "{told:#?}");
        let words = told[0].split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("Most often this is simply the same person"), "{words}");
        assert_eq!(app.count(&marlene.account, "account.notice_sent"), 2, "and the authenticator");
        let history = app.history(&marlene).await;
        let replays = history.iter().filter(|event| {
            event["explanation"].as_str().unwrap_or_default().contains("used before")
        });
        assert_eq!(replays.count(), 3);

        app.pass(SignedDuration::from_hours(1)).await;
        let sign_in = app.begin(&marlene).await;
        let code = app.code(&marlene);
        app.answer(&sign_in, "totp", &code).await.is(200);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(401);
        assert_eq!(letters(app, &marlene.email, "used code was typed again").await.len(), 2);
    });
}

/// SR-136: the eleventh session ends the oldest, which its holder is told and finds in the history;
/// a proof within a session is none.
#[test]
fn sr_136_the_eleventh_session_ends_the_oldest_and_says_so() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.everywhere").await;
        let mut tokens = vec![marlene.token.clone()];
        for _ in 0..9 {
            app.pass(STEP).await;
            let entered = app.sign_in(&marlene.login, PASSWORD).await.is(200);
            tokens.push(entered.text_at("/session/token"));
        }
        let proven = prove(app, &tokens[9], &json!({ "password": PASSWORD })).await.is(200);
        tokens[9] = proven.text_at("/session/token");
        app.get("/v1/session").bearer(&tokens[0]).await.is(200);
        assert_eq!(letters(app, &marlene.email, "signed out").await.len(), 0);
        app.pass(STEP).await;
        let eleventh = app.sign_in(&marlene.login, PASSWORD).await.is(200);
        app.get("/v1/session").bearer(&tokens[0]).await.is(401);
        for token in &tokens[1..] {
            app.get("/v1/session").bearer(token).await.is(200);
        }
        assert_eq!(letters(app, &marlene.email, "signed out").await.len(), 1);
        let token = eleventh.text_at("/session/token");
        let sessions = app.get("/v1/accounts/me/sessions").bearer(&token).await.is(200);
        assert_eq!(sessions.body["items"].as_array().unwrap().len(), 10);
        let path = "/v1/accounts/me/history?limit=200";
        let history = app.get(path).bearer(&token).await.is(200).body.to_string();
        assert!(history.contains("1 session ended: there were too many; the holder is told"));
        // One more within the hour ends another, and brings no further mail.
        app.sign_in(&marlene.login, PASSWORD).await.is(200);
        app.get("/v1/session").bearer(&tokens[1]).await.is(401);
        assert_eq!(letters(app, &marlene.email, "signed out").await.len(), 1);
    });
}

/// SR-036: new recovery codes need a fresh second factor, and the holder is told; the old set is
/// dead, and what is left of the new one is shown.
#[test]
fn sr_036_new_recovery_codes_replace_all_and_the_holder_is_told() {
    TestApp::run(async |app| {
        let path = "/v1/accounts/me/recovery-codes";
        let mut marlene = app.person("marlene.renews").await;
        let old = std::mem::take(&mut marlene.recovery_codes);
        app.pass(SignedDuration::from_secs(301)).await;
        let stale = app.post(path, &json!({})).bearer(&marlene.token).await.is(401);
        assert_eq!(stale.text_at("/code"), "step-up-required");
        let password = json!({ "password": PASSWORD });
        let token = prove(app, &marlene.token, &password).await.is(200).text_at("/session/token");
        app.post(path, &json!({})).bearer(&token).await.is(401);
        assert_eq!(letters(app, &marlene.email, "New recovery codes").await.len(), 0);
        let token = app.enter(&marlene).await;
        let renewed = app.post(path, &json!({})).bearer(&token).await.is(201);
        let new: Vec<String> = renewed.body["recovery_codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(new.len(), 10);
        assert!(new.iter().all(|code| !old.contains(code)));
        assert_eq!(letters(app, &marlene.email, "New recovery codes").await.len(), 1);
        let sign_in = app.begin(&marlene).await;
        for code in &old[..4] {
            app.answer(&sign_in, "recovery_code", code).await.is(401);
        }
        let entered = app.answer(&sign_in, "recovery_code", &new[0]).await.is(200);
        marlene.token = entered.text_at("/session/token");
        assert_eq!(app.account(&marlene).await["recovery_codes_left"], 9);
    });
}
