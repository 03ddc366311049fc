//! What the golden payloads of operators, client apps, the policy and the log must decode to.

use std::collections::BTreeMap;

use countersign_events::id::{AccountId, ClientId, Digest, EventId, LogId, PolicyVersion};
use countersign_events::{client, log_event, operator, policy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::account::at;
use crate::{Event, Golden};

const STAFF: AccountId = AccountId::new(Uuid::from_u128(0x7777_7777_7777_4777_8777_7777_7777_7777));
const LOG: LogId = LogId::new(Uuid::from_u128(0x9999_9999_9999_4999_8999_9999_9999_9999));

const CLIENT: ClientId = ClientId::new(Uuid::from_u128(0x7777_7777_7777_4777_8777_7777_7777_7777));

pub(crate) fn goldens() -> Vec<Golden> {
    let mut all: Vec<Golden> = operators();
    all.extend(clients());
    all.extend(policies());
    all.extend(logs());
    all
}

fn operators() -> Vec<Golden> {
    use operator::{
        ActRefused, Added, Cap, CapReached, Disabled, Enabled, OperatorEvent, RefusedWhy, Role,
        SeedsExported, SetUp, UnlockRequested, Unlocked,
    };
    let added_telling = |role, tells_admins| {
        Event::Operator(OperatorEvent::Added(Added {
            role,
            setup: Digest::new([0xd1; 16]),
            setup_expires_at: at("2026-11-24T17:00:00Z"),
            tells_admins,
        }))
    };
    let added = |role| added_telling(role, false);
    let reached_telling = |cap, most, tells_admins| {
        Event::Operator(OperatorEvent::CapReached(CapReached { cap, most, tells_admins }))
    };
    let reached = |cap, most| reached_telling(cap, most, false);
    let refused =
        |why| Event::Operator(OperatorEvent::ActRefused(ActRefused { account: STAFF, why }));
    let disabled =
        |tells_admins| Event::Operator(OperatorEvent::Disabled(Disabled { tells_admins }));
    let enabled = |tells_admins| Event::Operator(OperatorEvent::Enabled(Enabled { tells_admins }));
    let unlocked = |tells_admins| {
        Event::Operator(OperatorEvent::Unlocked(Unlocked {
            setup: Digest::new([0xd3; 16]),
            setup_expires_at: at("2026-11-25T05:00:00Z"),
            uid: 0,
            tells_admins,
        }))
    };
    let exported = |client, tells_admins| {
        let with = AccountId::new(Uuid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111));
        let exported = SeedsExported { with, seeds: 100_000, client, tells_admins };
        Event::Operator(OperatorEvent::SeedsExported(exported))
    };
    vec![
        ("full", reached(Cap::Searches, 300)),
        ("looks", reached(Cap::Looks, 600)),
        ("full", refused(RefusedWhy::HigherRole)),
        ("own", refused(RefusedWhy::Own)),
        ("resets", reached(Cap::Resets, 20)),
        ("removals_asked", reached(Cap::RemovalsAsked, 5)),
        ("removals_approved", reached(Cap::RemovalsApproved, 5)),
        ("suspensions", reached(Cap::Suspensions, 20)),
        ("full", added(Role::Supervisor)),
        ("support", added(Role::Support)),
        ("auditor", added(Role::Auditor)),
        ("admin", added(Role::Admin)),
        ("full", Event::Operator(OperatorEvent::SetUp(SetUp {}))),
        ("full", disabled(false)),
        ("full", enabled(false)),
        ("whole", added_telling(Role::Supervisor, true)),
        ("whole", reached_telling(Cap::Searches, 300, true)),
        ("whole", disabled(true)),
        ("whole", enabled(true)),
        ("whole", unlocked(true)),
        (
            "full",
            Event::Operator(OperatorEvent::UnlockRequested(UnlockRequested {
                code: Digest::new([0xd2; 16]),
                expires_at: at("2026-11-24T05:15:00Z"),
                uid: 1000,
            })),
        ),
        ("full", unlocked(false)),
        ("full", exported(None, false)),
        ("whole", exported(Some(CLIENT), true)),
    ]
}

fn clients() -> Vec<Golden> {
    use client::{
        Added, ClientEvent, Disabled, KeyAdded, KeyEnded, KeyUsed, Redirects, RedirectsSet, Scope,
    };
    let with = |added| Event::Client(ClientEvent::Added(added));
    let added = |name: &str, scopes| Added {
        name: name.to_owned(),
        scopes,
        key: Digest::new([0xe1; 16]),
        expires_at: None,
        redirects: Redirects::default(),
        tells_admins: false,
    };
    let disabled = |tells_admins| Event::Client(ClientEvent::Disabled(Disabled { tells_admins }));
    let another = |expires_at, others_end_at, tells_admins| {
        let key = Digest::new([0xe2; 16]);
        let added = KeyAdded { key, expires_at, others_end_at, tells_admins };
        Event::Client(ClientEvent::KeyAdded(added))
    };
    let key_id = EventId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00e1));
    let ended =
        |tells_admins| Event::Client(ClientEvent::KeyEnded(KeyEnded { key_id, tells_admins }));
    let every =
        vec![Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite, Scope::HistoryRead];
    let all = [every.as_slice(), &[Scope::EventsRead]].concat();
    let spring = Some(at("2027-02-22T05:00:00Z"));
    let back = Redirects {
        sign_in: vec!["https://shop.example/callback".to_owned()],
        sign_out: vec!["https://shop.example/bye".to_owned()],
    };
    let told_back = Added {
        expires_at: spring,
        redirects: back.clone(),
        tells_admins: true,
        ..added("Shop", vec![Scope::AccountsWrite])
    };
    let set = |redirects, tells_admins| {
        Event::Client(ClientEvent::RedirectsSet(RedirectsSet { redirects, tells_admins }))
    };
    vec![
        ("full", with(added("Shop", every.clone()))),
        ("whole", with(Added { tells_admins: true, ..added("Shop", every) })),
        ("whole_2", with(Added { expires_at: spring, tells_admins: true, ..added("Shop", all) })),
        ("whole_3", with(told_back)),
        ("auditor", with(added("Auditor", vec![Scope::LogRead]))),
        ("full", set(back, true)),
        ("minimal", set(Redirects::default(), false)),
        ("whole", disabled(true)),
        ("minimal", with(added("Nothing", vec![]))),
        ("full", disabled(false)),
        ("full", another(spring, at("2026-11-25T05:00:00Z"), true)),
        ("minimal", another(None, at("2026-11-24T05:00:00Z"), false)),
        ("full", ended(true)),
        ("minimal", ended(false)),
        ("full", Event::Client(ClientEvent::KeyUsed(KeyUsed { key_id }))),
    ]
}

fn policies() -> Vec<Golden> {
    use policy::{Changed, PolicyEvent, Set};
    let named = |settings: [(&str, Value); 5]| -> BTreeMap<String, Value> {
        settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let changed =
        |key: &str, before: Value, after: Value| (key.to_owned(), Changed { before, after });
    let full = Set {
        version: PolicyVersion::new(2),
        profile: "strict".to_owned(),
        settings: named([
            ("breaker.share", json!(0.3)),
            ("email.mode", json!("sign_in")),
            ("totp.limit.hard_cap", json!(40)),
            ("totp.limit.ladder", json!([[5, "15m"], [10, "1h"]])),
            ("two_factor.required_from", Value::Null),
        ]),
        changed: BTreeMap::from([
            changed("email.mode", json!("recovery_only"), json!("sign_in")),
            changed("totp.limit.hard_cap", json!(26), json!(40)),
            changed("two_factor.required_from", json!("2027-01-31T00:00:00Z"), Value::Null),
        ]),
        accepted_risks: vec!["totp.limit.hard_cap".to_owned()],
        tells_admins: false,
    };
    let minimal = Set {
        version: PolicyVersion::new(1),
        profile: "standard".to_owned(),
        settings: BTreeMap::new(),
        changed: BTreeMap::new(),
        accepted_risks: vec![],
        tells_admins: false,
    };
    let whole = Set { tells_admins: true, ..full.clone() };
    vec![
        ("full", Event::Policy(PolicyEvent::Set(full))),
        ("minimal", Event::Policy(PolicyEvent::Set(minimal))),
        ("whole", Event::Policy(PolicyEvent::Set(whole))),
    ]
}

fn logs() -> Vec<Golden> {
    use log_event::{ClockAlarm, Created, LogEvent, Recovered, ServerStarted};
    let recovered = |lost: Option<u64>| {
        Event::Log(LogEvent::Recovered(Recovered {
            lost_size: lost,
            lost_root: lost.map(|_| Digest::new([0xf3; 32])),
            size: 41,
            root: Digest::new([0xf4; 32]),
            reason: "restored from the backup of last night".to_owned(),
        }))
    };
    vec![
        (
            "full",
            Event::Log(LogEvent::Created(Created {
                log: LOG,
                origin: "countersign.example/log".to_owned(),
                key: Digest::new([0xf1; 32]),
            })),
        ),
        (
            "full",
            Event::Log(LogEvent::ServerStarted(ServerStarted {
                version: "0.1.0".to_owned(),
                configuration: Digest::new([0xf2; 32]),
            })),
        ),
        (
            "full",
            Event::Log(LogEvent::ClockAlarm(ClockAlarm {
                last_known: at("2026-11-24T05:10:00.125Z"),
                clock: at("2026-11-24T05:00:00Z"),
            })),
        ),
        ("minimal", recovered(None)),
        ("full", recovered(Some(44))),
    ]
}
