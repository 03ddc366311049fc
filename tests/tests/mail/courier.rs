//! The courier and a mail server that does everything wrong.

use std::sync::atomic::Ordering;

use countersign_core::actors::courier::{self, NOTICE_ATTEMPTS_MAX};
use countersign_core::clock::Clock as _;
use countersign_core::mail::ledger::MailOutcome;
use countersign_core::projections::ReadModel;
use countersign_events::account::{AccountEvent, DeliveryFailure, EmailCodeSent, Enabled, Notice};
use countersign_events::id::{AccountId, EventId, FactorId};
use countersign_tests::mailbox::Letter;
use countersign_tests::smtp_sink::{Reply, SmtpSink, nobody};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::house::{House, PUBLIC_URL, smtp};

fn enabled() -> AccountEvent {
    AccountEvent::Enabled(Enabled { factor: FactorId::new(Uuid::from_u128(9)) })
}

fn refused(request: EventId, attempts: u32, class: DeliveryFailure) -> MailOutcome {
    MailOutcome::Failed { request, attempts, class }
}

#[actix_rt::test]
async fn a_code_arrives_at_the_stored_address_and_is_recorded() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    let request = house.ask_for_code(account, "042917").await;
    assert_eq!(house.settle(&courier).await, None);
    let arrived = sink.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        (arrived[0].from.as_str(), arrived[0].to.as_str()),
        ("no-reply@example.com", "mike@example.org")
    );
    let letter = Letter::parse(&arrived[0].bytes).unwrap();
    assert_eq!(letter.code(), Some("042917"));
    assert_eq!(letter.header("To"), Some("mike@example.org"));
    assert_eq!(letter.header("Message-ID"), Some(&*format!("<{request}@example.com>")));
    assert!(letter.text.contains("curl, network 203.0.113.x"), "{}", letter.text);
    assert_eq!(house.outcomes(), [MailOutcome::CodeSent { request, attempts: 1 }]);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_notice_arrives_without_any_code() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    let cause = house.log.append(account, &enabled()).await;
    house.settle(&courier).await;
    let letter = Letter::parse(&sink.arrived()[0].bytes).unwrap();
    assert_eq!(letter.code(), None);
    assert!(letter.text.contains(PUBLIC_URL) && letter.html.contains("This wasn't you?"));
    let notice = Notice::FactorEnabled;
    assert_eq!(house.outcomes(), [MailOutcome::NoticeSent { notice, cause, attempts: 1 }]);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_mail_that_is_not_taken_now_or_breaks_off_is_delivered_later() {
    for fault in [Reply::Later, Reply::Break] {
        let mut house = House::new();
        let sink = SmtpSink::start().await.unwrap();
        sink.script(None, fault);
        let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
        let account = house.register(1, "mike@example.org").await;
        let request = house.ask_for_code(account, "042917").await;
        let next = house.settle(&courier).await.unwrap();
        assert_eq!(next, house.clock.now() + courier::PAUSE_FIRST);
        assert_eq!((sink.tried(), sink.arrived().len()), (1, 0), "{fault:?}");
        assert_eq!(house.go_on(&courier).await, None);
        assert_eq!((sink.tried(), sink.arrived().len()), (2, 1), "{fault:?}");
        assert_eq!(house.outcomes(), [MailOutcome::CodeSent { request, attempts: 2 }]);
        house.stop(courier, projector).await;
    }
}

#[actix_rt::test]
async fn a_refused_mail_is_given_up_at_once() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    sink.script(None, Reply::Never);
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    let request = house.ask_for_code(account, "042917").await;
    assert_eq!(house.settle(&courier).await, None);
    assert_eq!(house.outcomes(), [refused(request, 1, DeliveryFailure::Refused)]);
    assert_eq!(sink.tried(), 1);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_mail_waits_for_a_server_that_is_down() {
    let mut house = House::new();
    let address = nobody().await.unwrap();
    let courier_url = format!("smtp://{address}");
    let (projector, courier) = (house.project(), house.courier(smtp(&courier_url)));
    let account = house.register(1, "mike@example.org").await;
    let cause = house.log.append(account, &enabled()).await;
    for _ in 0..3 {
        house.go_on(&courier).await.unwrap();
    }
    assert_eq!(house.outcomes(), []);
    let sink = SmtpSink::start_at(address).await.unwrap();
    assert_eq!(house.go_on(&courier).await, None);
    assert_eq!(sink.arrived().len(), 1);
    let notice = Notice::FactorEnabled;
    assert_eq!(house.outcomes(), [MailOutcome::NoticeSent { notice, cause, attempts: 5 }]);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_mail_that_hangs_does_not_hold_up_the_others() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    sink.script(Some("slow@example.org"), Reply::Hold);
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let slow = house.register(1, "slow@example.org").await;
    let quick = house.register(2, "quick@example.org").await;
    house.log.append(slow, &enabled()).await;
    sink.wait_tried(1).await;
    for _ in 0..10 {
        house.log.append(quick, &enabled()).await;
    }
    let arrived = sink.wait_arrived(10).await;
    assert!(arrived.iter().all(|mail| mail.to == "quick@example.org"));
    sink.release();
    house.settle(&courier).await;
    assert_eq!(sink.arrived().len(), 11);
    assert_eq!(house.outcomes().len(), 11);
    house.stop(courier, projector).await;
}

/// At least once: if we crash between sending and recording, the mail goes out again and can be
/// recognised as the same.
#[actix_rt::test]
async fn a_mail_sent_and_not_recorded_is_sent_again_after_a_crash_and_only_then() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    house.ledger.cannot_record.store(true, Ordering::SeqCst);
    let request = house.ask_for_code(account, "042917").await;
    sink.wait_arrived(1).await;
    for _ in 0..3 {
        house.go_on(&courier).await.unwrap();
    }
    assert_eq!(sink.tried(), 1, "while the courier lives it sends once");
    assert_eq!(house.outcomes(), []);
    house.kill_last_actor();
    house.ledger.cannot_record.store(false, Ordering::SeqCst);
    let courier = house.courier(smtp(&sink.url()));
    assert_eq!(house.settle(&courier).await, None);
    let arrived = sink.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0], arrived[1], "the same Message-ID, the same bytes");
    assert_eq!(house.outcomes(), [MailOutcome::CodeSent { request, attempts: 1 }]);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn what_was_not_recorded_is_recorded_once_it_can_be() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    house.ledger.cannot_record.store(true, Ordering::SeqCst);
    let request = house.ask_for_code(account, "042917").await;
    house.settle(&courier).await.unwrap();
    house.ledger.cannot_record.store(false, Ordering::SeqCst);
    assert_eq!(house.go_on(&courier).await, None);
    assert_eq!(sink.tried(), 1);
    assert_eq!(house.outcomes(), [MailOutcome::CodeSent { request, attempts: 1 }]);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_code_that_has_expired_is_of_no_use_or_has_no_address_is_not_sent() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let account = house.register(1, "mike@example.org").await;
    let nameless = house.register(2, "gone@example.org").await;
    house.ledger.addresses.lock().unwrap().remove(&nameless);
    let expired = house.ask_for_code(account, "042917").await;
    house.clock.advance(SignedDuration::from_mins(10));
    let later = house.clock.now() + SignedDuration::from_mins(10);
    let other = house.register(3, "other@example.org").await;
    let superseded = house.request(other, later).await;
    let unaddressed = house.ask_for_code(nameless, "042917").await;
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    assert_eq!(house.settle(&courier).await, None);
    let mut outcomes = house.outcomes();
    outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
    assert_eq!(
        outcomes,
        [
            refused(expired, 0, DeliveryFailure::Expired),
            refused(superseded, 0, DeliveryFailure::Expired),
            refused(unaddressed, 0, DeliveryFailure::NoAddress),
        ]
    );
    assert_eq!(sink.tried(), 0);
    house.stop(courier, projector).await;
}

#[actix_rt::test]
async fn a_mail_is_given_up_after_a_bounded_number_of_attempts() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    for _ in 0..NOTICE_ATTEMPTS_MAX + 1 {
        sink.script(None, Reply::Later);
    }
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    let cause = house.log.append(account, &enabled()).await;
    while house.settle(&courier).await.is_some() {
        house.go_on(&courier).await;
    }
    let attempts = NOTICE_ATTEMPTS_MAX;
    assert_eq!(house.outcomes(), [refused(cause, attempts, DeliveryFailure::Deferred)]);
    assert_eq!(sink.tried(), usize::try_from(attempts).unwrap());
    house.stop(courier, projector).await;
}

/// A read model that is built anew passes through states in which mails of long ago look due.
#[actix_rt::test]
async fn mails_of_long_ago_are_not_sent_again_when_the_read_models_are_built_anew() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    for number in 1..=20 {
        let account = house.register(number, "mike@example.org").await;
        let request = house.ask_for_code(account, "042917").await;
        // Enough between the two that no batch holds both.
        for _ in 0..100 {
            house.log.append(account, &disabled()).await;
        }
        let sent = AccountEvent::EmailCodeSent(EmailCodeSent { request, attempts: 1 });
        house.log.append(account, &sent).await;
    }
    house.model = ReadModel::open(&house.dir.path().join("again.db")).unwrap();
    let courier = house.courier(smtp(&sink.url()));
    let projector = house.project();
    assert_eq!(house.settle(&courier).await, None);
    assert_eq!(sink.tried(), 0);
    assert_eq!(house.outcomes(), []);
    house.stop(courier, projector).await;
}

fn disabled() -> AccountEvent {
    AccountEvent::Disabled(countersign_events::account::Disabled {})
}

#[actix_rt::test]
async fn a_stop_lets_mails_under_way_arrive_and_be_recorded() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    sink.script(None, Reply::Hold);
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let account = house.register(1, "mike@example.org").await;
    let request = house.ask_for_code(account, "042917").await;
    sink.wait_tried(1).await;
    let stopping = courier.send(courier::Stop);
    courier.send(courier::Poke).await.unwrap();
    let waiting = house.register(2, "late@example.org").await;
    house.log.append(waiting, &enabled()).await;
    house.model.caught_up(house.log.head().await.unwrap()).await;
    sink.release();
    let (left, ()) = tokio::join!(stopping, async {});
    assert_eq!(left.unwrap(), 0);
    assert_eq!(house.outcomes(), [MailOutcome::CodeSent { request, attempts: 1 }]);
    assert_eq!(sink.tried(), 1, "nothing new is taken up");
    projector.send(countersign_core::actors::projector::Stop).await.unwrap();
    // What was left is in the log, and goes out after the next start.
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    house.settle(&courier).await;
    assert_eq!(sink.arrived()[1].to, "late@example.org");
    house.stop(courier, projector).await;
}

/// The same mail must not be held by somebody who takes no notice of the clock moving back.
#[actix_rt::test]
async fn a_clock_that_moves_back_delays_a_mail_and_loses_none() {
    let mut house = House::new();
    let sink = SmtpSink::start().await.unwrap();
    let account: AccountId = house.register(1, "mike@example.org").await;
    house.log.append(account, &enabled()).await;
    house.clock.advance(SignedDuration::from_mins(-5));
    let (projector, courier) = (house.project(), house.courier(smtp(&sink.url())));
    let next = house.settle(&courier).await.unwrap();
    assert_eq!(next, house.clock.now() + SignedDuration::from_mins(5));
    assert_eq!(house.go_on(&courier).await, None);
    assert_eq!(sink.arrived().len(), 1);
    house.stop(courier, projector).await;
}
