//! SR-096: the policy may be tightened freely, and loosened only at a risk that the log names.

use countersign_core::accounts::request::Register;
use countersign_core::actors::policy::{self, Loosened, PolicyRecord};
use countersign_core::domain::policy::settings::{SETTINGS, Settings};
use countersign_core::domain::policy::{Policy, Profile};
use countersign_core::domain::refusal::Refusal;
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{Revision, StreamId};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::house::{House, PASSWORD, no, registration, run, text, yes};

/// What a setting may be: tighter than the standard, and looser within its bounds, where there is
/// such a thing; what is fixed, or neither, has none.
fn matrix() -> Vec<(&'static str, Option<Value>, Option<Value>)> {
    let steps = |steps: &str| serde_json::from_str::<Value>(steps).unwrap();
    let both = |key, tighter, looser| (key, Some(tighter), Some(looser));
    let tight = |key, tighter| (key, Some(tighter), None);
    let neither = |key| (key, None, None);
    let rows = vec![
        neither("totp.algorithm"),
        neither("totp.digits"),
        neither("totp.period"),
        neither("totp.secret_bytes"),
        tight("totp.skew", json!([-1, 0])),
        both("totp.limit.per_txn", json!(4), json!(6)),
        both(
            "totp.limit.ladder",
            steps(r#"[[4, "15m"], [10, "1h"], [13, "12h"]]"#),
            steps(r#"[[5, "15m"], [10, "1h"]]"#),
        ),
        both("totp.limit.untrusted_cap", json!(15), json!(17)),
        both("totp.limit.trusted_cap", json!(0), json!(11)),
        both("totp.limit.trusted_per_device", json!(4), json!(6)),
        both("totp.limit.hard_cap", json!(25), json!(27)),
        neither("totp.limit.window"),
        tight("email.mode", json!("off")),
        neither("email.single_channel_ack"),
        neither("email.digits"),
        both("email.ttl", json!("9m"), json!("11m")),
        both("email.guesses_per_code", json!(4), json!(6)),
        both("email.min_resend", json!("61s"), json!("59s")),
        both("email.sends_15m", json!(2), json!(4)),
        both("email.sends_24h", json!(4), json!(6)),
        both("email.ladder", steps(r#"[[1, "7d"]]"#), steps("[]")),
        both("email.cap", json!(19), json!(21)),
        neither("recovery.count"),
        neither("recovery.chars"),
        both("recovery.per_txn", json!(4), json!(6)),
        both("recovery.ladder", steps(r#"[[10, "25h"]]"#), steps(r#"[[11, "25h"]]"#)),
        both("recovery.cap", json!(49), json!(51)),
        tight("password.min_with_mfa", json!(9)),
        tight("password.min_alone", json!(9)),
        neither("password.max_bytes"),
        tight("password.min_score", json!(3)),
        both("password.free", json!(3), json!(5)),
        both("password.base", json!("31s"), json!("29s")),
        neither("password.factor"),
        ("password.max", None, Some(json!("59m"))),
        tight("password.trusted_per_device", json!(9)),
        tight("password.cap", json!(99)),
        neither("password.window"),
        tight("password.on_cap", json!("disable")),
        both("txn.ttl", json!("9m"), json!("11m")),
        both("txn.guesses_apart", json!("2s"), json!("0s")),
        neither("txn.live_per_device"),
        neither("txn.live_per_account"),
        neither("sign_in.blind"),
        tight("two_factor.required_from", json!("2027-01-31T00:00:00Z")),
        both("device.ttl", json!("89d"), json!("91d")),
        neither("device.grants"),
        both("session.overall", json!("11h"), json!("13h")),
        both("session.idle", json!("29m"), json!("31m")),
        both("session.step_up_max_age", json!("4m"), json!("6m")),
        both("session.max_per_account", json!(9), json!(11)),
        tight("breaker.enforce", json!(true)),
        both("breaker.mfa_fail_1h_min", json!(199), json!(201)),
        both("breaker.factor_over_median", json!(4), json!(6)),
        both("breaker.share", json!(0.29), json!(0.31)),
        both("breaker.guarded_allowance_24h", json!(2), json!(4)),
    ];
    [rows, desk()].concat()
}

/// The same of support, and of what waits after a recovery.
fn desk() -> Vec<(&'static str, Option<Value>, Option<Value>)> {
    let both = |key, tighter, looser| (key, Some(tighter), Some(looser));
    vec![
        both("support.lockout_resets_30d", json!(1), json!(3)),
        both("support.step_up", json!("4m"), json!("6m")),
        both("support.session_overall", json!("7h"), json!("9h")),
        both("support.session_idle", json!("14m"), json!("16m")),
        ("support.two_person", None, Some(json!("delay"))),
        both("support.removal_hold", json!("25h"), json!("23h")),
        both("support.address_hold", json!("73h"), json!("71h")),
        both("support.searches_1h", json!(299), json!(301)),
        both("support.looks_1h", json!(599), json!(601)),
        both("support.resets_24h", json!(19), json!(21)),
        both("support.factor_removals_24h", json!(4), json!(6)),
        both("support.suspensions_24h", json!(19), json!(21)),
        both("hold.after_recovery", json!("25h"), json!("23h")),
    ]
}

async fn set(
    house: &House,
    key: &str,
    value: Value,
    accepts_risk: bool,
) -> Result<PolicyRecord, Loosened> {
    let wanted = Settings::from([(key.to_owned(), value)]);
    let wanted = Policy::with(Profile::Standard, &wanted).unwrap();
    apply(house, &wanted, accepts_risk).await
}

async fn apply(
    house: &House,
    wanted: &Policy,
    accepts_risk: bool,
) -> Result<PolicyRecord, Loosened> {
    let log = &house.services.log;
    let correlation = log.correlation_id().unwrap();
    policy::set(log, &By::System, correlation, wanted, accepts_risk).await.unwrap()
}

/// Every setting, in every direction.
#[test]
fn sr_096_tighter_is_taken_and_looser_is_refused_or_an_accepted_risk() {
    run(async {
        let house = House::new().await;
        let standard = Policy::of(Profile::Standard);
        apply(&house, &standard, false).await.unwrap();
        let matrix = matrix();
        let keys: Vec<_> = matrix.iter().map(|(key, ..)| *key).collect();
        assert_eq!(keys, SETTINGS.iter().map(|setting| setting.key).collect::<Vec<_>>());
        for (key, tighter, looser) in matrix {
            if let Some(tighter) = tighter {
                let record = set(&house, key, tighter.clone(), false).await.unwrap();
                assert_eq!(record.set.settings[key], tighter, "{key}");
                assert!(record.set.changed.contains_key(key), "{key}");
                assert!(record.set.accepted_risks.is_empty(), "{key}");
                apply(&house, &standard, false).await.expect(key);
            }
            if let Some(looser) = looser {
                let refused = set(&house, key, looser.clone(), false).await.unwrap_err();
                assert_eq!(refused.0.len(), 1, "{key}");
                let told = refused.to_string();
                assert!(told.contains(&format!("{key} = {looser} instead of")), "{told}");
                let record = set(&house, key, looser.clone(), true).await.unwrap();
                assert_eq!(record.set.accepted_risks, [key]);
                assert_eq!(record.set.changed[key].after, looser, "{key}");
                // What was accepted is kept without being accepted again, and another is not.
                assert_eq!(set(&house, key, looser, false).await.unwrap(), record, "{key}");
                apply(&house, &standard, false).await.expect(key);
            }
        }
    });
}

#[test]
fn versions_follow_one_another_and_each_says_what_changed_and_who_changed_it() {
    run(async {
        let house = House::new().await;
        let log = &house.services.log;
        assert_eq!(policy::in_force(log).await.unwrap(), None);
        let first = apply(&house, &Policy::of(Profile::Standard), false).await.unwrap();
        assert_eq!((first.set.version.get(), first.set.profile.as_str()), (1, "standard"));
        assert!(first.set.changed.is_empty());
        assert_eq!(first.set.settings.len(), SETTINGS.len());
        let strict = Policy::of(Profile::Strict);
        let second = apply(&house, &strict, false).await.unwrap();
        assert_eq!(second.set.version.get(), 2);
        assert_eq!(second.set.changed["password.min_alone"].before, json!(8));
        assert_eq!(second.set.changed.len(), 3);
        assert_eq!(apply(&house, &strict, false).await.unwrap(), second, "nothing to say");
        let stands = policy::in_force(log).await.unwrap().unwrap();
        assert_eq!(stands, Policy { version: second.set.version, ..strict });
        assert_eq!(policy::versions(log).await.unwrap(), [first, second]);
    });
}

/// The policy is one thing that all share: what is put in force holds for the next request, and
/// its events name it.
#[test]
fn what_is_put_in_force_holds_at_once() {
    run(async {
        let house = House::new().await;
        apply(&house, &Policy::of(Profile::Standard), false).await.unwrap();
        let eleven = Register { password: text("xqvt+zab7wk"), ..registration("mathilde") };
        let settings = [("password.min_alone".to_owned(), json!(12))];
        let wanted = Policy::with(Profile::Standard, &Settings::from(settings)).unwrap();
        let set = yes(house.accounts.set_policy(&house.call(), &wanted, false).await);
        assert_eq!(set.set.version.get(), 2);
        assert_eq!(house.accounts.policy().passwords.chars_alone, 12);
        let refused = no(house.accounts.register(&house.call(), eleven.clone()).await);
        assert!(refused.to_string().contains("at least 12 characters"), "{refused}");
        let standard = Policy::of(Profile::Standard);
        yes(house.accounts.set_policy(&house.call(), &standard, false).await);
        let marlene = yes(house.accounts.register(&house.call(), eleven).await);
        let entries = house.store().read_stream(StreamId::Account(marlene), Revision::new(0), 1);
        let entries = entries.await.unwrap();
        assert_eq!(Entry::parse(&entries[0].bytes).unwrap().policy.get(), 3);
    });
}

/// SR-051, SR-075: a password that its cap disabled costs what one costs that nobody has, right or
/// wrong: who knocks learns nothing from how long the answer takes.
#[test]
fn sr_051_a_disabled_password_costs_a_hash_like_any_other() {
    run(async {
        let house = House::new().await;
        apply(&house, &Policy::of(Profile::Standard), false).await.unwrap();
        house.register("mathilde").await;
        let settings = [("password.cap", json!(10)), ("password.on_cap", json!("disable"))];
        let settings = settings.map(|(key, value)| (key.to_owned(), value));
        let wanted = Policy::with(Profile::Standard, &Settings::from(settings)).unwrap();
        yes(house.accounts.set_policy(&house.call(), &wanted, false).await);
        for _ in 0..10 {
            no(house.sign_in("mathilde", "another horse battery").await);
            house.pass(SignedDuration::from_hours(1));
        }
        for (login, password) in
            [("mathilde", PASSWORD), ("mathilde", "another horse battery"), ("nobody", PASSWORD)]
        {
            let before = house.services.passwords.runs();
            let refused = no(house.sign_in(login, password).await);
            assert_eq!(refused, Refusal::AuthenticationFailed);
            assert_eq!(house.services.passwords.runs(), before + 1, "{login}");
        }
    });
}
