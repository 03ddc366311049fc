//! A guess: admitted or refused before it is evaluated, and what it leads to when it is wrong.

use countersign_events::account::{
    AccountEvent, CooledDown, Counted, Lane, LockedOut, Method, PasswordChangeDemanded,
    PasswordChangeWhy,
};
use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::devices;
use crate::domain::account::{Account, Open};
use crate::domain::command::{AtDevice, Context};
use crate::domain::limits::{Guess, Lock, Rule, SECOND_STEPS, TOLD_EVERY};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;

/// A guess that may be evaluated.
#[derive(Debug)]
pub(super) struct Admitted {
    method: Method,
    guess: Guess,
    lane: Lane,
}

/// What a wrong guess leads to.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Unresolved failures of its lane, with this one.
    pub(super) unresolved: u32,
    /// How it counts.
    pub(super) counted: Counted,
    /// What follows it in the log.
    pub(super) follows: Vec<AccountEvent>,
}

/// A guess as limits look at it: a device counts where the account knows it, and at the password
/// where a link of a mail was followed in it.
#[must_use]
pub fn guess_at(
    account: &Account,
    method: Method,
    within: Option<HandleHash>,
    device: Option<AtDevice>,
    at: Timestamp,
) -> Guess {
    let known = account
        .open()
        .and_then(|open| devices::counted_at(open, method, devices::at(open, within, device), at));
    Guess { at, within, device: known }
}

/// The lane of a guess that may be evaluated.
///
/// # Errors
/// The [`Lock`] where it may not be: by the limits of its method, or because it comes too soon
/// after another in the same sign-in or session.
pub fn lane_of(
    account: &Account,
    policy: &Policy,
    method: Method,
    guess: &Guess,
) -> Result<Lane, Lock> {
    let lane = account.limits.admit(&policy.limits, method, guess)?;
    too_soon(account, policy, method, lane, guess).map_or(Ok(lane), Err)
}

/// A code follows one that was refused in the same sign-in or session only after a moment, which a
/// person does not notice and a program does (ASVS 2.4.2). It changes no cap.
fn too_soon(
    account: &Account,
    policy: &Policy,
    method: Method,
    lane: Lane,
    guess: &Guess,
) -> Option<Lock> {
    let within = guess.within.filter(|_| SECOND_STEPS.contains(&method))?;
    let open = account.open()?;
    let sign_in = open.sign_ins.get(&within).map(|sign_in| sign_in.guessed_at);
    let session = || open.sessions.get(&within).map(|session| session.guessed_at);
    let since = sign_in.or_else(session).flatten()?;
    let until = since.saturating_add(policy.guesses_apart).unwrap_or(Timestamp::MAX);
    let unresolved = account.limits.of(method).unresolved(method, lane, guess.at);
    let lock = Lock { method, lane, rule: Rule::Pace, since, until: Some(until), unresolved };
    (guess.at < until).then_some(lock)
}

/// What whoever guesses is told of a lock. That a method must be bound anew is told to nobody who
/// has not signed in (SR-075).
#[must_use]
pub fn refusal_of(lock: &Lock) -> Refusal {
    match (lock.rule, lock.until) {
        (Rule::Wait | Rule::LaneCap | Rule::Guarded | Rule::Pace, Some(retry_at)) => {
            Refusal::TooManyRequests { retry_at }
        }
        (Rule::HardCap, _) | (_, None) => Refusal::AuthenticationFailed,
    }
}

/// Whether the holder may be told once more of something that can come often.
pub(super) fn may_tell(told_at: Option<Timestamp>, now: Timestamp) -> bool {
    told_at.is_none_or(|at| now.duration_since(at) >= TOLD_EVERY)
}

/// Admits a guess, or refuses it; what was refused before in its lane is summed up in front of the
/// events that follow.
pub(super) fn admit(
    account: &Account,
    method: Method,
    within: Option<HandleHash>,
    context: &Context<'_>,
) -> Result<(Admitted, Vec<AccountEvent>), Refusal> {
    let guess = guess_at(account, method, within, context.device, context.now);
    let lane =
        lane_of(account, context.policy, method, &guess).map_err(|lock| refusal_of(&lock))?;
    let refused = context.refused.get(&(method, lane));
    let summed = refused.map(|refused| refused.event(method, lane)).into_iter().collect();
    Ok((Admitted { method, guess, lane }, summed))
}

/// Refuses to begin what only leads to guesses of a method that is shut. It is none itself, and
/// follows one at once.
pub(super) fn demand_open(
    account: &Account,
    method: Method,
    within: Option<HandleHash>,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let guess = guess_at(account, method, within, context.device, context.now);
    let admitted = account.limits.admit(&context.policy.limits, method, &guess);
    admitted.map(drop).map_err(|lock| refusal_of(&lock))
}

impl Admitted {
    /// The method that it is a guess of.
    pub(super) const fn method(&self) -> Method {
        self.method
    }

    /// The known device by whose lane it comes. In the lane of all, devices are all alike: nothing
    /// that happens at one of them forgives what was wrong there.
    pub(super) fn device(&self) -> Option<HandleHash> {
        self.guess.device.filter(|_| self.lane == Lane::Known)
    }

    /// Where it is made, as far as that counts.
    pub(super) fn counted(&self) -> Counted {
        Counted { lane: self.lane, device: self.device(), tells_holder: false }
    }

    /// Unresolved failures of its lane, without it.
    pub(super) fn unresolved(&self, account: &Account) -> u32 {
        account.limits.of(self.method).unresolved(self.method, self.lane, self.guess.at)
    }

    /// What it leads to, being wrong.
    pub(super) fn wrong(&self, account: &Account, context: &Context<'_>) -> Wrong {
        let Self { method, guess, lane } = *self;
        let limit = context.policy.limits.of(method);
        let outcome = account.limits.of(method).after(method, limit, lane, &guess);
        let unresolved = outcome.unresolved;
        let ends_sign_ins = method != Method::Password && lane == Lane::Unknown;
        let cooled = outcome.wait_until.filter(|_| outcome.lock.is_none()).map(|until| {
            let rule = Rule::Wait.name().to_owned();
            let cooled = CooledDown { method, lane, until, unresolved, rule, ends_sign_ins };
            AccountEvent::CooledDown(cooled)
        });
        let locked = outcome.lock.map(|(rule, unresolved, until)| {
            let locked = LockedOut { method, lane, rule, unresolved, until, ends_sign_ins };
            AccountEvent::LockedOut(locked)
        });
        let demanded = account.open().and_then(|open| demanded(account, open, self, context));
        Wrong {
            unresolved,
            counted: Counted { tells_holder: outcome.tells_holder, ..self.counted() },
            follows: [cooled, locked, demanded].into_iter().flatten().collect(),
        }
    }
}

/// Who gave so many wrong codes knows the password: the next sign-in asks for another (SR-094).
fn demanded(
    account: &Account,
    open: &Open,
    admitted: &Admitted,
    context: &Context<'_>,
) -> Option<AccountEvent> {
    let is_second_step = admitted.method != Method::Password && admitted.lane == Lane::Unknown;
    let failures = account.limits.unknown_second_steps(context.now).saturating_add(1);
    let is_due = is_second_step
        && failures >= context.policy.limits.demands_password
        && open.password.is_some()
        && open.password_change.is_none();
    is_due.then_some(AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Guessed,
        ends_password: false,
    }))
}
