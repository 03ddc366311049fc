//! What the golden payloads of operators, client apps and the log must decode to.

use countersign_events::id::{Digest, LogId};
use countersign_events::{client, log_event, operator};
use uuid::Uuid;

use crate::account::at;
use crate::{Event, Golden};

const LOG: LogId = LogId::new(Uuid::from_u128(0x9999_9999_9999_4999_8999_9999_9999_9999));

pub(crate) fn goldens() -> Vec<Golden> {
    let mut all: Vec<Golden> = operators();
    all.extend(clients());
    all.extend(logs());
    all
}

fn operators() -> Vec<Golden> {
    use operator::{Added, Disabled, Enabled, OperatorEvent, Role, SetUp};
    let added = |role| {
        Event::Operator(OperatorEvent::Added(Added {
            role,
            setup: Digest::new([0xd1; 16]),
            setup_expires_at: at("2026-11-24T17:00:00Z"),
        }))
    };
    vec![
        ("full", added(Role::Supervisor)),
        ("support", added(Role::Support)),
        ("auditor", added(Role::Auditor)),
        ("admin", added(Role::Admin)),
        ("full", Event::Operator(OperatorEvent::SetUp(SetUp {}))),
        ("full", Event::Operator(OperatorEvent::Disabled(Disabled {}))),
        ("full", Event::Operator(OperatorEvent::Enabled(Enabled {}))),
    ]
}

fn clients() -> Vec<Golden> {
    use client::{Added, ClientEvent, Disabled, Scope};
    let added = |name: &str, scopes| {
        Event::Client(ClientEvent::Added(Added {
            name: name.to_owned(),
            scopes,
            key: Digest::new([0xe1; 16]),
        }))
    };
    let every =
        vec![Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite, Scope::HistoryRead];
    vec![
        ("full", added("Shop", every)),
        ("minimal", added("Nothing", vec![])),
        ("full", Event::Client(ClientEvent::Disabled(Disabled {}))),
    ]
}

fn logs() -> Vec<Golden> {
    use log_event::{ClockAlarm, Created, LogEvent, ServerStarted};
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
    ]
}
