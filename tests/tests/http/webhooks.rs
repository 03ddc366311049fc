//! Deliveries to webhooks, with receivers that can be told not to take any: nothing is lost, each
//! account is told in order, and nobody waits for a receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::actors::dispatcher::UNDER_WAY_PER_WEBHOOK_MAX;
use countersign_core::clock::Clock as _;
use countersign_core::webhooks::NotTaken;
use countersign_core::webhooks::pace::ATTEMPTS_MAX;
use countersign_tests::app::{Person, TestApp};
use countersign_tests::receiver::{ReceiverFault, Told};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::events::Shop;

pub(crate) const URL: &str = "https://shop.example.com/hook";
pub(crate) const OTHER_URL: &str = "https://bank.example.com/hook";
const DOWN: ReceiverFault = ReceiverFault::Refuses(NotTaken::Status(503));

/// A webhook of an app.
pub(crate) struct Hook {
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl Hook {
    pub(crate) async fn new(app: &TestApp, admin: &Person, shop: &Shop, body: &Value) -> Self {
        let path = format!("/v1/clients/{}/webhooks", shop.id);
        let call = app.post(path.as_str(), body).on(Listener::Operator).bearer(&admin.token);
        let added = call.await.is(201);
        let secret = added.text_at("/secret");
        Self { path: format!("{path}/{}", added.text_at("/webhook_id")), secret }
    }

    /// How it goes, as the list has it.
    pub(crate) async fn listed(&self, app: &TestApp, admin: &Person) -> Value {
        let (list, id) = self.path.rsplit_once('/').unwrap();
        let listed = app.get(list).on(Listener::Operator).bearer(&admin.token).await.is(200);
        let items = listed.body["items"].as_array().unwrap();
        items.iter().find(|item| item["webhook_id"] == id).unwrap().clone()
    }

    pub(crate) async fn dead_letters(&self, app: &TestApp, admin: &Person) -> Vec<Value> {
        let path = format!("{}/dead-letters?limit=200", self.path);
        let dead = app.get(path).on(Listener::Operator).bearer(&admin.token).await.is(200);
        dead.body["items"].as_array().unwrap().clone()
    }
}

/// The positions that each account was told of, in the order of telling.
pub(crate) fn by_account(told: &[Told]) -> BTreeMap<String, Vec<u64>> {
    let mut accounts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for one in told {
        accounts.entry(one.text("account_id")).or_default().push(one.position());
    }
    accounts
}

/// Each account in the order of the log, every event once.
pub(crate) fn assert_in_order(told: &[Told]) {
    for (account, positions) in by_account(told) {
        assert!(positions.windows(2).all(|two| two[0] < two[1]), "{account}: {positions:?}");
    }
}

/// What is told: type, time and the event as the stream has it, under its own id, from the moment
/// of the webhook on.
#[test]
fn what_happens_to_an_apps_accounts_is_told_to_its_webhook() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        shop.account(app, "before").await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        app.registered("of.nobody").await;
        bank.account(app, "of-the-bank").await;
        let account = shop.account(app, "user").await;
        shop.vouch(app, "user").await;
        app.settle().await;
        let told = app.receivers.told();
        let types: Vec<_> = told.iter().map(|one| one.text("type")).collect();
        let expected =
            ["account.registered", "account.key_created", "account.first_factor_vouched"];
        assert_eq!(types, expected);
        assert!(told.iter().all(|one| one.text("account_id") == account && one.url == URL));
        assert_in_order(&told);
        let ids: BTreeSet<_> = told.iter().map(|one| one.id.clone()).collect();
        assert_eq!(ids.len(), told.len());
        for one in &told {
            assert_eq!(one.body["type"], one.body["data"]["type"]);
            assert_eq!(one.body["timestamp"], one.body["data"]["at"]);
            assert_eq!(one.text("id"), one.id);
            assert_eq!(one.seconds, app.clock.now().as_second());
            assert_eq!(one.body.as_object().unwrap().len(), 3);
        }
        let listed = hook.listed(app, &admin).await;
        assert_eq!((&listed["waiting"], &listed["dead_letters"]), (&json!(0), &json!(0)));
        assert!(listed["retrying"].is_null(), "{listed}");
        assert_eq!(listed["next_position"], told.last().unwrap().position() + 1);
    });
}

#[test]
fn a_webhook_is_told_of_the_types_that_it_asks_for() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let body = json!({ "url": URL, "types": ["account.registered"] });
        Hook::new(app, &admin, &shop, &body).await;
        for subject in ["anna", "bert"] {
            shop.account(app, subject).await;
            shop.vouch(app, subject).await;
        }
        app.settle().await;
        let types: Vec<_> = app.receivers.told().iter().map(|one| one.text("type")).collect();
        assert_eq!(types, ["account.registered", "account.registered"]);
    });
}

/// A receiver that is down for an hour is told everything when it is back, each account in order;
/// what is tried again has the id that it had and a signature of its own time.
#[test]
fn a_receiver_that_is_down_for_an_hour_loses_nothing() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        Hook::new(app, &admin, &bank, &json!({ "url": OTHER_URL })).await;
        app.receivers.fails(URL, DOWN);
        let end = app.clock.now() + SignedDuration::from_hours(1);
        let mut happened = 0;
        while app.clock.now() < end {
            let subject = format!("user-{happened}");
            shop.account(app, &subject).await;
            shop.vouch(app, &subject).await;
            bank.account(app, &subject).await;
            happened += 1;
            app.pass(SignedDuration::from_mins(5)).await;
            app.settle().await;
        }
        assert!(app.receivers.told_to(URL).is_empty());
        assert_eq!(app.receivers.told_to(OTHER_URL).len(), happened * 2, "nobody else waits");
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let listed = hook.listed(app, &admin).await;
        assert_eq!(listed["waiting"], happened * 3);
        assert_eq!(listed["retrying"]["why"], "503", "{listed}");
        assert!(listed["retrying"]["next_at"].as_str() > listed["retrying"]["since"].as_str());
        app.receivers.works();
        while let Some(next) = app.settle().await {
            app.clock.set(next.max(app.clock.now()));
            app.pass(SignedDuration::ZERO).await;
        }
        let told = app.receivers.told_to(URL);
        assert_eq!(told.len(), happened * 3);
        assert_in_order(&told);
        let early = told.iter().find(|one| one.text("type") == "account.registered").unwrap();
        assert!(early.seconds >= end.as_second(), "signed for the attempt that was taken");
        let admin = Person { token: app.enter(&admin).await, ..admin };
        assert!(hook.dead_letters(app, &admin).await.is_empty());
    });
}

/// An account whose deliveries are not taken holds up its own, and nobody else's.
#[test]
fn an_account_that_is_not_taken_waits_alone_and_in_order() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        let (anna, bert) = (shop.account(app, "anna").await, shop.account(app, "bert").await);
        app.settle().await;
        app.receivers.fails(&anna, DOWN);
        let tries = app.receivers.tries();
        for _ in 0..5 {
            shop.vouch(app, "anna").await;
            shop.vouch(app, "bert").await;
        }
        app.settle().await;
        let told = by_account(&app.receivers.told());
        assert_eq!((told[&anna].len(), told[&bert].len()), (2, 7));
        assert_eq!(app.receivers.tries() - tries, 5 + 1, "those behind are not even tried");
        app.receivers.works();
        app.pass(SignedDuration::from_secs(7)).await;
        app.settle().await;
        let told = app.receivers.told();
        assert_eq!(by_account(&told)[&anna].len(), 7);
        assert_in_order(&told);
        assert_eq!(hook.listed(app, &admin).await["waiting"], 0);
    });
}

/// A receiver that never answers slows no sign-in, and no other receiver: as many sign-ins take
/// about as long with it as without. Both are measured in one run, in turn, and the fastest of each
/// is compared: what else the machine does is in neither.
#[test]
fn a_receiver_that_does_not_answer_slows_no_sign_in_and_no_other_receiver() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let (shop, bank) = (Shop::new(app, &admin).await, Shop::new(app, &admin).await);
        Hook::new(app, &admin, &bank, &json!({ "url": OTHER_URL })).await;
        Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        for number in 0..20 {
            shop.account(app, &format!("user-{number}")).await;
        }
        bank.account(app, "user").await;
        let sign_ins = async || {
            let began = Instant::now();
            for number in 0..40 {
                shop.vouch(app, &format!("user-{}", number % 20)).await;
            }
            began.elapsed()
        };
        let (mut with, mut without) = (vec![], vec![]);
        for round in 1..=8 {
            app.settle().await;
            without.push(sign_ins().await);
            app.settle().await;
            app.receivers.fails(URL, ReceiverFault::Hangs);
            let before = app.receivers.tries();
            with.push(sign_ins().await);
            // As many of the one that hangs are under way as may be, and no more.
            app.receivers.handed_in(before + UNDER_WAY_PER_WEBHOOK_MAX).await;
            let taken = app.receivers.told().len();
            bank.vouch(app, "user").await;
            app.receivers.taken(taken + 1).await;
            assert_eq!(app.receivers.told_to(OTHER_URL).len(), 2 + round);
            assert_eq!(app.receivers.tries() - before, UNDER_WAY_PER_WEBHOOK_MAX + 1);
            app.receivers.works();
        }
        app.settle().await;
        assert!(app.receivers.told_to(URL).len() >= 20 * 2 + 8 * 80, "all of it, and more");
        assert_in_order(&app.receivers.told());
        let (with, without) = (with.iter().min().unwrap(), without.iter().min().unwrap());
        assert!(*with < *without * 2, "{with:?}, and {without:?} without it");
    });
}

/// What is not taken for days is a dead letter, and the next one of its account comes up. An admin
/// has one made again, or all; they come in the order of the log.
#[test]
fn what_is_given_up_is_listed_and_can_be_made_again() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        app.receivers.fails(URL, ReceiverFault::Refuses(NotTaken::TimedOut));
        let (anna, bert) = (shop.account(app, "anna").await, shop.account(app, "bert").await);
        let began = app.clock.now();
        while let Some(next) = app.settle().await {
            app.clock.set(next.max(app.clock.now()));
            app.pass(SignedDuration::ZERO).await;
        }
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let days = app.clock.now().duration_since(began).as_hours();
        assert!((36..=73).contains(&days), "after {days} hours");
        let dead = hook.dead_letters(app, &admin).await;
        assert_eq!(dead.len(), 4);
        assert_eq!(dead[0]["why"], "timed_out");
        assert!(
            dead.iter().all(|one| one["attempts"].as_u64().unwrap() <= u64::from(ATTEMPTS_MAX))
        );
        assert!(
            dead.windows(2).all(|two| two[0]["position"].as_u64() < two[1]["position"].as_u64())
        );
        let path = format!("{}/dead-letters?limit=3", hook.path);
        let page = app.get(path).on(Listener::Operator).bearer(&admin.token).await.is(200);
        assert_eq!(page.body["next"], dead[3]["position"]);

        app.receivers.works();
        let again = |body: Value| {
            let call = app.post(format!("{}/redeliveries", hook.path), &body);
            call.on(Listener::Operator).bearer(&admin.token)
        };
        again(json!({ "position": dead[1]["position"] })).await.is(202);
        app.settle().await;
        assert_eq!(app.receivers.told().len(), 1);
        again(json!({ "position": dead[1]["position"] })).await.is(404);
        again(json!({})).await.is(202);
        app.settle().await;
        let told = by_account(&app.receivers.told());
        assert_eq!((told[&anna].len(), told[&bert].len()), (2, 2));
        assert!(hook.dead_letters(app, &admin).await.is_empty());
    });
}

/// From a position on everything is told again, under the ids that it had.
#[test]
fn a_replay_tells_everything_again_from_a_position() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        shop.account(app, "before-the-webhook").await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        shop.account(app, "user").await;
        shop.vouch(app, "user").await;
        app.settle().await;
        let first = app.receivers.told();
        assert_eq!(first.len(), 3);
        let replay = |from: u64| {
            let call = app.post(format!("{}/replays", hook.path), &json!({ "from": from }));
            call.on(Listener::Operator).bearer(&admin.token)
        };
        replay(first[1].position()).await.is(202);
        app.settle().await;
        let again = app.receivers.told().split_off(first.len());
        assert_eq!(again, first[1..]);
        replay(0).await.is(202);
        app.settle().await;
        let all = app.receivers.told().split_off(first.len() + again.len());
        assert_eq!(all.len(), 5);
        assert_in_order(&all);
        replay(1_000_000).await.is(422);
        // Once: not again with the next start.
        app.restart().await.unwrap();
        app.settle().await;
        assert_eq!(app.receivers.told().len(), first.len() + again.len() + all.len());
    });
}

/// The file of what waits survives a stop, and its loss costs what was told since the log last
/// noted it: nothing is lost, and not everything is told again.
#[test]
fn without_its_file_a_webhook_goes_on_where_the_log_says() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        let user = shop.account(app, "user").await;
        shop.vouch(app, "user").await;
        app.settle().await;
        app.pass(SignedDuration::from_hours(1)).await;
        app.settle().await;
        let noted = app.recorded().iter().filter(|it| *it == "client.webhook_progressed").count();
        assert_eq!(noted, 1);
        shop.vouch(app, "user").await;
        app.settle().await;
        assert_eq!(app.receivers.told().len(), 4);
        app.receivers.fails(URL, DOWN);
        shop.vouch(app, "user").await;
        app.settle().await;
        // The read models are a cache: building them anew tells nothing again.
        app.restart_after(|app| {
            for file in ["read.db", "read.db-wal", "read.db-shm"] {
                let _ = std::fs::remove_file(app.data().join(file));
            }
            app.receivers.works();
        })
        .await
        .unwrap();
        app.pass(SignedDuration::from_secs(7)).await;
        app.settle().await;
        assert_eq!(app.receivers.told().len(), 5);
        app.restart_after(|app| std::fs::remove_file(app.data().join("webhooks.db")).unwrap())
            .await
            .unwrap();
        app.settle().await;
        let told = app.receivers.told();
        assert_eq!(told.len(), 7, "what came after the note, once more");
        let positions = by_account(&told)[&user].clone();
        assert_eq!(positions[3..5], positions[5..]);
    });
}

/// A receiver that says it is gone is told nothing more: its webhook ends, and that is in the log.
#[test]
fn a_receiver_that_is_gone_ends_its_webhook() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = Shop::new(app, &admin).await;
        let hook = Hook::new(app, &admin, &shop, &json!({ "url": URL })).await;
        let stays = Hook::new(app, &admin, &shop, &json!({ "url": OTHER_URL })).await;
        app.receivers.fails(URL, ReceiverFault::Refuses(NotTaken::Gone));
        shop.account(app, "user").await;
        app.settle().await;
        let ended = app.recorded().iter().filter(|it| *it == "client.webhook_ended").count();
        assert_eq!(ended, 1);
        assert!(hook.listed(app, &admin).await["ended_at"].is_string());
        assert_eq!(hook.listed(app, &admin).await["waiting"], 0);
        assert!(stays.listed(app, &admin).await["ended_at"].is_null());
        app.receivers.works();
        shop.vouch(app, "user").await;
        app.settle().await;
        assert!(app.receivers.told_to(URL).is_empty());
        assert_eq!(app.receivers.told_to(OTHER_URL).len(), 3);
    });
}
