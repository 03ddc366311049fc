//! Codes: accepted once, in order, of what was issued, within the limits.

use countersign_events::account::{
    CodeRejected, CodeVerified, FactorResynced, Method, Need, Purpose, RejectedWhy, SessionOpened,
};
use countersign_events::id::{FactorId, HandleHash};

use super::{Act, Assurance, Breach, Conduct, Factor, Rule};
use crate::domain::policy::Policy;

/// How far off a clock can be that two codes tell of.
const RESYNC_STEPS_MAX: i32 = 20;

/// How sure of its holder a session is by this.
const fn proven_by(method: Method) -> Assurance {
    match method {
        Method::Password => Assurance::Password,
        Method::EmailCode => Assurance::EmailCode,
        Method::Totp | Method::RecoveryCode => Assurance::TwoFactor,
    }
}

impl Conduct {
    pub(super) fn code_verified(
        &mut self,
        act: &Act<'_>,
        verified: &CodeVerified,
        breaches: &mut Vec<Breach>,
    ) {
        // An authenticator on offer is not the one that was guessed at.
        if verified.purpose == Purpose::Enable {
            self.rebinding = self.disabled.contains(&Method::Totp);
        } else {
            self.succeeded(verified.method, verified.device, act.at, breaches);
        }
        match verified.method {
            Method::Totp => self.totp_accepted(verified, breaches),
            Method::EmailCode => self.email_code_accepted(verified, breaches),
            Method::RecoveryCode => {}
            Method::Password => {
                let detail = "a password is no code".to_owned();
                breaches.push((Rule::SessionWithoutProof, detail));
            }
        }
        if verified.purpose == Purpose::Resync {
            self.told_of_clock(verified, breaches);
        }
        self.recovery.proven(act, verified, breaches);
        if let Some(sign_in) = verified.sign_in {
            let needs = match verified.purpose {
                Purpose::Enable => Need::Enrolment,
                _ => Need::SecondFactor,
            };
            self.complete(sign_in, needs, act.policy, breaches);
        }
        self.begin(verified.next.as_ref(), proven_by(verified.method));
        if let Some(opened) = &verified.session {
            self.session_by_code(opened, verified, breaches);
        }
    }

    /// The heart of it: no step is accepted twice, and none after a later one.
    fn totp_accepted(&mut self, verified: &CodeVerified, breaches: &mut Vec<Breach>) {
        let (Some(id), Some(step)) = (verified.factor, verified.step) else {
            let detail = "an authenticator's code without authenticator or step".to_owned();
            breaches.push((Rule::NoSuchFactor, detail));
            return;
        };
        let Some(factor) = self.factors.get_mut(&id) else {
            let detail = format!("authenticator {id} is neither offered nor in use");
            breaches.push((Rule::NoSuchFactor, detail));
            return;
        };
        match factor.last_step {
            Some(last) if step == last => {
                let detail = format!("step {step} of authenticator {id} was accepted before");
                breaches.push((Rule::StepAcceptedTwice, detail));
            }
            Some(last) if step < last => {
                let detail = format!("step {step} of authenticator {id} after step {last}");
                breaches.push((Rule::StepNotLater, detail));
            }
            _ => factor.last_step = Some(step),
        }
        let offset = verified.offset.unwrap_or(0);
        if verified.purpose == Purpose::Resync {
            factor.told = Some(offset);
        } else if offset.abs_diff(factor.learned) > 1 {
            let expected = factor.learned;
            let detail = format!("{offset} steps off, of a phone taken to be {expected} steps off");
            breaches.push((Rule::CodeOutsideWindow, detail));
        }
        factor.learned = offset.clamp(factor.centre - 1, factor.centre + 1);
        if !factor.enabled && verified.purpose != Purpose::Enable {
            let detail = format!("authenticator {id} is not in use yet");
            breaches.push((Rule::NoSuchFactor, detail));
        }
    }

    fn email_code_accepted(&mut self, verified: &CodeVerified, breaches: &mut Vec<Breach>) {
        let bound_to = verified.sign_in.or(verified.in_session);
        let live = bound_to.and_then(|bound_to| self.email_codes.remove(&bound_to));
        let fits = live.is_some_and(|code| {
            verified.request == Some(code.request) && verified.purpose == code.purpose
        });
        if !fits {
            let detail = "no live code was sent for this sign-in or session".to_owned();
            breaches.push((Rule::EmailCodeNotLive, detail));
        }
    }

    /// A sign-in is completed once: afterwards it is not there any more.
    fn complete(
        &mut self,
        sign_in: HandleHash,
        needs: Need,
        policy: &Policy,
        breaches: &mut Vec<Breach>,
    ) {
        match self.sign_ins.remove(&sign_in).filter(|open| open.needs == needs) {
            None => {
                let detail = format!("sign-in {sign_in} is not open, or not any more");
                breaches.push((Rule::SignInNotOpen, detail));
            }
            Some(open)
                if open.guesses >= policy.guesses_per_sign_in
                    || open.reused >= policy.reused_per_sign_in =>
            {
                let detail = format!("sign-in {sign_in} had no guess left");
                breaches.push((Rule::TooManyGuesses, detail));
            }
            Some(_) => {}
        }
    }

    fn session_by_code(
        &mut self,
        opened: &SessionOpened,
        verified: &CodeVerified,
        breaches: &mut Vec<Breach>,
    ) {
        let by_code = proven_by(verified.method);
        let proven = match verified.purpose {
            Purpose::SignIn if verified.sign_in.is_none() => {
                let detail = "a code without the sign-in that a password began".to_owned();
                breaches.push((Rule::SessionWithoutProof, detail));
                Some(by_code)
            }
            Purpose::SignIn => Some(by_code),
            Purpose::Enable if verified.sign_in.is_some() => Some(by_code),
            Purpose::Enable | Purpose::StepUp | Purpose::ConfirmEmail | Purpose::ChangeEmail => {
                self.successor(opened, breaches).map(|before| before.assurance.max(by_code))
            }
            Purpose::Resync => {
                let detail = "the clock of a phone opens no session".to_owned();
                breaches.push((Rule::SessionWithoutProof, detail));
                None
            }
        };
        self.start(opened, proven, breaches);
        self.proven_by(opened, verified.factor);
    }

    /// A clock is set to what two codes just told, by somebody who has proven something else.
    pub(super) fn resynced(&mut self, resynced: &FactorResynced, breaches: &mut Vec<Breach>) {
        let FactorResynced { factor: id, offset } = *resynced;
        let told = self.factors.get_mut(&id).and_then(|factor| factor.told.take());
        if told != Some(offset) || offset.abs() > RESYNC_STEPS_MAX {
            let detail = format!("authenticator {id} is set {offset} steps off without its codes");
            breaches.push((Rule::ResyncWithoutProof, detail));
        }
        if let Some(factor) = self.factors.get_mut(&id) {
            (factor.centre, factor.learned) = (offset, offset);
        }
    }

    /// Two codes in a row are taken in a session that something else has proven.
    fn told_of_clock(&self, verified: &CodeVerified, breaches: &mut Vec<Breach>) {
        let session = verified.in_session.and_then(|session| self.sessions.get(&session));
        let is_proven = session.is_some_and(|session| {
            session.assurance == Assurance::TwoFactor && session.by != verified.factor
        });
        if !is_proven {
            let detail = "in no session that another factor has proven".to_owned();
            breaches.push((Rule::ResyncWithoutProof, detail));
        }
    }

    pub(super) fn code_rejected(
        &mut self,
        act: &Act<'_>,
        rejected: &CodeRejected,
        breaches: &mut Vec<Breach>,
    ) {
        if rejected.purpose != Purpose::Enable {
            self.evaluated(rejected.method, rejected.counted.lane, act.at, breaches);
        }
        let Some(hash) = rejected.sign_in else { return };
        let Some(sign_in) = self.sign_ins.get_mut(&hash) else {
            let detail = format!("sign-in {hash} is not open, or not any more");
            breaches.push((Rule::SignInNotOpen, detail));
            return;
        };
        // A retype of an accepted code is no guess.
        let is_retype = rejected.why == RejectedWhy::Reused;
        let (count, most) = if is_retype {
            (&mut sign_in.reused, act.policy.reused_per_sign_in)
        } else {
            (&mut sign_in.guesses, act.policy.guesses_per_sign_in)
        };
        *count = count.saturating_add(1);
        if *count > most {
            let detail = format!("attempt {count} in sign-in {hash}, {most} at most");
            breaches.push((Rule::TooManyGuesses, detail));
        }
    }

    pub(super) fn recovery_code_used(&mut self, index: u32, breaches: &mut Vec<Breach>) {
        if !self.recovery_used.insert(index) {
            let detail = format!("code {index} of the set was used before");
            breaches.push((Rule::RecoveryCodeUsedTwice, detail));
        }
    }

    pub(super) fn enable(&mut self, id: FactorId, breaches: &mut Vec<Breach>) {
        let factor = self.factors.get(&id).cloned().unwrap_or_default();
        if factor.last_step.is_none() && !factor.imported {
            let detail = format!("authenticator {id} has no accepted code");
            breaches.push((Rule::EnabledWithoutCode, detail));
        }
        self.factors.insert(id, Factor { enabled: true, ..factor });
        self.sign_ins.clear();
    }
}
