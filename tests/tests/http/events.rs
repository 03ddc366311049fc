//! Events out, as a stream: an app is told of its own accounts, all of it, in order and only while
//! it may.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_api::client::{Client, ClientError, LogItem, LogStream};
use countersign_api::contract::app_event::{AppEvent, EventsQuery};
use countersign_api::contract::event::By;
use countersign_api::contract::kind::{Role, Scope};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use countersign_api::server::listener::Listener;
use countersign_core::accounts::FOLLOWERS_PER_APP_MAX;
use countersign_tests::app::{Person, TestApp};
use futures::StreamExt as _;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

type Stream = LogStream<AppEvent>;

/// A client app with its key.
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) key_id: String,
    pub(crate) key: String,
}

impl Shop {
    /// One whose key may do everything.
    pub(crate) async fn new(app: &TestApp, admin: &Person) -> Self {
        Self::with(app, admin, &json!(Scope::ALL.map(Scope::as_str))).await
    }

    async fn with(app: &TestApp, admin: &Person, scopes: &Value) -> Self {
        let body = json!({ "name": "shop", "scopes": scopes });
        let call = app.post("/v1/clients", &body).on(Listener::Operator);
        let added = call.bearer(&admin.token).await.is(201);
        let key = added.text_at("/api_key");
        app.plant("API key", key.as_bytes());
        Self { id: added.text_at("/client_id"), key_id: added.text_at("/key_id"), key }
    }

    /// Makes an account: its id.
    pub(crate) async fn account(&self, app: &TestApp, subject: &str) -> String {
        let body = json!({ "subject": subject });
        app.post("/v1/accounts", &body).bearer(&self.key).await.is(201).text_at("/account_id")
    }

    /// Vouches for a user without a second factor, who is signed in then.
    pub(crate) async fn vouch(&self, app: &TestApp, subject: &str) {
        let context = json!({ "ip": "192.0.2.77", "user_agent": "a browser of canaries" });
        let body = json!({ "subject": subject, "first_factor": "vouched", "context": context });
        app.post("/v1/sign-ins", &body).bearer(&self.key).await.is(200);
    }

    fn client(&self, app: &TestApp) -> Client {
        let url = format!("http://{}", app.address(Listener::Public));
        Client::new(&url).unwrap().with_bearer(Secret::new(self.key.as_str()))
    }

    async fn follow(&self, app: &TestApp, query: &EventsQuery, after: Option<u64>) -> Stream {
        self.client(app).follow_events(query, after).await.unwrap()
    }

    async fn refusal(&self, app: &TestApp, query: &EventsQuery) -> ProblemCode {
        self.client(app).follow_events(query, None).await.unwrap_err().code().unwrap()
    }
}

fn from(position: u64) -> EventsQuery {
    EventsQuery { from: Some(position), ..EventsQuery::default() }
}

/// The events up to and with one of this type.
async fn until(stream: &mut Stream, event_type: &str) -> Vec<AppEvent> {
    let mut events = vec![];
    loop {
        let item = tokio::time::timeout(PATIENCE, stream.next()).await.expect(event_type);
        if let LogItem::Line(event) = item.unwrap().unwrap() {
            events.push(*event);
            if events.last().unwrap().event_type == event_type {
                return events;
            }
        }
    }
}

/// What a stream ends with; it brings nothing before.
async fn end(mut stream: Stream) -> ClientError {
    loop {
        let item = tokio::time::timeout(PATIENCE, stream.next()).await.expect("no end");
        match item.expect("an end without a reason") {
            Ok(LogItem::Line(event)) => panic!("{event:?} after the end"),
            Ok(LogItem::Heartbeat(_)) => {}
            Err(error) => {
                assert!(stream.next().await.is_none());
                return error;
            }
        }
    }
}

/// SR-057: an app is told of the accounts that it made, and of no other's.
#[test]
fn sr_057_an_app_is_told_of_its_own_accounts_alone() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        let mut live = shop.follow(app, &EventsQuery::default(), None).await;
        app.registered("marlene.of.nobody").await;
        bank.account(app, "user-of-the-bank").await;
        let account = shop.account(app, "user-of-the-shop").await;
        shop.vouch(app, "user-of-the-shop").await;
        let events = until(&mut live, "account.first_factor_vouched").await;
        let whose: BTreeSet<_> = events.iter().map(|event| event.account_id.to_string()).collect();
        assert_eq!(whose, BTreeSet::from([account.clone()]));
        let revisions: Vec<u64> = events.iter().map(|event| event.revision).collect();
        assert_eq!(revisions, (0..u64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
        assert!(events.windows(2).all(|two| two[0].position < two[1].position));
        // From the beginning it is the same, in the same words.
        let mut again = shop.follow(app, &from(0), None).await;
        assert_eq!(until(&mut again, "account.first_factor_vouched").await, events);
        let history = app.get(format!("/v1/accounts/{account}/history")).bearer(&shop.key).await;
        let types: Vec<_> = events.iter().rev().map(|event| event.event_type.clone()).collect();
        let history = history.is(200).body["items"].as_array().unwrap().clone();
        let shown: Vec<_> = history.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, shown, "what the history shows");
        let query = EventsQuery { account: Some(account), ..from(0) };
        assert_eq!(bank.refusal(app, &query).await, ProblemCode::NotFound);
    });
}

/// SR-106, SR-143: nothing personal goes out, no place, and nobody of the staff by name.
#[test]
fn sr_106_nothing_personal_and_nobody_of_the_staff_goes_out() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let support = app.operator("operator.support", Role::Support).await;
        let shop = Shop::new(app, &admin).await;
        let body = json!({
            "subject": "canary-subject", "email": "canary@example.com", "email_verified": true,
            "display_name": "Canary Name"
        });
        let made = app.post("/v1/accounts", &body).bearer(&shop.key).await.is(201);
        let account = made.text_at("/account_id");
        let factor = json!({ "kind": "totp", "name": "canary phone" });
        let path = format!("/v1/accounts/{account}");
        app.post(format!("{path}/factors"), &factor).bearer(&shop.key).await.is(202);
        shop.vouch(app, "canary-subject").await;
        let act = json!({ "reason": "canary reason", "ticket": "canary-4711" });
        let path = format!("/v1/support/accounts/{account}/suspensions");
        app.post(path, &act).on(Listener::Operator).bearer(&support.token).await.is(200);
        let mut stream = shop.follow(app, &from(0), None).await;
        let events = until(&mut stream, "account.suspended").await;
        assert_eq!(events.last().unwrap().by, By::Support);
        assert!(events.iter().any(|event| event.event_type == "account.enable_requested"));
        let text = serde_json::to_string(&events).unwrap().to_lowercase();
        for hidden in ["canary", "192.0.2.77", "127.0.0.1", &support.account, "commitment"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    });
}

/// Cut off after any event, it goes on with the next one; a heartbeat comes at once.
#[test]
fn a_stream_goes_on_exactly_after_the_last_event_id() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        shop.account(app, "user").await;
        let (mut seen, mut after) = (vec![], None);
        for _ in 0..5 {
            shop.vouch(app, "user").await;
            let mut stream = match after {
                None => shop.follow(app, &from(0), None).await,
                Some(_) => shop.follow(app, &EventsQuery::default(), after).await,
            };
            let first = stream.next().await.unwrap().unwrap();
            let LogItem::Heartbeat(beat) = first else { panic!("{first:?}") };
            assert_eq!((beat.position, beat.head.is_some()), (after, true));
            let events = until(&mut stream, "account.first_factor_vouched").await;
            after = events.last().map(|event| event.position);
            seen.extend(events);
        }
        let revisions: Vec<u64> = seen.iter().map(|event| event.revision).collect();
        assert_eq!(revisions, (0..u64::try_from(seen.len()).unwrap()).collect::<Vec<_>>());
        for wrong in ["x", "-1", ""] {
            let call = app.get("/v1/events").bearer(&shop.key).header("last-event-id", wrong);
            call.await.is(400);
        }
        app.get("/v1/events?unknown=1").bearer(&shop.key).await.is(400);
        let head = app.call(Method::HEAD, "/v1/events").bearer(&shop.key).await.is(200);
        assert_eq!(head.headers["content-type"], "text/event-stream");
        assert_eq!(head.headers["cache-control"], "no-store");
    });
}

#[test]
fn a_stream_is_filtered_by_type_and_account() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let (anna, _) = (shop.account(app, "anna").await, shop.account(app, "bert").await);
        for subject in ["bert", "anna", "bert"] {
            shop.vouch(app, subject).await;
        }
        for account in [anna.as_str(), "subject:anna"] {
            let query = EventsQuery { account: Some(account.to_owned()), ..from(0) };
            let mut stream = shop.follow(app, &query, None).await;
            let events = until(&mut stream, "account.first_factor_vouched").await;
            assert!(events.iter().all(|event| event.account_id.to_string() == anna));
        }
        let types = Some("account.first_factor_vouched".to_owned());
        let query = EventsQuery { types, ..from(0) };
        let mut stream = shop.follow(app, &query, None).await;
        for _ in 0..3 {
            let events = until(&mut stream, "account.first_factor_vouched").await;
            assert_eq!(events.len(), 1, "{events:?}");
        }
        for (types, code) in [
            ("account.none", ProblemCode::FieldRefused),
            ("client.added", ProblemCode::FieldRefused),
            ("", ProblemCode::InvalidRequest),
        ] {
            let query = EventsQuery { types: Some(types.to_owned()), ..EventsQuery::default() };
            assert_eq!(shop.refusal(app, &query).await, code, "{types}");
        }
        assert_eq!(shop.refusal(app, &from(1_000_000)).await, ProblemCode::FieldRefused);
    });
}

/// SR-062, SR-135: a stream brings nothing after its key was ended, its key's time or the app is
/// over; and it needs the scope.
#[test]
fn sr_062_a_stream_ends_with_the_key_and_the_app() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let all = EventsQuery::default();
        let shop = Shop::new(app, &admin).await;
        let other_key = app.post(format!("/v1/clients/{}/keys", shop.id), &json!({}));
        let other_key = other_key.on(Listener::Operator).bearer(&admin.token).await.is(201);
        let other_key = other_key.text_at("/api_key");
        app.plant("API key", other_key.as_bytes());
        let other = Shop { key: other_key, ..Shop::new(app, &admin).await };
        shop.account(app, "user").await;
        let (stream, of_other) =
            (shop.follow(app, &all, None).await, other.follow(app, &all, None).await);
        let delete = |path: String| {
            app.call(Method::DELETE, path).on(Listener::Operator).bearer(&admin.token)
        };
        delete(format!("/v1/clients/{}/keys/{}", shop.id, shop.key_id)).await.is(204);
        // What was vouched for until then is over, and no clock tells the moment itself from
        // before.
        app.clock.advance(SignedDuration::from_millis(1));
        other.vouch(app, "user").await;
        assert_eq!(end(stream).await.code(), Some(ProblemCode::Unauthenticated));
        let mut of_other = of_other;
        until(&mut of_other, "account.first_factor_vouched").await;
        delete(format!("/v1/clients/{}", shop.id)).await.is(204);
        assert_eq!(end(of_other).await.code(), Some(ProblemCode::Unauthenticated));

        let lacking = Shop::with(app, &admin, &json!(["history:read"])).await;
        assert_eq!(lacking.refusal(app, &all).await, ProblemCode::Forbidden);
        assert_eq!(app.get("/v1/events").await.status, 401);
        assert_eq!(app.get("/v1/events").bearer(&admin.token).await.status, 401);
    });
}

/// What follows has a bound, for each app; one that lost its connections follows again at once, in
/// the places of those that nobody reads any more.
#[test]
fn one_app_follows_a_few_times_at_once() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        let all = EventsQuery::default();
        let mut streams = vec![];
        for _ in 0..FOLLOWERS_PER_APP_MAX {
            streams.push(shop.follow(app, &all, None).await);
        }
        drop(std::mem::take(&mut streams));
        for _ in 0..FOLLOWERS_PER_APP_MAX {
            streams.push(shop.follow(app, &all, None).await);
        }
        let of_bank = bank.follow(app, &all, None).await;
        let oldest = streams.remove(0);
        streams.push(shop.follow(app, &all, None).await);
        assert_eq!(end(oldest).await.code(), Some(ProblemCode::TooManyRequests));
        shop.account(app, "user").await;
        for stream in &mut streams {
            until(stream, "account.key_created").await;
        }
        streams.push(of_bank);
        // A server that stops ends its streams, and says so.
        app.restart().await.unwrap();
        for stream in streams {
            assert_eq!(end(stream).await.code(), Some(ProblemCode::Unavailable));
        }
        drop(shop.follow(app, &all, None).await);
    });
}

/// While nobody reads it, a stream holds nothing: it reads on at its own pace.
#[test]
fn a_slow_reader_of_events_loses_nothing() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let mut stream = shop.follow(app, &EventsQuery::default(), None).await;
        shop.account(app, "user").await;
        for _ in 0..600 {
            shop.vouch(app, "user").await;
        }
        let account = shop.account(app, "the-last").await;
        let mut seen = 0;
        loop {
            let events = until(&mut stream, "account.registered").await;
            seen += events.iter().filter(|it| it.event_type.ends_with("vouched")).count();
            if events.last().unwrap().account_id.to_string() == account {
                break;
            }
        }
        assert_eq!(seen, 600);
    });
}
