//! What the courier asks and tells, however much happens to the account meanwhile.

use countersign_core::accounts::request::{Asker, Call, Net};
use countersign_core::mail::language::Language;
use countersign_core::mail::ledger::{MailLedger as _, MailOutcome};
use countersign_events::account::{AccountEvent, DeliveryFailure, Notice};
use countersign_events::id::EventId;
use jiff::SignedDuration;

use super::house::{Enabled, House, PASSWORD, asked, no, password_of, run, yes};

/// More events than are read at once while looking back, twice.
const BUSY: usize = 150;

/// Lets this many things happen to an account.
async fn keep_busy(house: &House, mike: &Enabled) {
    for number in 0..BUSY {
        let (asker, name) = (Asker::Session(mike.token.clone()), format!("phone {number}"));
        yes(house.accounts.rename_factor(&house.call(), asker, mike.factor, name).await);
    }
}

/// The newest event of an account that is one like this.
async fn newest(house: &House, mike: &Enabled, is_it: fn(&AccountEvent) -> bool) -> EventId {
    let events = house.events(mike.account).await;
    events.into_iter().rev().find(|(_, event)| is_it(event)).unwrap().0
}

/// The courier sends at least once: what it tells twice stands once in the log.
#[test]
fn an_outcome_that_is_told_again_much_later_leaves_one_event() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        yes(house.accounts.send_email_code(&house.call(), step.id).await);
        let is_request =
            |event: &AccountEvent| matches!(event, AccountEvent::EmailCodeRequested(_));
        let request = newest(&house, &mike, is_request).await;
        let cause = newest(&house, &mike, |event| matches!(event, AccountEvent::Enabled(_))).await;
        let sent = MailOutcome::CodeSent { request, attempts: 1 };
        let told = MailOutcome::NoticeSent { notice: Notice::FactorEnabled, cause, attempts: 1 };
        let failed =
            MailOutcome::Failed { request: cause, attempts: 9, class: DeliveryFailure::Deferred };
        for _ in 0..2 {
            house.accounts.record(mike.account, sent).await.unwrap();
            house.accounts.record(mike.account, told).await.unwrap();
            keep_busy(&house, &mike).await;
        }
        house.accounts.record(mike.account, failed).await.unwrap();
        assert_eq!(house.count(mike.account, "account.email_code_sent").await, 1);
        assert_eq!(house.count(mike.account, "account.notice_sent").await, 1);
        assert_eq!(house.count(mike.account, "account.email_delivery_failed").await, 0);
    });
}

/// A mail of its own is not taken for another one's, and where the code was asked for is found.
#[test]
fn a_busy_account_still_knows_where_a_code_was_asked_for() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        yes(house.accounts.send_email_code(&house.call(), step.id).await);
        keep_busy(&house, &mike).await;
        let is_request =
            |event: &AccountEvent| matches!(event, AccountEvent::EmailCodeRequested(_));
        let request = newest(&house, &mike, is_request).await;
        let mail = house.accounts.code(mike.account, request).await.unwrap().unwrap();
        assert_eq!(mail.net.unwrap().ip, "192.0.2.7");
        let sent = MailOutcome::CodeSent { request, attempts: 2 };
        house.accounts.record(mike.account, sent).await.unwrap();
        assert_eq!(house.count(mike.account, "account.email_code_sent").await, 1);
    });
}

/// A call of somebody who reads this language.
fn reading(house: &House, language: Language) -> Call {
    let call = house.call();
    Call { net: Net { language: Some(language), ..call.net }, ..call }
}

/// Signs in with this language and asks for a code without saying one: the request's id.
async fn ask_for_code(house: &House, mike: &Enabled, language: Language) -> EventId {
    house.pass(SignedDuration::from_mins(1));
    let call = reading(house, language);
    let step = asked(yes(house.accounts.sign_in(&call, password_of("mike", PASSWORD)).await));
    yes(house.accounts.send_email_code(&house.call(), step.id).await);
    newest(house, mike, |event| matches!(event, AccountEvent::EmailCodeRequested(_))).await
}

/// SR-024: a mail speaks as what called for it says, or what came before; what comes later, and who
/// merely guesses, has no say in it.
#[test]
fn sr_024_the_language_of_a_mail_does_not_change() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let enabled =
            newest(&house, &mike, |event| matches!(event, AccountEvent::Enabled(_))).await;
        let language = async |cause: EventId| {
            let to = house.accounts.addressees(mike.account, cause).await.unwrap();
            to.first().unwrap().language
        };
        assert_eq!(language(enabled).await, Language::English);
        let german = ask_for_code(&house, &mike, Language::German).await;
        let mail = house.accounts.code(mike.account, german).await.unwrap().unwrap();
        assert_eq!((mail.to.language, mail.net.unwrap().language), (Language::German, None));

        // However much happens in between.
        keep_busy(&house, &mike).await;
        let wrong = password_of("mike", "not his password");
        no(house.accounts.sign_in(&reading(&house, Language::English), wrong).await);
        let step = house.second_step("mike").await;
        house.pass(SignedDuration::from_mins(1));
        yes(house.accounts.send_email_code(&house.call(), step.id).await);
        let is_request =
            |event: &AccountEvent| matches!(event, AccountEvent::EmailCodeRequested(_));
        let later = newest(&house, &mike, is_request).await;
        assert_eq!(language(later).await, Language::German);

        let english = ask_for_code(&house, &mike, Language::English).await;
        let all = [enabled, german, later, english];
        let mut spoken = vec![];
        for cause in all {
            spoken.push(language(cause).await);
        }
        let (english, german) = (Language::English, Language::German);
        assert_eq!(spoken, [english, german, german, english]);
    });
}
