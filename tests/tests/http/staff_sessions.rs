//! How long the sessions of operators live, and whom their listener serves.

use countersign_api::contract::kind::Role;
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::TABLE;
use countersign_core::clock::Clock as _;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

use super::desk::{on, why};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

const fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Signs in where operators do: the answer that gives the session.
async fn entered(app: &TestApp, operator: &Person, at: Listener) -> Answered {
    app.pass(SignedDuration::from_secs(30)).await;
    let sign_in = app.begin(operator).await;
    app.answer(&sign_in, "totp", &app.code(operator)).on(at).await.is(200)
}

fn me<'a>(app: &'a TestApp, token: &str) -> Call<'a> {
    app.get("/v1/operators/me").on(Listener::Operator).bearer(token)
}

fn ends_at(given: &Answered) -> Timestamp {
    given.text_at("/session/expires_at").parse().unwrap()
}

/// SR-120: used every 14 minutes it lives until 8 hours are over, whatever is proven again in it.
#[test]
fn sr_120_a_session_of_an_operator_ends_after_eight_hours() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let given = entered(app, &olga, Listener::Operator).await;
        let mut token = given.text_at("/session/token");
        let end = app.clock.now() + mins(8 * 60);
        assert_eq!(ends_at(&given), end);
        for turn in 1..=34 {
            app.pass(mins(14)).await;
            me(app, &token).await.is(200);
            if turn == 17 {
                let code = json!({ "method": "totp", "code": app.code(&olga) });
                let proven = app.post("/v1/session/proofs", &code).on(Listener::Operator);
                let proven = proven.bearer(&token).await.is(200);
                assert_eq!(ends_at(&proven), end);
                token = proven.text_at("/session/token");
            }
        }
        app.pass(end.duration_since(app.clock.now()) - SECOND).await;
        let shown = app.get("/v1/session").on(Listener::Operator).bearer(&token).await.is(200);
        assert_eq!(shown.text_at("/expires_at").parse::<Timestamp>().unwrap(), end);
        app.pass(SECOND).await;
        me(app, &token).await.is(401);
    });
}

/// SR-120: 15 minutes unused it is over, on both listeners; and as soon as the policy says less.
#[test]
fn sr_120_a_session_of_an_operator_ends_after_fifteen_idle_minutes() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let token = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        app.pass(mins(15) - SECOND).await;
        me(app, &token).await.is(200);
        app.pass(mins(15)).await;
        me(app, &token).await.is(401);
        app.get("/v1/session").bearer(&token).await.is(401);
        // Wherever it began.
        let token = entered(app, &olga, Listener::Public).await.text_at("/session/token");
        app.pass(mins(15)).await;
        me(app, &token).await.is(401);

        let token = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        app.put_in_force(|policy| policy.staff_session_idle = mins(5)).await;
        app.pass(mins(5) - SECOND).await;
        me(app, &token).await.is(200);
        app.pass(mins(5)).await;
        me(app, &token).await.is(401);
        // What is set for everybody is no longer for operators.
        app.put_in_force(|policy| policy.session_idle = mins(3)).await;
        let token = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        app.pass(mins(3)).await;
        me(app, &token).await.is(401);
    });
}

/// SR-120: the session of somebody who is no operator is as long as it was.
#[test]
fn sr_120_a_session_of_a_person_is_not_shortened() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.long").await;
        let given = entered(app, &marlene, Listener::Public).await;
        let token = given.text_at("/session/token");
        assert_eq!(ends_at(&given), app.clock.now() + mins(12 * 60));
        for _ in 0..24 {
            app.pass(mins(29)).await;
            app.get("/v1/session").bearer(&token).await.is(200);
        }
    });
}

/// SR-120: a code that is six minutes old allows no act.
#[test]
fn sr_120_an_act_of_support_needs_a_code_of_the_last_five_minutes() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.acts").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let token = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        let olga = Person { token, ..olga };
        app.pass(mins(5)).await;
        on(app, &olga, &marlene.account, "session-ends", &why()).await.is(200);
        app.pass(mins(1)).await;
        let stale = on(app, &olga, &marlene.account, "session-ends", &why()).await.is(401);
        assert_eq!(stale.text_at("/code"), "step-up-required");
    });
}

/// SR-120, SR-068: where operators are served nobody else has a session, whatever the call and
/// whether a bearer or a cookie carries it.
#[test]
fn sr_120_a_users_session_is_worth_nothing_on_the_operators_listener() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.user").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mut calls = 0;
        for row in TABLE.iter().filter(|row| row.on.contains(&Listener::Operator)) {
            let is_of_a_session =
                matches!(row.auth, Auth::Session | Auth::Operator(_) | Auth::OperatorOrClient(..));
            if !is_of_a_session || row.path.contains("{f") {
                continue;
            }
            let method = Method::from_bytes(row.method.as_str().as_bytes()).unwrap();
            let names = ["{account}", "{session}", "{device}", "{client}", "{key}", "{webhook}"];
            let path = names
                .iter()
                .chain(&["{operator}", "{tile}"])
                .fold(row.path.replace("{removal}", &olga.account), |path, name| {
                    path.replace(name, &olga.account)
                });
            if method != Method::GET {
                continue;
            }
            let call = || app.call(method.clone(), path.as_str()).on(Listener::Operator);
            assert_eq!(call().bearer(&marlene.token).await.status, 401, "{path}");
            let cookie = format!("__Host-cs_session={}", marlene.token);
            let portal = call().header("x-countersign-portal", "1").header("cookie", &cookie);
            assert_eq!(portal.await.status, 401, "{path}");
            calls += 1;
        }
        assert!(calls > 15, "{calls}");
        for path in ["/v1/accounts/me", "/v1/accounts/me/history"] {
            let call = app.get(path).on(Listener::Operator);
            call.bearer(&marlene.token).await.is(401);
        }
        let code = json!({ "method": "totp", "code": app.code(&marlene) });
        let proof = app.post("/v1/session/proofs", &code).on(Listener::Operator);
        proof.bearer(&marlene.token).await.is(401);
        app.get("/v1/session").bearer(&marlene.token).await.is(200);
    });
}

/// SR-120, SR-051: at the other door a login is one that nobody has. An operator's password is
/// worth nothing in public, and no number of wrong ones there shuts the operator out; a person's is
/// worth nothing where operators sign in.
#[test]
fn sr_120_operators_sign_in_on_their_listener_and_nobody_else_does() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let marlene = app.person("marlene.doors").await;
        for (login, listener) in
            [(olga.login.as_str(), Listener::Public), (marlene.login.as_str(), Listener::Operator)]
        {
            let mut faces = vec![];
            for (login, password) in
                [(login, PASSWORD), (login, "not the password"), ("nobody.at.all", PASSWORD)]
            {
                faces.push(app.sign_in(login, password).on(listener).await.is(401).face());
            }
            assert!(faces.windows(2).all(|two| two[0] == two[1]), "{faces:#?}");
            for _ in 0..20 {
                app.sign_in(login, "not the password").on(listener).await;
            }
        }
        for person in [&olga, &marlene] {
            assert_eq!(app.count(&person.account, "account.password_rejected"), 0);
            app.begin(person).await;
        }
    });
}

/// SR-120, SR-131: with the role every session of an operator ends, and none of before comes back
/// with it; nor does a role ever come to an account that has a session.
#[test]
fn sr_120_no_session_of_an_operator_outlives_a_change_of_the_role() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let path = format!("/v1/operators/{}", olga.account);
        let disable = || app.call(Method::DELETE, path.as_str()).on(Listener::Operator);
        disable().bearer(&admin.token).await.is(204);
        me(app, &olga.token).await.is(401);
        app.get("/v1/session").bearer(&olga.token).await.is(401);
        // Without the role it is an account all the same, and may do nothing.
        let between = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        me(app, &between).await.is(403);
        app.enable_operator(&olga).await;
        me(app, &between).await.is(401);
        me(app, &olga.token).await.is(401);
        let token = entered(app, &olga, Listener::Operator).await.text_at("/session/token");
        me(app, &token).await.is(200);
        assert_eq!(app.count(&olga.account, "account.sessions_ended"), 2);

        let marlene = app.person("marlene.hired").await;
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let hired = json!({ "login": "marlene.hired", "role": "support" });
        let hire = app.post("/v1/operators", &hired).on(Listener::Operator);
        hire.bearer(&admin.token).await.is(409);
        app.get("/v1/session").bearer(&marlene.token).await.is(200);
    });
}
