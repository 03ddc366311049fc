//! The log as it grows: nobody is named, nothing is lost, and it ends with the right to see it.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_api::client::{Client, ClientError, LogItem, LogStream};
use countersign_api::contract::kind::Role;
use countersign_api::contract::log::{LogLine, LogStreamQuery, StreamKind};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_tests::app::{Person, STEP, TestApp};
use futures::StreamExt as _;
use jiff::SignedDuration;
use reqwest::Method;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

fn client(app: &TestApp, operator: &Person) -> Client {
    let url = format!("http://{}", app.address(Listener::Operator));
    Client::new(&url).unwrap().with_bearer(Secret::new(operator.token.as_str()))
}

async fn follow(app: &TestApp, operator: &Person, after: Option<u64>) -> LogStream {
    let client = client(app, operator);
    client.follow_log(&LogStreamQuery::default(), after).await.unwrap()
}

async fn refusal(app: &TestApp, operator: &Person, query: &LogStreamQuery) -> ProblemCode {
    client(app, operator).follow_log(query, None).await.unwrap_err().code().unwrap()
}

/// The lines up to and with one of this type.
async fn until(tail: &mut LogStream, event_type: &str) -> Vec<LogLine> {
    let mut lines = vec![];
    loop {
        let item = tokio::time::timeout(PATIENCE, tail.next()).await.expect(event_type);
        if let LogItem::Line(line) = item.unwrap().unwrap() {
            lines.push(*line);
            if lines.last().unwrap().event_type == event_type {
                return lines;
            }
        }
    }
}

/// What a tail ends with. What was registered after its right to see anything is not in it.
async fn end(mut tail: LogStream) -> ClientError {
    loop {
        let item = tokio::time::timeout(PATIENCE, tail.next()).await.expect("no end");
        match item.expect("an end without a reason") {
            Ok(LogItem::Line(line)) => assert_ne!(line.event_type, "account.registered"),
            Ok(LogItem::Heartbeat(_)) => {}
            Err(error) => {
                assert!(tail.next().await.is_none());
                return error;
            }
        }
    }
}

/// SR-126: opening the tail is an event. Nothing of it names a holder.
#[test]
fn sr_126_a_tail_is_a_look_that_names_nobody() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let mut tail = follow(app, &olga, None).await;
        let marlene = app.person("marlene.tail").await;
        let lines = until(&mut tail, "account.enabled").await;
        drop(tail);
        assert_eq!(app.count(&olga.account, "account.history_viewed"), 1);
        let opened = &lines[0];
        assert_eq!(opened.explanation, "this operator followed the log");
        let text = format!("{lines:?}");
        for hidden in [&marlene.account, &marlene.login, &marlene.email, &marlene.factor] {
            assert!(!text.contains(hidden.as_str()), "{hidden} in {text}");
        }
        let of_marlene = lines.iter().filter(|line| line.stream == StreamKind::Account);
        let hints: BTreeSet<_> = of_marlene.map(|line| line.hint.clone().unwrap()).collect();
        assert!(hints.contains(&format!("{}•••", &marlene.account[..4])), "{hints:?}");

        let raw = app.call(Method::HEAD, "/v1/log/stream").on(Listener::Operator);
        let head = raw.bearer(&olga.token).await.is(200);
        assert_eq!(head.headers["content-type"], "text/event-stream");
        assert_eq!(head.headers["cache-control"], "no-store");
        // Asking for the head opens nothing.
        assert_eq!(app.count(&olga.account, "account.history_viewed"), 1);
    });
}

/// Cut off after any event, it goes on with the next one.
#[test]
fn a_tail_goes_on_exactly_after_the_last_event_id() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Supervisor).await;
        let marlene = app.person("marlene.again").await;
        let (mut positions, mut after) = (vec![], None);
        for _ in 0..4 {
            app.pass(STEP).await;
            app.enter(&marlene).await;
            let mut tail = match after {
                Some(_) => follow(app, &olga, after).await,
                None => {
                    let all = LogStreamQuery { from: Some(0), ..LogStreamQuery::default() };
                    client(app, &olga).follow_log(&all, None).await.unwrap()
                }
            };
            let lines = until(&mut tail, "account.history_viewed").await;
            positions.extend(lines.iter().map(|line| line.position));
            after = positions.last().copied();
        }
        let expected: Vec<u64> = (0..u64::try_from(positions.len()).unwrap()).collect();
        assert_eq!(positions, expected);
        assert!(positions.len() > 20);

        // A filtered one moves past what it leaves out.
        let types = Some("policy.set".to_owned());
        let query = LogStreamQuery { types, ..LogStreamQuery::default() };
        let mut quiet = client(app, &olga).follow_log(&query, Some(0)).await.unwrap();
        let Some(Ok(LogItem::Heartbeat(first))) = quiet.next().await else { panic!("no beat") };
        assert_eq!(first.position, Some(0));
        assert!(first.head > first.position);
        for wrong in [("last-event-id", "x"), ("last-event-id", "-1"), ("last-event-id", "")] {
            let call = app.get("/v1/log/stream").on(Listener::Operator).bearer(&olga.token);
            call.header(wrong.0, wrong.1).await.is(400);
        }
    });
}

#[test]
fn a_tail_is_filtered_by_type_and_account() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let marlene = app.person("marlene.filter").await;
        let types = Some("account.registered,account.enabled".to_owned());
        let query = LogStreamQuery { from: Some(0), types, ..LogStreamQuery::default() };
        let mut tail = client(app, &olga).follow_log(&query, None).await.unwrap();
        let lines = until(&mut tail, "account.enabled").await;
        assert!(lines.iter().all(|line| line.event_type.ends_with("ed")));
        let account = Some(marlene.account.parse().unwrap());
        let ticket = Some("4711".to_owned());
        let query = LogStreamQuery { from: Some(0), account, ticket, ..Default::default() };
        let mut tail = client(app, &olga).follow_log(&query, None).await.unwrap();
        let lines = until(&mut tail, "account.history_viewed").await;
        let revisions: Vec<u64> = lines.iter().map(|line| line.revision).collect();
        assert_eq!(revisions, (0..u64::try_from(lines.len()).unwrap()).collect::<Vec<_>>());
        let history = app.history(&marlene).await;
        assert_eq!(history[0]["data"]["ticket"], "4711");

        let unknown = LogStreamQuery { types: Some("account.none".into()), ..Default::default() };
        assert_eq!(refusal(app, &olga, &unknown).await, ProblemCode::FieldRefused);
        let none = LogStreamQuery { types: Some(String::new()), ..Default::default() };
        assert_eq!(refusal(app, &olga, &none).await, ProblemCode::InvalidRequest);
        let beyond = LogStreamQuery { from: Some(1_000_000), ..Default::default() };
        assert_eq!(refusal(app, &olga, &beyond).await, ProblemCode::FieldRefused);
        let nobody = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f".parse().unwrap();
        let nobody = LogStreamQuery { account: Some(nobody), ..Default::default() };
        assert_eq!(refusal(app, &olga, &nobody).await, ProblemCode::NotFound);
    });
}

/// SR-126: what support reads of the past it reads account by account, where the holder sees it.
/// The whole log it follows as it grows; an auditor reads all of it.
#[test]
fn sr_126_support_follows_the_whole_log_as_it_grows() {
    TestApp::run(async |app| {
        app.registered("marlene.before").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let auditor = app.operator("operator.auditor", Role::Auditor).await;
        app.pass(SignedDuration::from_mins(16)).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        let auditor = Person { token: app.enter(&auditor).await, ..auditor };
        let erika = app.registered("erika.after").await;
        let earliest = app.clock.now() - SignedDuration::from_mins(15);
        let all = LogStreamQuery { from: Some(0), ..LogStreamQuery::default() };
        for (query, after) in [(&all, None), (&LogStreamQuery::default(), Some(0))] {
            let mut tail = client(app, &olga).follow_log(query, after).await.unwrap();
            let lines = until(&mut tail, "account.registered").await;
            assert!(lines.iter().all(|line| line.at >= earliest), "{lines:?}");
            assert!(lines[0].position > 20);
        }
        let mut tail = client(app, &auditor).follow_log(&all, None).await.unwrap();
        assert_eq!(until(&mut tail, "account.registered").await[0].position, 0);
        app.pass(SignedDuration::from_mins(14)).await;
        let account = Some(erika.account.parse().unwrap());
        let query = LogStreamQuery { from: Some(0), account, ..Default::default() };
        let mut tail = client(app, &olga).follow_log(&query, None).await.unwrap();
        let lines = until(&mut tail, "account.history_viewed").await;
        assert_eq!(lines[0].revision, 0);
    });
}

/// SR-122: who follows what. An auditor follows the log, and no account.
#[test]
fn sr_122_an_auditor_follows_the_log_and_no_account() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.auditor").await;
        let auditor = app.operator("operator.auditor", Role::Auditor).await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        drop(follow(app, &auditor, None).await);
        let account = Some(marlene.account.parse().unwrap());
        let query = LogStreamQuery { account, ..Default::default() };
        assert_eq!(refusal(app, &auditor, &query).await, ProblemCode::Forbidden);
        assert_eq!(app.count(&marlene.account, "account.history_viewed"), 0);
        let all = LogStreamQuery::default();
        assert_eq!(refusal(app, &admin, &all).await, ProblemCode::Forbidden);
        for path in ["/v1/support/stats", "/v1/support/log-health"] {
            for operator in [&auditor, &admin] {
                app.get(path).on(Listener::Operator).bearer(&operator.token).await.is(200);
            }
            app.get(path).on(Listener::Operator).bearer(&marlene.token).await.is(401);
        }
    });
}

/// SR-120: a tail shows nothing after the end of its session or of its operator's role, and
/// following is no use that keeps the session from being idle.
#[test]
fn sr_120_a_tail_ends_with_the_session_and_the_role() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let paul = app.operator("operator.paul", Role::Support).await;
        let of_olga = follow(app, &olga, None).await;
        let out = app.call(Method::DELETE, "/v1/session").on(Listener::Operator);
        out.bearer(&olga.token).await.is(204);
        app.registered("after.the.session").await;
        assert_eq!(end(of_olga).await.code(), Some(ProblemCode::Unauthenticated));
        let of_paul = follow(app, &paul, None).await;
        let path = format!("/v1/operators/{}", paul.account);
        let out = app.call(Method::DELETE, path).on(Listener::Operator);
        out.bearer(&admin.token).await.is(204);
        app.registered("after.the.role").await;
        // Whichever it finds first: the role is gone, and then the session.
        let gone = [Some(ProblemCode::Forbidden), Some(ProblemCode::Unauthenticated)];
        assert!(gone.contains(&end(of_paul).await.code()));

        let rita = app.operator("operator.rita", Role::Support).await;
        let tail = follow(app, &rita, None).await;
        // What happens elsewhere is followed meanwhile, and is no use of the session.
        for _ in 0..4 {
            app.pass(SignedDuration::from_mins(10)).await;
            app.sign_in("nobody.at.all", "not the password").await.is(401);
        }
        app.sign_in("operator.rita", "not the password").await.is(401);
        assert_eq!(end(tail).await.code(), Some(ProblemCode::Unauthenticated));
    });
}

/// What follows has a bound, and gives its place back.
#[test]
fn one_operator_follows_a_few_times_at_once() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let mut tails = vec![];
        for _ in 0..countersign_core::accounts::FOLLOWERS_PER_OPERATOR_MAX {
            tails.push(follow(app, &olga, None).await);
        }
        let all = LogStreamQuery::default();
        assert_eq!(refusal(app, &olga, &all).await, ProblemCode::TooManyRequests);
        let opened = app.count(&olga.account, "account.history_viewed");
        assert_eq!(opened, tails.len());
        let paul = app.operator("operator.paul", Role::Support).await;
        drop(follow(app, &paul, None).await);
    });
}

/// A server that stops ends its tails, and says so.
#[test]
fn a_server_that_stops_ends_its_tails() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let mut tail = follow(app, &olga, None).await;
        let last = until(&mut tail, "account.history_viewed").await.pop().unwrap();
        app.restart().await.unwrap();
        assert_eq!(end(tail).await.code(), Some(ProblemCode::Unavailable));
        let mut tail = follow(app, &olga, Some(last.position)).await;
        let lines = until(&mut tail, "account.history_viewed").await;
        assert_eq!(lines[0].position, last.position + 1);
        assert!(lines.iter().any(|line| line.event_type == "log.server_started"));
    });
}

/// While nobody reads it, a tail holds nothing: it reads on from the log at its own pace.
#[test]
fn a_slow_reader_loses_nothing() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let mut tail = follow(app, &olga, None).await;
        let first = until(&mut tail, "account.history_viewed").await.pop().unwrap();
        let marlene = app.registered("marlene.many").await;
        for _ in 0..400 {
            let path = format!("/v1/support/accounts/{}?ticket=4711", marlene.account);
            app.get(path).on(Listener::Operator).bearer(&olga.token).await.is(200);
        }
        app.person("marlene.last").await;
        let lines = until(&mut tail, "account.enabled").await;
        let positions: Vec<u64> = lines.iter().map(|line| line.position).collect();
        let expected: Vec<u64> =
            (1..=u64::try_from(lines.len()).unwrap()).map(|ahead| first.position + ahead).collect();
        assert_eq!(positions, expected);
        assert!(lines.len() > 400);
    });
}
