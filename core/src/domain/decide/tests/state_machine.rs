//! Every order of six calls, held against a model of twenty lines: who gets a session.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, Purpose, SessionOpened};

use super::harness::{Given, RIGHT, begin, enrolled, given, mins, secs, send, sign_in, verify};
use crate::domain::command::{Command, Evidence, FirstFactor};

const CALLS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    PasswordRight,
    PasswordWrong,
    /// The right code, for the latest sign-in or the first.
    TotpRight,
    TotpRightInFirst,
    TotpWrong,
    AskEmail,
    EmailRight,
    RecoveryRight,
    /// The next time step.
    Wait,
}

const ALL: [Call; 9] = [
    Call::PasswordRight,
    Call::PasswordWrong,
    Call::TotpRight,
    Call::TotpRightInFirst,
    Call::TotpWrong,
    Call::AskEmail,
    Call::EmailRight,
    Call::RecoveryRight,
    Call::Wait,
];

/// What may enter, as few words as will do.
#[derive(Debug, Clone, Default)]
struct Model {
    /// Sign-ins that wait, each with whether a code was sent for it.
    waiting: BTreeMap<u8, bool>,
    /// The last sign-in begun, and the first.
    latest: u8,
    first: u8,
    /// The last step that entered, as times waited.
    step_used: Option<u32>,
    waited: u32,
    /// Times of the codes sent, as times waited.
    sent: Option<u32>,
}

impl Model {
    /// Whether this call opens a session.
    fn opens(&mut self, call: Call, depth: u8) -> bool {
        let target = if call == Call::TotpRightInFirst { self.first } else { self.latest };
        let waits = self.waiting.get(&target).copied();
        let opens = match call {
            Call::PasswordRight => {
                self.waiting.insert(depth, false);
                self.latest = depth;
                self.first = if self.first == 0 { depth } else { self.first };
                false
            }
            Call::TotpRight | Call::TotpRightInFirst => {
                let fresh = self.step_used != Some(self.waited);
                let opens = waits.is_some() && fresh;
                self.step_used = if opens { Some(self.waited) } else { self.step_used };
                opens
            }
            // A minute, two steps, must lie between two codes.
            Call::AskEmail => {
                let may = self.sent.is_none_or(|sent| self.waited >= sent + 2);
                if may && let Some(sent) = self.waiting.get_mut(&target) {
                    *sent = true;
                    self.sent = Some(self.waited);
                }
                false
            }
            Call::EmailRight => waits == Some(true),
            Call::RecoveryRight => waits.is_some(),
            Call::Wait => {
                self.waited += 1;
                false
            }
            Call::PasswordWrong | Call::TotpWrong => false,
        };
        if opens {
            self.waiting.remove(&target);
        }
        opens
    }
}

fn command(call: Call, given: &Given, model: &Model, depth: u8) -> Option<Command> {
    let latest = model.latest;
    Some(match call {
        Call::PasswordRight => begin(RIGHT, depth),
        Call::PasswordWrong => begin(FirstFactor::PasswordWrong, depth),
        Call::TotpRight => verify(latest, given.totp(&[0])),
        Call::TotpRightInFirst => verify(model.first, given.totp(&[0])),
        Call::TotpWrong => verify(latest, given.totp(&[])),
        Call::AskEmail => send(Purpose::SignIn, sign_in(latest), depth),
        Call::EmailRight => verify(latest, Evidence::EmailCode { right: true }),
        Call::RecoveryRight => verify(latest, Evidence::RecoveryCode { index: Some(depth.into()) }),
        Call::Wait => return None,
    })
}

fn opened(event: &AccountEvent) -> Option<&SessionOpened> {
    match event {
        AccountEvent::PasswordVerified(verified) => verified.session.as_ref(),
        AccountEvent::FirstFactorVouched(vouched) => vouched.session.as_ref(),
        AccountEvent::CodeVerified(verified) => verified.session.as_ref(),
        _ => None,
    }
}

fn walk(given: &Given, model: &Model, calls: &mut Vec<Call>, walked: &mut u64) {
    for call in ALL {
        let depth = u8::try_from(calls.len() + 1).unwrap();
        calls.push(call);
        *walked += 1;
        let events = command(call, given, model, depth)
            .map_or(Ok(vec![]), |command| given.when(command).0)
            .unwrap_or_default();
        let mut model = model.clone();
        let expected = model.opens(call, depth);
        assert_eq!(events.iter().any(|event| opened(event).is_some()), expected, "{calls:?}");
        if calls.len() < CALLS {
            let next = given.clone().and(events);
            let next = if call == Call::Wait { next.after(secs(30)) } else { next };
            walk(&next, &model, calls, walked);
        }
        calls.pop();
    }
}

/// SR-055: in every order of six calls there is a session exactly where the right password and
/// then a right, unused code of the same sign-in were given.
#[test]
fn sr_055_no_order_of_calls_reaches_a_session_without_both_proofs() {
    let mut walked = 0;
    walk(&given(enrolled()).after(mins(1)), &Model::default(), &mut vec![], &mut walked);
    assert_eq!(walked, (1..=6).map(|depth| 9_u64.pow(depth)).sum::<u64>());
}
