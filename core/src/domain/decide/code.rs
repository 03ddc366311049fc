//! A code, judged: the part that sign-in, step-up and activation share.

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, Counted, Method, Purpose, RecoveryCodeUsed,
    RejectedWhy,
};
use countersign_events::id::{EventId, HandleHash};

use super::guesses::{Admitted, may_tell};
use crate::domain::account::{Account, Offer, Open};
use crate::domain::command::{Context, Evidence};
use crate::domain::totp::Drift;

/// Where a code was typed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) purpose: Purpose,
    pub(super) sign_in: Option<HandleHash>,
    pub(super) in_session: Option<HandleHash>,
}

/// By what leave a code is judged. Whatever was compared is judged under one, so that a way to
/// prove something that nothing counts does not compile (SR-082).
#[derive(Debug, Clone, Copy)]
pub(super) enum Leave<'a> {
    /// The limits of its method admitted it, and count it.
    Admitted(&'a Admitted),
    /// It is for this authenticator on offer, which counts it: nobody guesses what he was shown.
    Offer(&'a Offer),
}

impl Leave<'_> {
    /// Whether it is leave for what was compared.
    fn is_for(self, evidence: &Evidence) -> bool {
        match self {
            Self::Admitted(admitted) => admitted.method() == evidence.method(),
            Self::Offer(offer) => evidence.factor() == Some(offer.factor),
        }
    }
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// Accepted, with the step and offset of an authenticator's code.
    Totp { step: u64, offset: i32 },
    /// Accepted: the live code by e-mail.
    EmailCode { request: EventId },
    /// Accepted: a recovery code.
    RecoveryCode { index: u32, left: u32 },
    /// Refused.
    Rejected { why: RejectedWhy, off_by_steps: Option<i32> },
}

const fn rejected(why: RejectedWhy) -> Judged {
    Judged::Rejected { why, off_by_steps: None }
}

/// Judges what comparing gave against what the account has accepted before.
pub(super) fn judge(
    open: &Open,
    evidence: &Evidence,
    place: &Place,
    leave: Leave<'_>,
    context: &Context<'_>,
) -> Judged {
    if !leave.is_for(evidence) {
        return rejected(RejectedWhy::NoneIssued);
    }
    match evidence {
        Evidence::Totp(compared) => {
            // An authenticator on offer has accepted nothing yet.
            let (drift, last_step) = match open.factors.get(&compared.factor) {
                Some(factor) => (factor.drift, Some(factor.last_step)),
                None if place.purpose == Purpose::Enable => (Drift::default(), None),
                None => return rejected(RejectedWhy::NoneIssued),
            };
            let window = drift.narrowed(context.policy.totp_skew);
            match compared.acceptable(window, last_step) {
                Some((step, offset)) => Judged::Totp { step, offset },
                None if compared.is_reused(window, last_step) => rejected(RejectedWhy::Reused),
                None => {
                    Judged::Rejected { why: RejectedWhy::Wrong, off_by_steps: compared.offset() }
                }
            }
        }
        Evidence::EmailCode { right } => {
            let bound_to = place.sign_in.or(place.in_session);
            let live = bound_to.and_then(|bound_to| open.email_codes.get(&bound_to));
            let is_offered = place.purpose != Purpose::SignIn
                || open.offers_email_codes(context.now, context.policy);
            match live.filter(|code| is_offered && code.purpose == place.purpose) {
                None => rejected(RejectedWhy::NoneIssued),
                Some(_) if !right => rejected(RejectedWhy::Wrong),
                Some(code) if context.now >= code.expires_at => rejected(RejectedWhy::Expired),
                Some(code) => Judged::EmailCode { request: code.request },
            }
        }
        Evidence::RecoveryCode { index } => match (&open.recovery, index) {
            (None, _) => rejected(RejectedWhy::NoneIssued),
            (Some(_), None) => rejected(RejectedWhy::Wrong),
            (Some(set), Some(index)) if set.used.contains(index) => rejected(RejectedWhy::Reused),
            (Some(set), Some(index)) if set.has(*index) => {
                Judged::RecoveryCode { index: *index, left: set.left().saturating_sub(1) }
            }
            (Some(_), Some(_)) => rejected(RejectedWhy::Wrong),
        },
        Evidence::Nothing { .. } => rejected(RejectedWhy::NoneIssued),
    }
}

/// The facts of an accepted code. The session it starts is for the caller to add.
pub(super) fn accepted(
    judged: Judged,
    evidence: &Evidence,
    place: &Place,
    device: Option<HandleHash>,
) -> Vec<AccountEvent> {
    let mut verified = CodeVerified {
        method: evidence.method(),
        factor: evidence.factor(),
        step: None,
        offset: None,
        request: None,
        purpose: place.purpose,
        sign_in: place.sign_in,
        in_session: place.in_session,
        next: None,
        session: None,
        device,
    };
    let mut used = None;
    match judged {
        Judged::Totp { step, offset } => {
            verified.step = Some(step);
            verified.offset = Some(offset);
        }
        Judged::EmailCode { request } => verified.request = Some(request),
        Judged::RecoveryCode { index, left } => {
            used = Some(AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { index, left }));
        }
        Judged::Rejected { .. } => {}
    }
    [Some(AccountEvent::CodeVerified(verified)), used].into_iter().flatten().collect()
}

/// The facts of a refused code: it counts, and may make the method wait or end it.
///
/// A code that was accepted before is no guess: it counts against the sign-in or session alone, so
/// that a person who types the used code again is not locked out (SR-009, SR-066). Nor is a code
/// for an authenticator on offer, which nobody admits: it counts against the offer. Nor is a code
/// by e-mail where none was sent: it counts against the sign-in or session, or else whoever has the
/// password would close the holder's way by e-mail without a single mail.
pub(super) fn refused(
    account: &Account,
    judged: Judged,
    evidence: &Evidence,
    place: &Place,
    leave: Leave<'_>,
    context: &Context<'_>,
) -> Vec<AccountEvent> {
    let Judged::Rejected { why, off_by_steps } = judged else { return vec![] };
    let admitted = match leave {
        Leave::Admitted(admitted) => Some(admitted),
        Leave::Offer(_) => None,
    };
    let method = evidence.method();
    let guesses = place.sign_in.map_or(0, |sign_in| {
        guesses_so_far(account, sign_in).saturating_add(u32::from(counts_as_guess(why)))
    });
    let wrong = admitted.filter(|_| counts_to_limit(method, why, place.purpose));
    let wrong = wrong.map(|admitted| admitted.wrong(account, context));
    let (unresolved, counted, follows) = match (wrong, admitted) {
        (Some(wrong), _) => (wrong.unresolved, wrong.counted, wrong.follows),
        (None, Some(it)) => {
            let tells_holder = tells_of_replay(account, why, place, context);
            (it.unresolved(account), Counted { tells_holder, ..it.counted() }, vec![])
        }
        (None, None) => (0, Counted::default(), vec![]),
    };
    let rejected = AccountEvent::CodeRejected(CodeRejected {
        method,
        factor: evidence.factor(),
        why,
        off_by_steps,
        purpose: place.purpose,
        sign_in: place.sign_in,
        in_session: place.in_session,
        in_sign_in: guesses,
        unresolved,
        counted,
    });
    std::iter::once(rejected).chain(follows).collect()
}

/// Whether the holder is told of a used code at a sign-in (SR-016). Mostly he typed it himself;
/// otherwise somebody has his password and has seen the code.
fn tells_of_replay(
    account: &Account,
    why: RejectedWhy,
    place: &Place,
    context: &Context<'_>,
) -> bool {
    let told_at = account.open().and_then(|open| open.replay_told_at);
    why == RejectedWhy::Reused && place.purpose == Purpose::SignIn && may_tell(told_at, context.now)
}

/// Whether a refused code is a guess: whoever types one that was accepted has it, and guesses
/// nothing.
pub(in crate::domain) fn counts_as_guess(why: RejectedWhy) -> bool {
    why != RejectedWhy::Reused
}

/// Whether a refused code counts to the limits of its method.
pub(in crate::domain) fn counts_to_limit(
    method: Method,
    why: RejectedWhy,
    purpose: Purpose,
) -> bool {
    counts_as_guess(why) && !is_of_no_mail(method, why) && purpose != Purpose::Enable
}

/// Whether a code by e-mail was given where none was sent: there was nothing to guess.
pub(in crate::domain) fn is_of_no_mail(method: Method, why: RejectedWhy) -> bool {
    (method, why) == (Method::EmailCode, RejectedWhy::NoneIssued)
}

fn guesses_so_far(account: &Account, sign_in: HandleHash) -> u32 {
    let found = account.open().and_then(|open| open.sign_ins.get(&sign_in));
    found.map_or(0, |sign_in| sign_in.guesses)
}
