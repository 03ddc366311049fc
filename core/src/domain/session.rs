//! Sessions: whether one is alive, and whether its proofs are fresh enough.

use countersign_events::account::{Assurance, EmailCodes, Origin};
use countersign_events::id::{FactorId, HandleHash};
use jiff::{SignedDuration, Timestamp};

use super::account::{Account, Open, Replacement, Session};
use super::policy::{EmailMode, Policy, SESSION_USE_RECORDED_EVERY};
use super::refusal::{Refusal, StepUp};

/// RFC 8176: a password.
pub const AMR_PASSWORD: &str = "pwd";
/// RFC 8176: a one-time password.
pub const AMR_OTP: &str = "otp";
/// RFC 8176: several factors.
pub const AMR_MFA: &str = "mfa";
/// A code sent by e-mail: no RFC 8176 value fits, and none is claimed.
pub const AMR_EMAIL: &str = "urn:countersign:amr:email";
/// A recovery code.
pub const AMR_RECOVERY_CODE: &str = "urn:countersign:amr:recovery_code";

/// The account whose sessions are asked for. Where only operators are served, nobody else has one
/// (SR-120).
///
/// # Errors
/// [`Refusal::NoSession`] where there is none, or it is not served here.
pub fn holder_of(account: &Account, staff_only: bool) -> Result<&Open, Refusal> {
    let open = account.open().filter(|open| !staff_only || open.origin == Origin::Operator);
    open.ok_or(Refusal::NoSession)
}

/// Whether the holder signs in where this is asked: operators where only they are served, everybody
/// else elsewhere. At the other door a login is one that nobody has, so that nobody outside finds
/// out who an operator is, nor shuts one out (SR-120).
#[must_use]
pub fn signs_in_at(open: &Open, staff_only: bool) -> bool {
    (open.origin == Origin::Operator) == staff_only
}

/// The session, if it is alive: neither over, nor idle for too long, nor ended (SR-120, SR-130).
///
/// `seen` is a use that is not recorded yet.
///
/// # Errors
/// [`Refusal::NoSession`] for every other.
pub fn check<'a>(
    open: &'a Open,
    session: HandleHash,
    seen: Option<Timestamp>,
    now: Timestamp,
    policy: &Policy,
) -> Result<&'a Session, Refusal> {
    let idle = policy.session_spans(open.origin).idle;
    let alive = open.sessions.get(&session).filter(|session| {
        let used_at = seen.map_or(session.used_at, |seen| seen.max(session.used_at));
        now < session.expires_at && now.duration_since(used_at) < idle
    });
    alive.ok_or(Refusal::NoSession)
}

impl Open {
    /// Whether a session acts with two factors: it has proven both, and the account still asks for
    /// the second.
    #[must_use]
    pub fn is_two_factor(&self, session: HandleHash) -> bool {
        let found = self.sessions.get(&session);
        self.two_factor_enabled()
            && found.is_some_and(|session| session.assurance == Assurance::TwoFactor)
    }
}

impl Open {
    /// Whether codes by e-mail are offered at the sign-in (SR-019, SR-029, SR-053).
    #[must_use]
    pub fn offers_email_codes(&self, now: Timestamp, policy: &Policy) -> bool {
        let has_channels = match policy.email_mode {
            EmailMode::SignIn => true,
            EmailMode::RecoveryOnly => policy.single_channel_ack,
            EmailMode::Off => false,
        };
        let is_withheld = match self.email_codes_offered {
            EmailCodes::Offered => false,
            EmailCodes::WithheldUntil(until) => now < until,
            EmailCodes::WithheldUntilProof => true,
        };
        self.email.is_some() && has_channels && !is_withheld
    }

    /// The replacement that waits, due or not.
    #[must_use]
    pub fn replacement_pending(&self, now: Timestamp) -> Option<&Replacement> {
        self.replacement.as_ref().filter(|pending| now < pending.expires_at)
    }

    /// The replacement that may be completed now.
    #[must_use]
    pub fn replacement_due(&self, now: Timestamp) -> Option<&Replacement> {
        self.replacement_pending(now).filter(|pending| pending.due_at <= now)
    }

    /// Until when address, authenticators and recovery codes stay as they are (SR-118).
    #[must_use]
    pub fn held(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_until.filter(|until| now < *until)
    }

    /// Demands that nothing is held.
    ///
    /// # Errors
    /// [`Refusal::Held`] where it is.
    pub fn demand_no_hold(&self, now: Timestamp) -> Result<(), Refusal> {
        self.held(now).map_or(Ok(()), |until| Err(Refusal::Held { until }))
    }
}

impl Session {
    /// Whether it can replace a lost authenticator and little else (SR-019).
    #[must_use]
    pub fn is_for_recovery_only(&self, policy: &Policy) -> bool {
        self.assurance == Assurance::EmailCode && policy.email_mode == EmailMode::RecoveryOnly
    }

    /// Whether it can be one that is not idle, after so long: of its last uses, not all are
    /// recorded.
    #[must_use]
    pub fn may_be_in_use(&self, now: Timestamp, idle: SignedDuration) -> bool {
        now.duration_since(self.used_at) < idle.saturating_add(SESSION_USE_RECORDED_EVERY)
    }

    /// Demands a session that may do more than replace a lost authenticator.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] where it may not.
    pub fn demand_more_than_recovery(&self, policy: &Policy) -> Result<(), Refusal> {
        if self.is_for_recovery_only(policy) {
            Err(Refusal::Forbidden("a session by a code by e-mail is for recovery only"))
        } else {
            Ok(())
        }
    }

    /// Demands what a change of the account needs: a fresh second factor where there is one, a
    /// fresh password where there is none.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`].
    pub fn demand_fresh(
        &self,
        open: &Open,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(), Refusal> {
        if open.two_factor_enabled() {
            self.demand_second_factor(now, policy)
        } else if self.password_is_fresh(now, policy) {
            Ok(())
        } else {
            Err(policy.step_up(StepUp::Password))
        }
    }

    /// Whether the password was proven a short while ago.
    #[must_use]
    pub fn password_is_fresh(&self, now: Timestamp, policy: &Policy) -> bool {
        self.password_at.is_some_and(|at| now.duration_since(at) <= policy.fresh)
    }

    /// Whether a second factor was proven a short while ago.
    #[must_use]
    pub fn second_factor_is_fresh(&self, now: Timestamp, policy: &Policy) -> bool {
        self.assurance == Assurance::TwoFactor
            && self.second_factor_at.is_some_and(|at| now.duration_since(at) <= policy.fresh)
    }

    /// Demands a fresh second factor by other means than an authenticator (SR-018).
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`] where it is not.
    pub fn demand_another(
        &self,
        factor: FactorId,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(), Refusal> {
        if self.second_factor_is_fresh(now, policy) && self.second_factor_by != Some(factor) {
            Ok(())
        } else {
            Err(policy.step_up(StepUp::AnotherFactor))
        }
    }

    /// Forgets its second factor; one by a code by e-mail has none, and stays what it is.
    pub(super) fn lower(&mut self) {
        (self.second_factor_at, self.second_factor_by) = (None, None);
        if self.assurance == Assurance::TwoFactor {
            self.assurance = Assurance::Password;
            self.amr
                .retain(|proof| ![AMR_OTP, AMR_RECOVERY_CODE, AMR_MFA].contains(&proof.as_str()));
        }
    }

    /// Demands a second factor as fresh as whoever acts on others needs it.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`] where it is not.
    pub fn demand_staff_factor(&self, now: Timestamp, policy: &Policy) -> Result<(), Refusal> {
        let young = |at| now.duration_since(at) <= policy.staff_fresh;
        match self.second_factor_at {
            Some(at) if self.assurance == Assurance::TwoFactor && young(at) => Ok(()),
            _ => Err(policy.staff_step_up()),
        }
    }

    /// Demands a fresh second factor.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`] where it is not.
    pub fn demand_second_factor(&self, now: Timestamp, policy: &Policy) -> Result<(), Refusal> {
        if self.second_factor_is_fresh(now, policy) {
            Ok(())
        } else {
            Err(policy.step_up(StepUp::SecondFactor))
        }
    }
}
