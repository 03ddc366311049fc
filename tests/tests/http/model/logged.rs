//! What the log says of everybody, beside what the model says that it must.

use std::collections::{BTreeMap, HashMap};

use countersign_events::account::{AccountEvent, Method};
use countersign_events::id::{AccountId, HandleHash};
use countersign_tests::app::TestApp;

use super::account::Way;
use super::person::Person;

/// What the log says of an account.
#[derive(Default)]
struct Logged {
    facts: BTreeMap<&'static str, u64>,
    counted: Vec<(Way, u32)>,
    unevaluated: u64,
    last_step: u64,
    waiting: Vec<HandleHash>,
}

impl Logged {
    fn hear(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AttemptsRefused(summed) => self.unevaluated += summed.count,
            AccountEvent::FirstFactorVouched(vouched) => {
                assert!(vouched.session.is_none(), "I4: a session by the first factor alone");
                self.waiting.extend(vouched.sign_in.as_ref().map(|opened| opened.sign_in));
            }
            AccountEvent::CodeVerified(verified) => {
                if let Some(step) = verified.step {
                    assert!(step > self.last_step, "I2, I3: step {step} after {}", self.last_step);
                    self.last_step = step;
                }
                if let Some(sign_in) = verified.sign_in {
                    let at = self.waiting.iter().position(|waiting| *waiting == sign_in);
                    self.waiting.remove(at.expect("I4: a session without its first factor"));
                }
            }
            AccountEvent::CodeRejected(rejected) => {
                let way = match rejected.method {
                    Method::Totp => Way::Totp,
                    Method::EmailCode => Way::EmailCode,
                    _ => Way::RecoveryCode,
                };
                self.counted.push((way, rejected.unresolved));
            }
            _ => {}
        }
        *self.facts.entry(event.event_type()).or_default() += 1;
    }
}

/// Holds the log against everybody's model, fact by fact.
pub(super) fn logged(app: &TestApp, people: &[Person]) {
    let mut logs: HashMap<AccountId, Logged> = HashMap::new();
    app.each_event(|account, event| logs.entry(account).or_default().hear(&event));
    for person in people {
        let mut log = logs.remove(&person.member.account).unwrap_or_default();
        let model = &person.model;
        // The code that enabled the authenticator is no part of any walk.
        *log.facts.entry("account.code_verified").or_default() -= 1;
        for fact in [
            "account.first_factor_vouched",
            "account.code_verified",
            "account.code_rejected",
            "account.recovery_code_used",
            "account.cooled_down",
            "account.locked_out",
            "account.email_code_requested",
        ] {
            let [logged, expected] =
                [&log.facts, &model.facts].map(|facts| facts.get(fact).copied().unwrap_or(0));
            assert_eq!(logged, expected, "{fact} of {}", person.member.subject);
        }
        assert_eq!(log.counted, model.counted, "{}", person.member.subject);
        assert_eq!(log.unevaluated, model.unevaluated, "{}", person.member.subject);
    }
}
