//! The read models: built in any way, they are the same, and they answer.

use countersign_core::actors::projector::{self, lag};
use countersign_core::clock::Clock as _;
use countersign_core::mail::wording::Doer;
use countersign_core::projections::accounts::Counts;
use countersign_core::projections::mail_due::{Before, MailKind, mail_due};
use countersign_core::projections::{Fact, ReadModel};
use countersign_events::account::{
    AccountEvent, CodeVerified, CooledDown, DeliveryFailure, Disabled, EmailCodeSent,
    EmailDeliveryFailed, Enabled, FactorRemoved, HistoryViewed, Lane, LockoutReset, Method, Notice,
    NoticeSent, Purpose, RecoveryCodeUsed, RecoveryCodesIssued, ResetScope, Viewed,
};
use countersign_events::actor::By;
use countersign_events::id::{AccountId, FactorId, Position, StreamId};
use countersign_events::store::EventStore as _;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::house::{House, Keys, Log, Shared, email_hash};

fn factor() -> FactorId {
    FactorId::new(Uuid::from_u128(9))
}

fn enabled() -> AccountEvent {
    AccountEvent::Enabled(Enabled { factor: factor() })
}

fn issued() -> AccountEvent {
    AccountEvent::RecoveryCodesIssued(RecoveryCodesIssued { pepper: "p1".into(), hashes: vec![] })
}

fn cooled(house: &House, method: Method, minutes: i64) -> AccountEvent {
    AccountEvent::CooledDown(CooledDown {
        lane: Lane::Unknown,
        ends_sign_ins: false,
        method,
        until: house.clock.now() + SignedDuration::from_mins(minutes),
        unresolved: 5,
        rule: "simple".into(),
    })
}

fn verified(method: Method, purpose: Purpose) -> AccountEvent {
    AccountEvent::CodeVerified(CodeVerified {
        method,
        factor: None,
        step: None,
        offset: None,
        request: None,
        purpose,
        in_session: None,
        sign_in: None,
        next: None,
        session: None,
        device: None,
    })
}

/// A life with everything in it that the read models take notice of.
async fn lived_in() -> House {
    let house = House::new();
    let log = &house.log;
    for number in 1..=3 {
        let account = house.register(number, &format!("m{number}@example.org")).await;
        let request = house.ask_for_code(account, "042917").await;
        let sent = EmailCodeSent { request, attempts: 1 };
        log.append(account, &AccountEvent::EmailCodeSent(sent)).await;
        let cause = log.append(account, &enabled()).await;
        log.append(account, &issued()).await;
        house.clock.advance(SignedDuration::from_mins(1));
        if number != 2 {
            let sent = NoticeSent { notice: Notice::FactorEnabled, cause, attempts: 1 };
            log.append_by(account, &AccountEvent::NoticeSent(sent), By::System, None).await;
        }
        let cause = log.append(account, &cooled(&house, Method::Totp, 15)).await;
        log.append(account, &cooled(&house, Method::EmailCode, 30)).await;
        let failed =
            EmailDeliveryFailed { request: cause, attempts: 1, class: DeliveryFailure::Refused };
        log.append(account, &AccountEvent::EmailDeliveryFailed(failed)).await;
        log.append(account, &issued()).await;
        if number == 3 {
            let reset = LockoutReset { scope: ResetScope::CoolDown, method: Some(Method::Totp) };
            log.append(account, &AccountEvent::LockoutReset(reset)).await;
            log.append(account, &AccountEvent::Disabled(Disabled {})).await;
        }
        let none = StreamId::Policy;
        log.append_raw(none, "policy.unheard_of", 1, "{}".into(), By::System, None).await;
    }
    let viewed = HistoryViewed { what: Viewed::Account };
    let first = AccountId::new(Uuid::from_u128(1));
    log.append(first, &AccountEvent::HistoryViewed(viewed)).await;
    house
}

async fn facts(log: &Log) -> Vec<Fact> {
    let entries = log.store.read_all(Position::new(0), 4096).await.unwrap();
    let mut facts = Vec::new();
    for entry in &entries {
        facts.push(Fact::read(entry, &Keys).await.unwrap());
    }
    facts
}

#[actix_rt::test]
async fn stopped_and_reopened_at_every_position_the_tables_are_the_same() {
    let house = lived_in().await;
    let facts = facts(&house.log).await;
    house.model.apply(&facts).unwrap();
    let expected = house.model.dump().unwrap();
    assert!(expected.lines().count() > 10 && expected.contains("policy.unheard_of"), "{expected}");
    for cut in 0..=facts.len() {
        let path = house.dir.path().join(format!("cut-{cut}.db"));
        let before = ReadModel::open(&path).unwrap();
        before.apply(&facts[..cut]).unwrap();
        assert_eq!(before.position().map(Position::next), facts[..cut].last().map(next));
        drop(before);
        let after = ReadModel::open(&path).unwrap();
        // What it has already may come again.
        after.apply(&facts[cut.saturating_sub(3)..]).unwrap();
        assert_eq!(after.dump().unwrap(), expected, "cut at {cut}");
    }
}

fn next(fact: &Fact) -> Position {
    fact.position.next()
}

#[actix_rt::test]
async fn a_batch_with_a_gap_changes_nothing() {
    let house = lived_in().await;
    let facts = facts(&house.log).await;
    house.model.apply(&facts[..5]).unwrap();
    let before = house.model.dump().unwrap();
    assert!(house.model.apply(&facts[6..]).is_err());
    let mut holed = facts[5..].to_vec();
    holed.remove(3);
    assert!(house.model.apply(&holed).is_err());
    assert_eq!(house.model.dump().unwrap(), before);
}

#[actix_rt::test]
async fn the_projector_goes_on_where_it_stopped_and_follows_what_comes() {
    let mut house = lived_in().await;
    let projector = house.project();
    let head = house.log.head().await.unwrap();
    house.model.caught_up(head).await;
    projector.send(projector::Stop).await.unwrap();
    house.register(7, "late@example.org").await;
    assert_eq!(house.model.position(), Some(head), "stopped is stopped");
    let report = lag(&house.model, &Shared(house.log.clone())).await.unwrap();
    assert_eq!(report.entries(), 1);
    let projector = house.project();
    house.model.caught_up(house.log.head().await.unwrap()).await;
    let account = house.register(8, "later@example.org").await;
    house.model.caught_up(house.log.head().await.unwrap()).await;
    assert_eq!(house.model.find_by_email(email_hash("LATER@example.org")).unwrap(), [account]);
    projector.send(projector::Stop).await.unwrap();
    let rebuilt = ReadModel::open(&house.dir.path().join("rebuilt.db")).unwrap();
    rebuilt.apply(&facts(&house.log).await).unwrap();
    assert_eq!(rebuilt.dump().unwrap(), house.model.dump().unwrap());
}

#[actix_rt::test]
async fn a_file_that_is_damaged_or_of_another_log_is_built_anew() {
    let mut house = lived_in().await;
    house.model.apply(&facts(&house.log).await).unwrap();
    let expected = house.model.dump().unwrap();
    let path = house.dir.path().join("damaged.db");
    std::fs::write(&path, [b'x'; 8192]).unwrap();
    house.model = ReadModel::open(&path).unwrap();
    let other = Log::open(house.dir.path(), &house.clock, 2);
    for number in 1..=60 {
        let account = AccountId::new(Uuid::from_u128(number));
        other.append(account, &AccountEvent::Disabled(Disabled {})).await;
    }
    house.model.apply(&facts(&other).await).unwrap();
    assert_ne!(house.model.dump().unwrap(), expected);
    let projector = house.project();
    house.model.progress().wait_for(|progress| progress.live).await.unwrap();
    assert_eq!(house.model.dump().unwrap(), expected);
    projector.send(projector::Stop).await.unwrap();
}

#[actix_rt::test]
async fn what_is_not_understood_is_counted_and_stops_nothing() {
    let mut house = House::new();
    let account = house.register(1, "mike@example.org").await;
    let stream = StreamId::Account(account);
    let raw = |event_type, version, data: &'static str| {
        house.log.append_raw(stream, event_type, version, data.into(), By::Holder, None)
    };
    raw("account.from_the_future", 1, "{}").await;
    raw("account.enabled", 2, "{}").await;
    raw("account.enabled", 1, "{\"no\":1}").await;
    raw("account.enabled", 2, "{}").await;
    house.log.append(account, &enabled()).await;
    let projector = house.project();
    house.model.caught_up(house.log.head().await.unwrap()).await;
    assert!(house.model.account(account).unwrap().unwrap().two_factor);
    assert_eq!(house.model.counts(house.clock.now()).unwrap().unknown, 4);
    let report = lag(&house.model, &Shared(house.log.clone())).await.unwrap();
    let unknown: Vec<_> = report
        .unknown
        .iter()
        .map(|one| (one.event_type.as_str(), one.version, one.count, one.first.get()))
        .collect();
    assert_eq!(
        unknown,
        [
            ("account.enabled", 1, 1, 3),
            ("account.enabled", 2, 2, 2),
            ("account.from_the_future", 1, 1, 1)
        ]
    );
    projector.send(projector::Stop).await.unwrap();
}

#[actix_rt::test]
async fn accounts_are_found_listed_and_counted() {
    let house = lived_in().await;
    house.model.apply(&facts(&house.log).await).unwrap();
    let accounts: Vec<_> = (1..=3).map(|n| AccountId::new(Uuid::from_u128(n))).collect();
    let found = |email| house.model.find_by_email(email_hash(email)).unwrap();
    assert_eq!(found("M2@example.org"), [accounts[1]]);
    assert_eq!(found("m4@example.org"), []);
    let recent: Vec<_> =
        house.model.recent(2).unwrap().into_iter().map(|row| row.account).collect();
    assert_eq!(recent, [accounts[2], accounts[1]], "that support looked at one does not count");
    let counts = house.model.counts(house.clock.now()).unwrap();
    // Open: of each the e-mail lock and the new recovery codes, of the second also what was not
    // told of its authenticator, of the third the unlocking.
    let expected = Counts { accounts: 3, two_factor: 2, locked: 3, mails_due: 8, unknown: 3 };
    assert_eq!(counts, expected);
}

#[actix_rt::test]
async fn the_list_of_locked_accounts_ends_with_the_time_and_pages() {
    let house = House::new();
    let mut accounts = Vec::new();
    for number in 1..=5 {
        accounts.push(house.register(number, "mike@example.org").await);
    }
    for account in &accounts {
        house.log.append(*account, &cooled(&house, Method::Totp, 15)).await;
    }
    house.log.append(accounts[0], &cooled(&house, Method::EmailCode, 20)).await;
    house.model.apply(&facts(&house.log).await).unwrap();
    let now = house.clock.now();
    let locked = |at, limit, cursor| house.model.locked(at, limit, cursor).unwrap();
    let first = locked(now, 3, None);
    let ids: Vec<_> = first.iter().map(|locked| locked.account).collect();
    assert_eq!(ids, [accounts[0], accounts[4], accounts[3]], "the latest lock first");
    assert_eq!(first[0].locks.len(), 2);
    assert_eq!(first[1].locks[0].method, Method::Totp);
    assert_eq!(first[1].locks[0].until, Some(now + SignedDuration::from_mins(15)));
    let second = locked(now, 3, Some(first[2].cursor));
    let ids: Vec<_> = second.iter().map(|locked| locked.account).collect();
    assert_eq!(ids, [accounts[2], accounts[1]]);
    assert_eq!(locked(now, 3, Some(second[1].cursor)), []);
    // A method waits until a time, and at that time no more.
    let until = now + SignedDuration::from_mins(15);
    assert_eq!(locked(until - SignedDuration::from_millis(1), 9, None).len(), 5);
    assert_eq!(locked(until, 9, None).len(), 1);
    assert_eq!(locked(until, 9, None)[0].locks.len(), 1);
    assert_eq!(house.model.counts(until).unwrap().locked, 1);
    assert_eq!(locked(now + SignedDuration::from_mins(20), 9, None), []);
}

#[test]
fn a_mail_is_due_for_these_events_and_no_others() {
    let before = Before { has_email: true, has_recovery_codes: true, waits_for_address: false };
    let due = |event: &AccountEvent, before| {
        mail_due(event, Doer::Holder, before).map(|due| match due.kind {
            MailKind::Code | MailKind::ResetLink => None,
            MailKind::Notice { notice, .. } => Some(notice),
        })
    };
    let factor = factor();
    let used = AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { index: 0, left: 9 });
    let removed = AccountEvent::FactorRemoved(FactorRemoved { factor });
    let reset = LockoutReset { scope: ResetScope::Counters, method: None };
    for (event, notice) in [
        (enabled(), Notice::FactorEnabled),
        (removed, Notice::FactorRemoved),
        (used, Notice::RecoveryCodeUsed),
        (AccountEvent::LockoutReset(reset), Notice::Unlocked),
        (issued(), Notice::RecoveryCodesReplaced),
        (verified(Method::EmailCode, Purpose::SignIn), Notice::SignedInByEmail),
    ] {
        assert_eq!(due(&event, before), Some(Some(notice)));
        assert_eq!(due(&event, Before { has_email: false, ..before }), None);
    }
    assert_eq!(due(&issued(), Before { has_recovery_codes: false, ..before }), None);
    for event in [
        verified(Method::EmailCode, Purpose::ConfirmEmail),
        verified(Method::Totp, Purpose::SignIn),
        verified(Method::RecoveryCode, Purpose::SignIn),
        AccountEvent::Disabled(Disabled {}),
    ] {
        assert_eq!(due(&event, before), None);
    }
}

/// SR-143: an address is there only as its keyed hash.
#[actix_rt::test]
async fn sr_143_the_file_holds_no_address_and_no_code() {
    let house = House::new();
    let account = house.register(1, "canary-mike@example.org").await;
    house.ask_for_code(account, "042917").await;
    house.model.apply(&facts(&house.log).await).unwrap();
    assert_eq!(house.model.mails_due(house.clock.now(), 9).unwrap().len(), 1);
    for entry in std::fs::read_dir(house.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for canary in [&b"canary-mike"[..], b"042917"] {
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{}", path.display());
        }
    }
}
