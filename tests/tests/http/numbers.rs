//! Live numbers and the health of the log: counted once as it happens, the same after a rebuild.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::mail::SendErrorClass;
use countersign_tests::app::{Answered, Person, STEP, TestApp};
use countersign_tests::post_office::PostFault;
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn stats(app: &TestApp, operator: &Person, window: &str) -> Answered {
    let path = format!("/v1/support/stats?window={window}");
    app.get(path).on(Listener::Operator).bearer(&operator.token).await
}

fn sum(stats: &Answered, name: &str) -> u64 {
    let series = stats.body["series"].as_array().unwrap();
    let found = series.iter().find(|series| series["name"] == name).unwrap();
    found["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum()
}

fn reasons(stats: &Answered) -> Vec<(String, u64)> {
    let reasons = stats.body["failures_by_reason"].as_array().unwrap().iter();
    reasons
        .map(|it| (it["reason"].as_str().unwrap().to_owned(), it["count"].as_u64().unwrap()))
        .collect()
}

#[test]
fn what_happens_is_counted_once_and_shown_at_once() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let marlene = app.person("marlene.counted").await;
        app.pass(SignedDuration::from_hours(2)).await;
        let before = stats(app, &app.operator("op.early", Role::Admin).await, "week").await.is(200);
        let earlier = sum(&before, "sign_ins");
        assert!(earlier > 0);

        app.sign_in("marlene.counted", "not the password").await.is(401);
        app.sign_in("nobody.at.all", "not the password").await.is(401);
        let sign_in = app.begin(&marlene).await;
        let wrong = app.wrong_code(&marlene);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        let code = app.code(&marlene);
        app.answer(&sign_in, "totp", &code).await.is(200);
        app.pass(STEP).await;
        let sign_in = app.begin(&marlene).await;
        for _ in 0..5 {
            let wrong = app.wrong_code(&marlene);
            app.answer(&sign_in, "totp", &wrong).await;
        }
        app.settle().await;
        // A proof within a session is no sign-in.
        let olga = Person { token: app.enter(&olga).await, ..olga };
        let body = json!({ "password": countersign_tests::app::PASSWORD });
        let proven = app.post("/v1/session/proofs", &body).on(Listener::Operator);
        let token = proven.bearer(&olga.token).await.is(200).text_at("/session/token");
        let olga = Person { token, ..olga };

        let hour = stats(app, &olga, "hour").await.is(200);
        let totals = &hour.body["totals"];
        // The admin's setup sign-in, marlene's and olga's.
        assert_eq!(totals["sign_ins"], 3, "{totals}");
        assert_eq!(totals["failures"], 8, "{totals}");
        assert_eq!((&totals["lockouts"], &totals["cool_downs"]), (&json!(0), &json!(1)));
        assert!(totals["mails_sent"].as_u64().unwrap() >= 1);
        assert_eq!(
            reasons(&hour),
            [("totp_wrong".to_owned(), 6), ("password_wrong".to_owned(), 2)]
        );
        for name in ["sign_ins", "failures", "refused", "cool_downs", "lockouts", "mails_sent"] {
            assert_eq!(sum(&hour, name), totals[name].as_u64().unwrap(), "{name}");
        }
        assert_eq!(hour.body["now"]["locked"], 1);
        assert_eq!(hour.body["bucket_seconds"], 60);
        assert_eq!(hour.body["series"][0]["counts"].as_array().unwrap().len(), 60);
        let week = stats(app, &olga, "week").await.is(200);
        assert_eq!(sum(&week, "sign_ins"), earlier + 2);

        app.pass(SignedDuration::from_hours(8 * 24)).await;
        let late = app.operator("op.late", Role::Auditor).await;
        let hour = stats(app, &late, "hour").await.is(200);
        assert_eq!(hour.body["totals"]["failures"], 0);
        for bad in ["year", "", "hour&window=day", "Hour"] {
            stats(app, &late, bad).await.is(400);
        }
    });
}

#[test]
fn the_health_of_the_log_is_told_as_it_is() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        app.registered("marlene.mail").await;
        app.settle().await;
        let health = async || {
            let call = app.get("/v1/support/log-health").on(Listener::Operator);
            call.bearer(&olga.token).await.is(200).body
        };
        let well = health().await;
        let model = &well["read_models"][0];
        assert_eq!((&model["name"], &model["not_understood"]), (&json!("read"), &json!(0)));
        // The read models take the call's own use of the session in when they come to it.
        assert!(well["head"].as_u64() >= model["position"].as_u64());
        assert_eq!(well.get("last_checkpoint"), Some(&Value::Null));
        assert_eq!(well["mail"], json!({ "waiting": 0 }));

        app.post.fails(PostFault::Refuses(SendErrorClass::Temporary));
        let marlene = app.registered("marlene.waits").await;
        let confirm = "/v1/accounts/me/email/confirm";
        app.post(confirm, &json!({})).bearer(&marlene.token).await.is(202);
        app.settle().await;
        app.clock.advance(SignedDuration::from_secs(42));
        let ill = health().await;
        assert_eq!(ill["mail"], json!({ "waiting": 1, "oldest_seconds": 42 }));
    });
}
