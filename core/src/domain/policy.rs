//! The policy: every number that a decision depends on, with its standard values.
//!
//! What of it can be set, under which name and within which bounds, is one table:
//! [`settings::SETTINGS`]. It also says for each which direction is tighter, so that nobody loosens
//! a limit by mistake (SR-096).

pub mod profile;
pub mod settings;
mod skew;
pub mod span;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use countersign_events::account::Origin;
use countersign_events::id::PolicyVersion;

use super::limits::Limits;
use super::refusal::{Refusal, StepUp};

pub use profile::Profile;
pub use skew::Skew;

/// What a code by e-mail is good for at the sign-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailMode {
    /// It completes a sign-in: the session has a name of its own, and may not change factors.
    #[default]
    SignIn,
    /// It leads to a session that can replace a lost authenticator and little else.
    RecoveryOnly,
    /// There is none.
    Off,
}

/// Every number that a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its version, named by every entry decided under it.
    pub version: PolicyVersion,
    /// The profile that what was not set by itself comes from.
    pub profile: Profile,
    /// Evaluated guesses in one sign-in, all methods together; the next one is refused.
    pub guesses_per_sign_in: u32,
    /// Of these, the ones after which no code by e-mail is looked at any more.
    pub email_guesses: u32,
    /// Of these, the ones after which no recovery code is.
    pub recovery_guesses: u32,
    /// How long after one of these was refused the next is looked at, in one sign-in or session.
    pub guesses_apart: SignedDuration,
    /// The time steps that a code of an authenticator is compared with.
    pub totp_skew: Skew,
    /// Retypes of an accepted code in one sign-in: no guesses, but not for ever either.
    pub reused_per_sign_in: u32,
    /// How many guesses of each method are evaluated, from where, in how long.
    pub limits: Limits,
    /// Lockouts that support may end in 30 days.
    pub lockout_resets_max: usize,
    /// Whether another person must approve what support wants removed.
    pub two_person: TwoPerson,
    /// How long the holder can object before it is removed.
    pub removal_hold: SignedDuration,
    /// How long the holder can object before another address takes the present one's place.
    pub address_hold: SignedDuration,
    /// How often each operator may act.
    pub staff_caps: StaffCaps,
    /// How long a sign-in may wait for its second factor.
    pub sign_in_ttl: SignedDuration,
    /// How long an offered authenticator may wait for its first code.
    pub offer_ttl: SignedDuration,
    /// Authenticators of an account.
    pub factors_max: usize,
    /// How long a code by e-mail lives.
    pub email_code_ttl: SignedDuration,
    /// The least time between two codes by e-mail.
    pub email_resend: SignedDuration,
    /// Codes by e-mail in 15 minutes.
    pub email_sends_per_15m: usize,
    /// Codes by e-mail in 24 hours.
    pub email_sends_per_day: usize,
    /// Of these, the ones kept for devices that are known.
    pub email_sends_reserved: usize,
    /// How long a session lives at the most.
    pub session_overall: SignedDuration,
    /// How long it lives unused.
    pub session_idle: SignedDuration,
    /// Sessions of an account; the oldest ends.
    pub sessions_max: usize,
    /// How long a device is known after somebody last signed in there.
    pub device_ttl: SignedDuration,
    /// How old a fresh proof may be.
    pub fresh: SignedDuration,
    /// How old it may be where an operator acts on others.
    pub staff_fresh: SignedDuration,
    /// How long a session of an operator lives at the most.
    pub staff_session_overall: SignedDuration,
    /// How long it lives unused.
    pub staff_session_idle: SignedDuration,
    /// What a new password must be.
    pub passwords: NewPasswords,
    /// When the alarm over all accounts sounds, and what it changes.
    pub breaker: BreakerPolicy,
    /// What a code by e-mail is good for at the sign-in.
    pub email_mode: EmailMode,
    /// Whether it may be the way to recover where one address is all there is to tell the holder.
    pub single_channel_ack: bool,
    /// How long a link to a new password works.
    pub reset_ttl: SignedDuration,
    /// Mails with such a link in one hour; a further request makes the last one work again.
    pub resets_per_hour: usize,
    /// The same in 24 hours.
    pub resets_per_day: usize,
    /// How long a browser in which a link of a mail was followed has tries of its own at the
    /// password.
    pub admitted_ttl: SignedDuration,
    /// How long address, authenticators and recovery codes stay as they are after a way around a
    /// proof was used.
    pub hold: SignedDuration,
    /// How long after the end of such a time a further reset by mail begins no other.
    pub hold_again: SignedDuration,
    /// How long codes by e-mail are not offered after a password was set anew by mail.
    pub email_codes_withheld: SignedDuration,
    /// How long an earlier address is told what happens, and can be taken back.
    pub email_undo: SignedDuration,
    /// How long the holder can object before an authenticator is replaced.
    pub replacement_delay: SignedDuration,
    /// How long a replacement may wait to be completed once it is due.
    pub replacement_ttl: SignedDuration,
    /// Whether a wrong password is answered as a right one that waits for its second factor.
    pub blind_sign_in: bool,
    /// From when everybody must have a second factor.
    pub two_factor_required_from: Option<Timestamp>,
}

/// Whether another person must approve what support wants removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwoPerson {
    /// Nobody: for a desk of one, delay and notice are all there is.
    Delay,
    /// A supervisor other than the one who asked.
    #[default]
    Required,
}

/// How often one operator may do what is done for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCaps {
    /// Searches, found or not.
    pub searches_per_hour: u32,
    /// Looks at accounts; reading on is no further look.
    pub looks_per_hour: u32,
    /// Lockouts ended, and links to a new password sent, together.
    pub resets_per_day: u32,
    /// Removals asked for; and as many approved.
    pub removals_per_day: u32,
    /// Suspensions, their ends, and ends of sessions, together.
    pub holds_per_day: u32,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpans {
    /// At the most.
    pub overall: SignedDuration,
    /// Unused.
    pub idle: SignedDuration,
}

/// What a new password must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPasswords {
    /// Characters at least, while it is all that an account has.
    pub chars_alone: usize,
    /// Characters at least, where there is a second factor.
    pub chars_beside_second_factor: usize,
    /// zxcvbn's rating at least.
    pub score: u8,
}

/// When the alarm over all accounts sounds, and what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerPolicy {
    /// Whether it guards accounts while it sounds; it tells in any case.
    pub enforce: bool,
    /// Failures of second steps in an hour that are never an alarm.
    pub failures_min: u32,
    /// So many times the usual number of an hour is one.
    pub times_usual: u32,
    /// So is a share of failures beyond this, in percent.
    pub share_percent: u32,
    /// Unresolved guesses in 24 hours from unknown devices at a guarded account; then no more.
    pub guarded_allowance: u32,
}

impl Policy {
    /// Whether everybody must have a second factor by now.
    #[must_use]
    pub fn requires_two_factor(&self, now: Timestamp) -> bool {
        self.two_factor_required_from.is_some_and(|from| from <= now)
    }

    /// How long a session of an account lives that was made for these: an operator's never longer
    /// than anybody's, whichever number is set lower (SR-120, SR-130).
    #[must_use]
    pub fn session_spans(&self, origin: Origin) -> SessionSpans {
        let (overall, idle) = (self.session_overall, self.session_idle);
        match origin {
            Origin::Holder | Origin::Client => SessionSpans { overall, idle },
            Origin::Operator => SessionSpans {
                overall: overall.min(self.staff_session_overall),
                idle: idle.min(self.staff_session_idle),
            },
        }
    }

    /// What must be proven again, and how fresh.
    #[must_use]
    pub const fn step_up(&self, missing: StepUp) -> Refusal {
        Refusal::StepUpRequired { missing, max_age: self.fresh }
    }

    /// The second factor of whoever acts on others, and how fresh.
    #[must_use]
    pub const fn staff_step_up(&self) -> Refusal {
        Refusal::StepUpRequired { missing: StepUp::SecondFactor, max_age: self.staff_fresh }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: PolicyVersion::new(1),
            profile: Profile::Standard,
            guesses_per_sign_in: 5,
            email_guesses: 5,
            recovery_guesses: 5,
            guesses_apart: SignedDuration::from_secs(1),
            totp_skew: Skew::Whole,
            reused_per_sign_in: 10,
            limits: Limits::standard(),
            lockout_resets_max: 2,
            two_person: TwoPerson::Required,
            removal_hold: SignedDuration::from_hours(24),
            address_hold: SignedDuration::from_hours(72),
            staff_caps: StaffCaps {
                searches_per_hour: 300,
                looks_per_hour: 600,
                resets_per_day: 20,
                removals_per_day: 5,
                holds_per_day: 20,
            },
            sign_in_ttl: SignedDuration::from_mins(10),
            offer_ttl: SignedDuration::from_mins(10),
            factors_max: 10,
            email_code_ttl: SignedDuration::from_mins(10),
            email_resend: SignedDuration::from_secs(60),
            email_sends_per_15m: 3,
            email_sends_per_day: 5,
            email_sends_reserved: 2,
            session_overall: SignedDuration::from_hours(12),
            session_idle: SignedDuration::from_mins(30),
            sessions_max: 10,
            device_ttl: SignedDuration::from_hours(90 * 24),
            fresh: SignedDuration::from_secs(super::refusal::FRESH_SECONDS),
            staff_fresh: SignedDuration::from_secs(super::refusal::FRESH_SECONDS),
            staff_session_overall: SignedDuration::from_hours(8),
            staff_session_idle: SignedDuration::from_mins(15),
            passwords: NewPasswords { chars_alone: 8, chars_beside_second_factor: 8, score: 2 },
            breaker: BreakerPolicy {
                enforce: false,
                failures_min: 200,
                times_usual: 5,
                share_percent: 30,
                guarded_allowance: 3,
            },
            email_mode: EmailMode::SignIn,
            single_channel_ack: false,
            reset_ttl: SignedDuration::from_mins(30),
            resets_per_hour: 3,
            resets_per_day: 10,
            admitted_ttl: SignedDuration::from_mins(30),
            hold: SignedDuration::from_hours(24),
            hold_again: SignedDuration::from_hours(7 * 24),
            email_codes_withheld: SignedDuration::from_hours(7 * 24),
            email_undo: SignedDuration::from_hours(7 * 24),
            replacement_delay: SignedDuration::from_hours(24),
            replacement_ttl: SignedDuration::from_hours(7 * 24),
            blind_sign_in: false,
            two_factor_required_from: None,
        }
    }
}

/// How long the link of a notice works that says "this was not me".
pub const OBJECTION_TTL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long it is remembered that such a link was used: as long as the link works.
pub const REPUDIATED_REMEMBERED: SignedDuration = OBJECTION_TTL;
/// Sign-ins of an account that may wait at once; the oldest is dropped. Not part of the policy:
/// states are folded with it, and a fold depends on nothing but events.
pub const SIGN_INS_LIVE_MAX: usize = 10;
/// Of these, the ones at one known device.
pub const SIGN_INS_PER_DEVICE_MAX: usize = 3;
/// Wrong codes for an authenticator on offer; after them it lapses. Whoever types them was just
/// shown the secret and guesses nothing.
pub const OFFER_GUESSES_MAX: u32 = 10;
/// The span over which ended lockouts are counted.
pub const LOCKOUT_RESETS_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A password that is set by mail opens the lane of codes from unknown devices at most this often:
/// as often as the mailbox is worth one lane of guesses more.
pub const LANE_OPENED_BY_MAIL_EVERY: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Retypes of an accepted code within one session; after them no code proves anything in it.
pub const REUSED_PER_SESSION_MAX: u32 = 10;
/// Changes of the address that can be undone at once; another must wait until the oldest of them
/// cannot be any more.
pub const EMAIL_CHANGES_MAX: usize = 3;
/// Devices that an account knows; the one unseen for the longest is forgotten. Not part of the
/// policy, like [`SIGN_INS_LIVE_MAX`].
pub const DEVICES_MAX: usize = 20;
/// A session's use is recorded at most this often, so that idleness survives a restart.
pub const SESSION_USE_RECORDED_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Recovery codes in a set.
pub const RECOVERY_CODES: usize = 10;
/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_TTL: SignedDuration = SignedDuration::from_hours(24);
/// Idempotency keys remembered for an account; the oldest is forgotten.
pub const IDEMPOTENCY_KEYS_MAX: usize = 256;
/// How long a claimed login may stay without its registration.
pub const CLAIM_TTL: SignedDuration = SignedDuration::from_mins(10);
