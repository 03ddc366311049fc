//! How often one operator may do what is done for others: counted from the log, refused with a
//! time, and told.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Call, Person, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::desk::{KEY, freshly, on, why};
use super::taking::removal_of;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn search<'a>(app: &'a TestApp, by: &Person, login: &str) -> Call<'a> {
    let body = json!({ "login": login, "ticket": "T-1" });
    app.post("/v1/support/accounts/search", &body).on(Listener::Operator).bearer(&by.token)
}

/// SR-066, SR-126: asked again under its key, a search is the same one for a quarter of an hour,
/// found or not: it leaves no look of its own and counts once. Later it is another.
#[test]
fn sr_066_a_search_under_one_key_is_one_look_while_that_lasts() {
    let few = |config: &mut countersign_api::config::Config| config.support.searches_1h = 3;
    TestApp::run_with(few, async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        app.registered("marlene.caps").await;
        let looks = |app: &TestApp| {
            app.recorded().iter().filter(|event| *event == "account.history_viewed").count()
        };
        let key = |login: &str| format!("a-search-for-{login:-<12}");
        for (login, before) in [("marlene.caps", 0), ("nobody.caps", 1)] {
            for _ in 0..5 {
                search(app, &olga, login).keyed(&key(login)).await.is(200);
            }
            assert_eq!(looks(app), before + 1, "{login}");
        }
        app.pass(SignedDuration::from_mins(15)).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        for _ in 0..2 {
            search(app, &olga, "marlene.caps").keyed(&key("marlene.caps")).await.is(200);
        }
        assert_eq!(looks(app), 3);
        search(app, &olga, "marlene.caps").keyed(&key("marlene.more")).await.is(429);
        let others = search(app, &olga, "nobody.caps").keyed(&key("marlene.caps")).await;
        others.is(422);
    });
}

/// SR-128: searches, found or not, are counted per operator and hour, also across a restart; the
/// first beyond them is an event.
#[test]
fn sr_128_an_operator_searches_so_often_in_an_hour_and_no_more() {
    let few = |config: &mut countersign_api::config::Config| config.support.searches_1h = 6;
    TestApp::run_with(few, async |app| {
        app.registered("marlene.caps").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        for number in 0..3 {
            search(app, &olga, "marlene.caps").await.is(200);
            search(app, &olga, &format!("nobody.{number}")).await.is(200);
        }
        for _ in 0..2 {
            let refused = search(app, &olga, "marlene.caps").await.is(429);
            assert_eq!(refused.text_at("/code"), "too-many-requests");
            assert!(refused.headers.contains_key("retry-after"));
        }
        let alerts = |app: &TestApp| {
            app.recorded().iter().filter(|event| *event == "operator.cap_reached").count()
        };
        assert_eq!(alerts(app), 1, "told once");
        search(app, &mia, "marlene.caps").await.is(200);
        app.restart().await.unwrap();
        search(app, &olga, "marlene.caps").await.is(429);
        app.pass(HOUR).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        search(app, &olga, "marlene.caps").await.is(200);
    });
}

/// SR-125, SR-126: looks at accounts are counted per operator and hour; reading on is no further
/// look, and what was refused is none.
#[test]
fn sr_125_an_operator_looks_so_often_in_an_hour_and_no_more() {
    let few = |config: &mut countersign_api::config::Config| config.support.looks_1h = 3;
    TestApp::run_with(few, async |app| {
        let marlene = app.person("marlene.caps").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let account = format!("/v1/support/accounts/{}", marlene.account);
        let look = async |by: &Person, path: &str| {
            let path = format!("{account}{path}");
            app.get(path).on(Listener::Operator).bearer(&by.token).await
        };
        look(&olga, "").await.is(200);
        for path in ["/state?revision=0", "/changes?revision=0", "/events?limit=1"] {
            look(&olga, path).await.is(200);
        }
        look(&olga, "/events?limit=1&cursor=2").await.is(200);
        for path in ["", "/events", "/state?revision=0", "/changes?revision=0"] {
            let refused = look(&olga, path).await.is(429);
            assert_eq!(refused.text_at("/code"), "too-many-requests");
            assert!(refused.headers.contains_key("retry-after"));
        }
        let follow = format!("/v1/log/stream?account={}&from=0", marlene.account);
        let follow = app.get(follow).on(Listener::Operator).bearer(&olga.token).await;
        follow.is(429);
        assert_eq!(app.count(&marlene.account, "account.history_viewed"), 3);
        search(app, &olga, "marlene.caps").await.is(200);
        look(&mia, "").await.is(200);
        let told = |event: &&String| *event == "operator.cap_reached";
        assert_eq!(app.recorded().iter().filter(told).count(), 1, "told once");
        app.restart().await.unwrap();
        let refused = app.get(account.as_str()).on(Listener::Operator).bearer(&olga.token).await;
        refused.is(429);
        app.pass(HOUR).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        app.get(account.as_str()).on(Listener::Operator).bearer(&olga.token).await.is(200);
    });
}

/// SR-125: so many resets, removals and suspensions a day for each operator; what is repeated by
/// its key is not counted, and what is given up is free.
#[test]
fn sr_125_an_operator_acts_so_often_in_a_day_and_no_more() {
    let few = |config: &mut countersign_api::config::Config| {
        config.support.resets_24h = 2;
        config.support.factor_removals_24h = 1;
        config.support.suspensions_24h = 2;
    };
    TestApp::run_with(few, async |app| {
        let marlene = app.person("marlene.caps").await;
        let erika = app.person("erika.caps").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let mia = app.operator("operator.mia", Role::Supervisor).await;
        let unlock = json!({ "scope": "cool_down", "reason": "a reason", "ticket": "T-1" });
        for person in [&marlene, &erika] {
            let call = || on(app, &olga, &person.account, "lockout-resets", &unlock).keyed(KEY);
            call().await.is(201);
            call().await.is(201);
        }
        on(app, &olga, &erika.account, "lockout-resets", &unlock).await.is(429);
        on(app, &olga, &marlene.account, "lockout-resets", &unlock).keyed(KEY).await.is(201);
        on(app, &mia, &erika.account, "lockout-resets", &unlock).await.is(201);

        on(app, &olga, &marlene.account, "suspensions", &why()).await.is(200);
        on(app, &olga, &marlene.account, "resumptions", &why()).await.is(200);
        on(app, &olga, &marlene.account, "session-ends", &why()).await.is(429);

        let removals = "factor-removals";
        let asked = on(app, &olga, &marlene.account, removals, &removal_of(&marlene)).await.is(201);
        on(app, &olga, &erika.account, removals, &removal_of(&erika)).await.is(429);
        let of = |answered: &countersign_tests::app::Answered, verb: &str| {
            format!("{removals}/{}/{verb}", answered.text_at("/removal/removal_id"))
        };
        let other = on(app, &mia, &erika.account, removals, &removal_of(&erika)).await.is(201);
        on(app, &mia, &marlene.account, &of(&asked, "approve"), &why()).await.is(200);
        on(app, &olga, &erika.account, &of(&other, "cancel"), &why()).await.is(200);
        let again = on(app, &mia, &erika.account, removals, &removal_of(&erika)).await.is(429);
        assert!(again.headers.contains_key("retry-after"));
        let alerts = app.recorded();
        let alerts = alerts.iter().filter(|event| *event == "operator.cap_reached").count();
        assert_eq!(alerts, 4, "one for each cap of each operator");
        app.pass(HOUR * 24).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        on(app, &olga, &marlene.account, "lockout-resets", &unlock).await.is(201);
    });
}

/// SR-125: of many at once no more get through than the cap allows.
#[test]
fn sr_125_acts_at_once_are_counted_one_after_another() {
    let few = |config: &mut countersign_api::config::Config| config.support.suspensions_24h = 3;
    TestApp::run_with(few, async |app| {
        let marlene = app.person("marlene.caps").await;
        let erika = app.person("erika.caps").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let olga = freshly(app, &olga).await;
        let calls = (0..8).map(|number| {
            let person = if number % 2 == 0 { &marlene } else { &erika };
            on(app, &olga, &person.account, "session-ends", &why()).into_future()
        });
        let answered = futures::future::join_all(calls).await;
        let done = answered.iter().filter(|one| one.status == 200).count();
        let refused = answered.iter().filter(|one| one.status == 429).count();
        assert_eq!((done, refused), (3, 5));
    });
}
