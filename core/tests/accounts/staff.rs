//! Operators: set up with a one-time token, then they search, look and unlock.

use countersign_core::accounts::request::{
    AsOf, Asker, Lookup, PageRequest, Proof, ResetLockout, TimeLine,
};
use countersign_core::domain::policy::Policy;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::SessionToken;
use countersign_core::projections::time_line::Order;
use countersign_events::account::{Assurance, Method, ResetScope};
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, Position, StreamId};
use countersign_events::operator::Role;
use countersign_events::store::READ_LIMIT_MAX;
use data_encoding::BASE32_NOPAD;
use jiff::SignedDuration;

use super::house::{House, PASSWORD, STEP, no, run, text, yes};

const LOOKED: &str = "account.history_viewed";
const ALL: PageRequest = PageRequest { cursor: None, limit: 200 };
const LINE: TimeLine = TimeLine { page: ALL, kind: None, order: Order::Newest };

/// An operator with a fresh second factor.
pub(crate) async fn operator(house: &House, login: &str, role: Role) -> (AccountId, SessionToken) {
    let added = house.accounts.add_operator(&house.call(), login.to_owned(), role).await;
    let added = yes(added);
    let token = added.setup_token;
    let set_up = house.accounts.set_up_operator(&house.call(), token, text(PASSWORD)).await;
    let account = yes(set_up);
    let session = house.staff_session(login).await.token;
    let offered = house.offer(&session).await;
    let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
    yes(house.activate(&session, offered.factor, &house.code(&secret)).await);
    (account, session)
}

fn unlock(scope: ResetScope) -> ResetLockout {
    ResetLockout {
        scope,
        method: None,
        reason: "called from the number on file".to_owned(),
        ticket: "4711".to_owned(),
    }
}

#[test]
fn a_setup_token_is_good_once_and_for_a_day() {
    run(async {
        let house = House::new().await;
        let accounts = &house.accounts;
        let call = house.call();
        let olga = yes(accounts.add_operator(&call, "olga".to_owned(), Role::Support).await);
        let late = yes(accounts.add_operator(&call, "late".to_owned(), Role::Admin).await);
        let weak = accounts.set_up_operator(&call, olga.setup_token.clone(), text("short")).await;
        assert!(matches!(no(weak), Refusal::WeakPassword(_)));
        yes(accounts.set_up_operator(&call, olga.setup_token.clone(), text(PASSWORD)).await);
        let taken = accounts.add_operator(&call, "OLGA".to_owned(), Role::Admin).await;
        assert_eq!(no(taken), Refusal::Taken("login"));
        let again =
            accounts.set_up_operator(&call, olga.setup_token, text("another password")).await;
        assert_eq!(no(again), Refusal::AuthenticationFailed);
        house.pass(SignedDuration::from_hours(24));
        let lapsed = accounts.set_up_operator(&call, late.setup_token, text(PASSWORD)).await;
        assert_eq!(no(lapsed), Refusal::AuthenticationFailed);
        let listed = yes(accounts.operators(&call).await);
        assert_eq!(listed.len(), 2);
    });
}

#[test]
fn an_operator_finds_a_locked_account_reads_why_and_unlocks_it() {
    run(async {
        let house = House::new().await;
        let (olga, session) = operator(&house, "olga", Role::Support).await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        let wrong = house.wrong_code(&mike.secret);
        for _ in 0..5 {
            no(house.answer(&step.id, Method::Totp, &wrong).await);
        }
        let (accounts, call) = (&house.accounts, house.call());
        let found = accounts.search(&call, &session, Lookup::Login("MIKE".to_owned()), None).await;
        let found = yes(found);
        assert_eq!((found.len(), found[0].login_hint.as_str()), (1, "m•••"));
        assert!(found[0].locked_until.is_some());
        let by_email = Lookup::Email("Mike@Example.com".to_owned());
        assert_eq!(yes(accounts.search(&call, &session, by_email, None).await), found);
        let locked = yes(accounts.locked(&call, &session, ALL).await);
        assert_eq!(locked.items, found);

        let view = yes(accounts.support_account(&call, &session, mike.account, None).await);
        assert_eq!(
            (view.login.as_deref(), view.email_hint.as_deref()),
            (Some("m•••"), Some("m•••@e•••.com"))
        );
        assert_eq!((view.locks.len(), view.locks[0].method), (1, Method::Totp));
        let events = yes(accounts.support_events(&call, &session, mike.account, LINE, None).await);
        let types: Vec<&str> = events.items.iter().map(|event| event.event_type.as_str()).collect();
        // SR-126: two searches, the account and its time line.
        assert_eq!(types[..2], ["account.history_viewed", "account.cooled_down"]);
        assert_eq!(events.items[0].looks.map(|looks| looks.count), Some(4));
        assert_eq!(types[2], "account.code_rejected");
        let then = AsOf::Revision(view.revision.get() - 4);
        let before = accounts.support_state(&call, &session, mike.account, then, None).await;
        let shown = yes(before).state.to_string();
        assert!(!shown.contains("hashes") && !shown.contains("nonce"), "{shown}");

        let ended = accounts
            .reset_lockout(&call, &session, mike.account, unlock(ResetScope::CoolDown))
            .await;
        let ended = yes(ended);
        assert_eq!(ended.event_type, "account.lockout_reset");
        assert_eq!(ended.data["ticket"], "4711");
        assert_eq!(ended.by, By::Operator { id: olga });
        house.pass(STEP);
        let step = house.second_step("mike").await;
        let token =
            yes(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await).token;
        // SR-126: the holder sees who looked, and why.
        let asker = Asker::Session(token);
        let own = yes(accounts.history(&call, asker, ALL).await);
        let looked = own.items.iter().find(|event| event.event_type == "account.lockout_reset");
        assert_eq!(looked.unwrap().data["reason"], "called from the number on file");
    });
}

/// SR-132: an operator who has switched the second factor off is one no longer, until it is on
/// again.
#[test]
fn sr_132_an_operator_without_a_second_factor_does_not_act() {
    run(async {
        let house = House::new().await;
        let (olga, session) = operator(&house, "olga", Role::Support).await;
        let (accounts, call) = (&house.accounts, house.call());
        yes(accounts.operator(&call, &session).await);
        let asker = || Asker::Session(session.clone());
        let factor = yes(accounts.account(&call, asker()).await).factors[0].factor;
        yes(accounts.remove_factor(&call, asker(), factor).await);
        let missing = Policy::default().staff_step_up();
        assert_eq!(no(accounts.operator(&call, &session).await), missing);
        let proof = Proof::Password(text(PASSWORD));
        let proven = yes(accounts.prove(&call, &session, proof).await);
        assert_eq!((proven.assurance, proven.amr), (Assurance::Password, vec!["pwd".to_owned()]));
        assert_eq!(no(accounts.operator(&call, &proven.token).await), missing);
        // As after a restart: the log says the same.
        accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        let (accounts, call) = (&house.accounts, house.call());
        assert_eq!(no(accounts.operator(&call, &proven.token).await), missing);
        house.pass(STEP);
        let offered = house.offer(&proven.token).await;
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        let code = house.code(&secret);
        yes(house.activate(&proven.token, offered.factor, &code).await);
        assert_eq!(yes(accounts.operator(&call, &proven.token).await).account, olga);
    });
}

/// SR-126: every look of support is an event by name and for its ticket, which the holder sees; a
/// search that finds nobody is one as well, and says nothing in clear of what was searched for.
#[test]
fn sr_126_every_look_and_every_search_is_an_event() {
    run(async {
        let house = House::new().await;
        let (olga, session) = operator(&house, "olga", Role::Support).await;
        let mike = house.enabled("mike").await;
        let (accounts, call) = (&house.accounts, house.call());
        let ticket = |number: &str| Some(number.to_owned());
        for lookup in ["mike", "nobody"] {
            let lookup = Lookup::Login(lookup.to_owned());
            yes(accounts.search(&call, &session, lookup, ticket("T-1")).await);
        }
        let lookup = Lookup::Email("nobody@example.com".to_owned());
        assert_eq!(yes(accounts.search(&call, &session, lookup, None).await), []);
        let account = mike.account;
        yes(accounts.support_account(&call, &session, account, ticket("T-2")).await);
        yes(accounts.support_events(&call, &session, account, LINE, ticket("T-3")).await);
        let then = AsOf::Revision(0);
        yes(accounts.support_state(&call, &session, account, then, ticket("T-4")).await);

        let asker = Asker::Session(mike.token.clone());
        let own = yes(accounts.history(&call, asker, ALL).await);
        let looks = own.items.iter().filter(|event| event.event_type == "account.history_viewed");
        let told: Vec<_> = looks
            .map(|event| {
                assert_eq!(event.by, By::Operator { id: olga });
                (event.data["what"].as_str().unwrap(), event.data["ticket"].as_str().unwrap())
            })
            .collect();
        let expected = [("state", "T-4"), ("events", "T-3"), ("account", "T-2"), ("search", "T-1")];
        assert_eq!(told, expected);

        let all = house.store().read_all(Position::new(0), READ_LIMIT_MAX).await.unwrap();
        let entries: Vec<_> = all.iter().map(|one| Entry::parse(&one.bytes).unwrap()).collect();
        let unknown: Vec<_> =
            entries.iter().filter(|entry| matches!(entry.stream, StreamId::Unknown(_))).collect();
        assert_eq!(unknown.len(), 2);
        for entry in unknown {
            assert_eq!(
                (entry.event_type.as_ref(), entry.data.get()),
                (LOOKED, r#"{"what":"search"}"#)
            );
            assert_eq!(entry.by, By::Operator { id: olga });
        }
        for entry in &all {
            let text = String::from_utf8_lossy(&entry.bytes);
            assert!(!text.contains("nobody") && !text.contains("T-1"), "{text}");
        }
        for bad in ["", "a\u{7}b", &"x".repeat(65)] {
            let looked = accounts.support_account(&call, &session, account, ticket(bad)).await;
            assert!(matches!(no(looked), Refusal::Invalid { field: "ticket", .. }));
        }
    });
}

#[test]
fn nobody_but_a_fresh_operator_unlocks_and_never_himself() {
    run(async {
        let house = House::new().await;
        let (olga, session) = operator(&house, "olga", Role::Support).await;
        let mike = house.enabled("mike").await;
        let (accounts, call) = (&house.accounts, house.call());
        let ask = || unlock(ResetScope::Counters);
        let by_holder = accounts.reset_lockout(&call, &mike.token, mike.account, ask()).await;
        assert_eq!(no(by_holder), Refusal::Forbidden("not an operator"));
        let own = accounts.reset_lockout(&call, &session, olga, ask()).await;
        assert!(matches!(no(own), Refusal::Forbidden(_)));
        for (reason, ticket) in
            [("", "4711"), ("because", ""), ("a\u{7}b", "1"), (&"x".repeat(501), "1")]
        {
            let ask =
                ResetLockout { reason: reason.to_owned(), ticket: ticket.to_owned(), ..ask() };
            let refused = no(accounts.reset_lockout(&call, &session, mike.account, ask).await);
            assert!(matches!(refused, Refusal::Invalid { .. }), "{refused:?}");
        }
        house.pass(SignedDuration::from_secs(301));
        let stale = no(accounts.reset_lockout(&call, &session, mike.account, ask()).await);
        assert!(matches!(stale, Refusal::StepUpRequired { .. }));
        yes(accounts.disable_operator(&call, olga).await);
        let gone = accounts.search(&call, &session, Lookup::Login("mike".to_owned()), None).await;
        assert_eq!(no(gone), Refusal::NoSession);
    });
}
