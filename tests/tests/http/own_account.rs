//! An account by its id: its holder's, as by `me`; to every other session it is not there.

use countersign_tests::app::TestApp;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

#[test]
fn a_holder_reaches_the_own_account_by_its_id() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.own").await;
        let own = format!("/v1/accounts/{}", marlene.account);
        // That a mail went out is an event too: none may come between the two looks.
        app.settle().await;
        let by_me = app.get("/v1/accounts/me").bearer(&marlene.token).await.is(200);
        let by_id = app.get(own.as_str()).bearer(&marlene.token).await.is(200);
        assert_eq!(by_id.text_at("/login"), "marlene.own");
        assert_eq!(by_id.face().body, by_me.face().body);
        app.get(format!("{own}/history")).bearer(&marlene.token).await.is(200);
        let body = json!({ "kind": "totp", "name": "the blue phone" });
        app.post(format!("{own}/factors"), &body).bearer(&marlene.token).await.is(202);
        let renewed = app.post(format!("{own}/recovery-codes"), &json!({}));
        renewed.bearer(&marlene.token).await.is(201);
    });
}

/// Somebody else's account and none at all are one answer, and a dead token is one for its own.
#[test]
fn an_id_opens_nothing_that_a_session_does_not_hold() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.own").await;
        let erika = app.person("erika.own").await;
        let nobody = Uuid::from_u128(7).to_string();
        let mut faces = vec![];
        for account in [&erika.account, &nobody] {
            for path in
                [format!("/v1/accounts/{account}"), format!("/v1/accounts/{account}/history")]
            {
                faces.push(app.get(path).bearer(&marlene.token).await.is(401).face());
            }
        }
        assert!(faces.windows(2).all(|pair| pair[0] == pair[1]), "{faces:#?}");
        let own = format!("/v1/accounts/{}", marlene.account);
        app.call(Method::DELETE, "/v1/session").bearer(&marlene.token).await.is(204);
        app.get(own).bearer(&marlene.token).await.is(401);
    });
}
