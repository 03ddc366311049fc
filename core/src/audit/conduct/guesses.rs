//! Guesses: each by the lane that it had to come by, and no lane beyond what it may have.
//!
//! Counted anew from what the log says was wrong, where, and what forgave it. A guess tells its
//! lane by the device that it names: known then, and with guesses left; one without is in the lane
//! of all. The numbers are those of the policy that was in force.

use countersign_events::account::{
    AccountEvent, BrowserAdmitted, CodeRejected, CodeVerified, Counted, Lane, Method, PasswordSet,
    PasswordSetWhy, Purpose, RejectedWhy, ResetScope, SessionOpened,
};
use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::devices::Devices;
use super::{Act, Breach, Rule};
use crate::domain::limits::{Limits, SECOND_STEPS, window};

/// What was wrong and is not forgiven.
#[derive(Debug, Clone, Default)]
pub(super) struct Guesses {
    wrong: Vec<Wrong>,
    /// The browser in which a link of a mail was followed: it has tries of its own at the password.
    browser: Option<BrowserAdmitted>,
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    method: Method,
    at: Timestamp,
    within: Option<HandleHash>,
    /// The device by whose lane it came; none in the lane of all.
    device: Option<HandleHash>,
}

/// When a guess was made, what was known by then, and the limits that were in force.
#[derive(Debug, Clone, Copy)]
struct Then<'a> {
    at: Timestamp,
    devices: &'a Devices,
    limits: &'a Limits,
}

impl Guesses {
    /// Takes what happened next, before the devices do.
    pub(super) fn take(&mut self, act: &Act<'_>, devices: &Devices, breaches: &mut Vec<Breach>) {
        let then = Then { at: act.at, devices, limits: &act.policy.limits };
        match act.event {
            AccountEvent::PasswordRejected(rejected) => {
                let (within, counted) = (rejected.in_session, rejected.counted);
                self.rejected(Method::Password, within, counted, then, breaches);
            }
            AccountEvent::CodeRejected(rejected) => self.code_rejected(rejected, then, breaches),
            AccountEvent::PasswordVerified(verified) => {
                self.admitted(Method::Password, verified.device, then, breaches);
                let opened = verified.session.as_ref();
                let replaced = opened.and_then(|it| it.replaces.filter(|of| *of != it.session));
                self.forgive(&[Method::Password], |wrong| {
                    replaced.is_some() && wrong.within == replaced
                });
                self.renewed(opened);
            }
            AccountEvent::FirstFactorVouched(vouched) => self.renewed(vouched.session.as_ref()),
            AccountEvent::CodeVerified(verified) => self.code_verified(verified, then, breaches),
            AccountEvent::PasswordSet(set) => self.password_set(set),
            AccountEvent::PasswordUnlocked(unlocked) => {
                self.forgive(&[Method::Password], |wrong| wrong.device.is_none());
                self.browser = unlocked.browser;
            }
            AccountEvent::Repudiated(_) => self.browser = None,
            AccountEvent::LockoutReset(reset) => {
                let counters = reset.scope == ResetScope::Counters;
                self.forget(|wrong| {
                    let meant = reset.method.is_none_or(|of| of == wrong.method);
                    meant && (counters || wrong.method == Method::Password)
                });
            }
            _ => {}
        }
    }

    /// What is guessed is another: nothing was guessed of it yet.
    pub(super) fn anew(&mut self, method: Method) {
        self.forget(|wrong| wrong.method == method);
    }

    fn code_rejected(
        &mut self,
        rejected: &CodeRejected,
        then: Then<'_>,
        breaches: &mut Vec<Breach>,
    ) {
        let CodeRejected { method, why, counted, .. } = *rejected;
        if rejected.purpose == Purpose::Enable {
            return;
        }
        // A retype is no guess, nor is a code by e-mail where none was sent.
        let is_none = (method, why) == (Method::EmailCode, RejectedWhy::NoneIssued);
        if why == RejectedWhy::Reused || is_none {
            self.claimed(method, counted, then, breaches);
            return;
        }
        let within = rejected.sign_in.or(rejected.in_session);
        self.rejected(method, within, counted, then, breaches);
    }

    fn rejected(
        &mut self,
        method: Method,
        within: Option<HandleHash>,
        counted: Counted,
        then: Then<'_>,
        breaches: &mut Vec<Breach>,
    ) {
        self.claimed(method, counted, then, breaches);
        let (at, span) = (then.at, window(method));
        self.forget(|it| it.method == method && at.duration_since(it.at) >= span);
        self.wrong.push(Wrong { method, at, within, device: counted.device });
    }

    /// The lane that an event names is the one that its device says.
    fn claimed(
        &self,
        method: Method,
        counted: Counted,
        then: Then<'_>,
        breaches: &mut Vec<Breach>,
    ) {
        if (counted.lane == Lane::Known) != counted.device.is_some() {
            let detail = format!("{method:?} by {:?}, device {:?}", counted.lane, counted.device);
            breaches.push((Rule::LaneMistaken, detail));
        }
        self.admitted(method, counted.device, then, breaches);
    }

    /// A guess that was evaluated: its lane must have had room.
    fn admitted(
        &self,
        method: Method,
        device: Option<HandleHash>,
        then: Then<'_>,
        breaches: &mut Vec<Breach>,
    ) {
        let (limit, span) = (then.limits.of(method), window(method));
        let all = self.wrong.iter().filter(|wrong| wrong.method == method);
        let counting = all.filter(|wrong| then.at.duration_since(wrong.at) < span);
        let known = counting.clone().filter(|wrong| wrong.device.is_some()).count();
        let (of_lane, most) = match (device, limit.known) {
            (None, _) => (counting.count() - known, limit.unknown_cap),
            (Some(_), None) => {
                let detail = format!("{method:?} has no lane of known devices");
                return breaches.push((Rule::LaneMistaken, detail));
            }
            (Some(device), Some(lane)) => {
                if !then.devices.knows(device, then.at) && !self.has_tries(method, device, then) {
                    let detail = format!("device {device} is not known");
                    breaches.push((Rule::DeviceNotKnown, detail));
                }
                let at_it = counting.filter(|wrong| wrong.device == Some(device)).count();
                let full = lane.cap.is_some_and(|cap| is_beyond(known, cap));
                (if full { usize::MAX } else { at_it }, lane.per_device)
            }
        };
        if is_beyond(of_lane, most) {
            let detail = format!("{method:?} with {most} wrong ones in its lane before it");
            breaches.push((Rule::GuessBeyondCap, detail));
        }
    }

    fn has_tries(&self, method: Method, device: HandleHash, then: Then<'_>) -> bool {
        let admits = |it: BrowserAdmitted| it.device == device && then.at < it.expires_at;
        method == Method::Password && self.browser.is_some_and(admits)
    }

    fn code_verified(
        &mut self,
        verified: &CodeVerified,
        then: Then<'_>,
        breaches: &mut Vec<Breach>,
    ) {
        if verified.purpose != Purpose::Enable {
            self.admitted(verified.method, verified.device, then, breaches);
        }
        let within = verified.sign_in.or(verified.in_session);
        if matches!(verified.purpose, Purpose::SignIn | Purpose::StepUp) && within.is_some() {
            let in_it = |wrong: &Wrong| wrong.within == within;
            match verified.method {
                Method::Totp | Method::RecoveryCode => self.forgive(&SECOND_STEPS, in_it),
                Method::EmailCode | Method::Password => self.forgive(&[verified.method], in_it),
            }
        }
        self.renewed(verified.session.as_ref());
    }

    /// What was wrong by the lane of a device goes with the handle that it held, where it holds
    /// another now.
    fn renewed(&mut self, opened: Option<&SessionOpened>) {
        let remembered = opened.and_then(|opened| opened.device.as_ref());
        let replaced =
            remembered.and_then(|it| it.replaces.filter(|earlier| *earlier != it.device));
        if replaced.is_some() {
            self.forget(|wrong| wrong.device == replaced);
        }
    }

    fn password_set(&mut self, set: &PasswordSet) {
        if set.why != PasswordSetWhy::Rehashed {
            self.anew(Method::Password);
        }
        if !matches!(set.why, PasswordSetWhy::Initial | PasswordSetWhy::Rehashed) {
            self.browser = None;
        }
        if set.forgives_codes {
            self.forgive(&SECOND_STEPS, |wrong| wrong.device.is_none());
        }
        self.renewed(set.session.as_ref());
    }

    fn forgive(&mut self, methods: &[Method], which: impl Fn(&Wrong) -> bool) {
        self.forget(|wrong| methods.contains(&wrong.method) && which(wrong));
    }

    fn forget(&mut self, which: impl Fn(&Wrong) -> bool) {
        self.wrong.retain(|wrong| !which(wrong));
        if self.wrong.is_empty() {
            self.wrong = vec![];
        }
    }
}

fn is_beyond(count: usize, most: u32) -> bool {
    usize::try_from(most).is_ok_and(|most| count >= most)
}
