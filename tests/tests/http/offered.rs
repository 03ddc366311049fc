//! What the console offers a role and what the router allows it: the same.

use std::collections::BTreeSet;

use countersign_admin_tui::keymap::Place;
use countersign_admin_tui::model::act::ActKind;
use countersign_admin_tui::model::{Model, Operator};
use countersign_api::contract::kind::Role;
use countersign_api::contract::secret::Secret;
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::{Row, TABLE};
use jiff::Timestamp;

const ROLES: [Role; 4] = [Role::Support, Role::Supervisor, Role::Auditor, Role::Admin];

/// Calls of operators that no screen and no act of the console makes. Each is a decision: a new
/// call stands here, or below with the screen or act that makes it.
const NOT_IN_THE_CONSOLE: [&str; 20] = [
    "GET /v1/clients",
    "POST /v1/clients",
    "DELETE /v1/clients/{client}",
    "POST /v1/clients/{client}/keys",
    "DELETE /v1/clients/{client}/keys/{key}",
    "PUT /v1/clients/{client}/redirects",
    "GET /v1/clients/{client}/webhooks",
    "POST /v1/clients/{client}/webhooks",
    "DELETE /v1/clients/{client}/webhooks/{webhook}",
    "POST /v1/clients/{client}/webhooks/{webhook}/secrets",
    "GET /v1/clients/{client}/webhooks/{webhook}/dead-letters",
    "POST /v1/clients/{client}/webhooks/{webhook}/redeliveries",
    "POST /v1/clients/{client}/webhooks/{webhook}/replays",
    "POST /v1/operators",
    "DELETE /v1/operators/{operator}",
    "GET /v1/policy",
    "PUT /v1/policy",
    // An auditor's program reads these.
    "GET /v1/log/checkpoint",
    "GET /v1/log/tile/{tile}",
    // Whoever signs in is asked in what role, before there is one.
    "GET /v1/operators/me",
];

/// The calls that an act is made by. One on a request is made by the first, and the second is its
/// twin for another address.
fn calls_of_act(kind: ActKind) -> &'static [&'static str] {
    match kind {
        ActKind::Unlock => &["POST /v1/support/accounts/{account}/lockout-resets"],
        ActKind::Suspend => &["POST /v1/support/accounts/{account}/suspensions"],
        ActKind::Resume => &["POST /v1/support/accounts/{account}/resumptions"],
        ActKind::EndSessions => &["POST /v1/support/accounts/{account}/session-ends"],
        ActKind::NewPassword => &["POST /v1/support/accounts/{account}/password-mails"],
        ActKind::AskRemoval => &["POST /v1/support/accounts/{account}/factor-removals"],
        ActKind::AskAddress => &["POST /v1/support/accounts/{account}/address-changes"],
        ActKind::Approve => &[
            "POST /v1/support/accounts/{account}/factor-removals/{removal}/approve",
            "POST /v1/support/accounts/{account}/address-changes/{removal}/approve",
        ],
        ActKind::Cancel => &[
            "POST /v1/support/accounts/{account}/factor-removals/{removal}/cancel",
            "POST /v1/support/accounts/{account}/address-changes/{removal}/cancel",
        ],
    }
}

/// The calls that a screen is filled by.
fn calls_of_screen(place: Place) -> &'static [&'static str] {
    match place {
        Place::Accounts => &[
            "POST /v1/support/accounts/search",
            "GET /v1/support/accounts",
            "GET /v1/support/accounts/{account}",
            "GET /v1/support/accounts/{account}/events",
            "GET /v1/support/accounts/{account}/state",
            "GET /v1/support/accounts/{account}/changes",
        ],
        Place::Lockouts => &["GET /v1/support/accounts"],
        Place::Removals => &["GET /v1/support/factor-removals"],
        Place::Live => &["GET /v1/log/stream"],
        Place::Statistics => &["GET /v1/support/stats"],
        Place::Log => &["GET /v1/support/log-health"],
        Place::Operators => &["GET /v1/operators"],
    }
}

fn name(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

fn of_operators() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| row.on == [Listener::Operator])
}

/// Whether the router allows a role a call.
fn allows(role: Role, call: &str) -> bool {
    let row = of_operators().find(|row| name(row) == call);
    let row = row.unwrap_or_else(|| panic!("the router has no {call}"));
    matches!(row.auth, Auth::Operator(roles) if roles.contains(&role))
}

/// A console at which somebody in this role is signed in.
fn console_of(role: Role) -> Model {
    let mut model = Model::new("http://127.0.0.1:8781", "seed", Timestamp::UNIX_EPOCH);
    let (login, token) = ("olga".into(), Secret::new("token"));
    model.operator = Some(Operator { login, role: Some(role), account: None, token });
    model
}

/// SR-122, AT-51: the console offers a role no act that the router refuses it, and hides none that
/// it allows; the same of screens.
#[test]
fn sr_122_the_console_offers_each_role_what_the_router_allows_it() {
    for role in ROLES {
        let console = console_of(role);
        for kind in ActKind::ALL {
            for call in calls_of_act(kind) {
                let (offered, allowed) = (console.may(kind), allows(role, call));
                assert_eq!(offered, allowed, "{role:?}, {kind:?} by {call}: offered, allowed");
            }
        }
        for place in Place::ALL {
            for call in calls_of_screen(place) {
                let (shown, allowed) = (console.may_see(place), allows(role, call));
                assert_eq!(shown, allowed, "{role:?}, {place:?} by {call}: shown, allowed");
            }
        }
    }
}

/// A new call of operators is offered by the console, or somebody has decided that it is not.
#[test]
fn every_call_of_operators_is_in_the_console_or_is_said_not_to_be() {
    let acts = ActKind::ALL.into_iter().flat_map(calls_of_act);
    let screens = Place::ALL.into_iter().flat_map(calls_of_screen);
    let offered: BTreeSet<&str> = acts.chain(screens).copied().collect();
    let both: Vec<_> = NOT_IN_THE_CONSOLE.iter().filter(|call| offered.contains(*call)).collect();
    assert!(both.is_empty(), "offered, and said not to be: {both:?}");
    let known: BTreeSet<String> =
        offered.iter().chain(&NOT_IN_THE_CONSOLE).map(|call| (*call).to_owned()).collect();
    let rows: BTreeSet<String> = of_operators().map(name).collect();
    assert_eq!(rows, known, "the router's calls of operators, and those that are known here");
}
