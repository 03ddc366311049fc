//! What was guessed and what that led to, in sentences.

use countersign_events::account::{
    AccountEvent, AttemptsRefused, CooledDown, Counted, Lane, LockRule, LockedOut, LockoutReset,
    Method, PasswordRejected, PasswordUnlocked, ResetScope,
};

use super::{method, one, time};
use crate::domain::account::Open;
use crate::domain::limits::{Lock, Rule};

/// The sentence of an event; none where it is not one of these.
pub(super) fn event(event: &AccountEvent) -> Option<String> {
    Some(match event {
        AccountEvent::PasswordRejected(rejected) => password_rejected(rejected),
        AccountEvent::AttemptsRefused(refused) => attempts_refused(refused),
        AccountEvent::CooledDown(cooled) => cooled_down(cooled),
        AccountEvent::LockedOut(locked) => locked_out(locked),
        AccountEvent::LockoutReset(reset) => lockout_reset(reset),
        AccountEvent::PasswordUnlocked(unlocked) => password_unlocked(unlocked),
        _ => return None,
    })
}

/// From where, where that is worth saying.
pub(super) const fn at(lane: Lane) -> &'static str {
    match lane {
        Lane::Unknown => "",
        Lane::Known => ", at a known device",
    }
}

/// Whether the holder is told.
pub(super) const fn told(counted: Counted) -> &'static str {
    if counted.tells_holder { "; the holder is told" } else { "" }
}

const fn from(lane: Lane) -> &'static str {
    match lane {
        Lane::Unknown => "from devices that are not known",
        Lane::Known => "from known devices",
    }
}

fn password_rejected(rejected: &PasswordRejected) -> String {
    let counted = rejected.counted;
    let what = match rejected.suspended {
        true => "a password was refused, since the account is suspended",
        false => "a wrong password was given",
    };
    format!("{what}{}; {} unresolved{}", at(counted.lane), rejected.unresolved, told(counted))
}

fn attempts_refused(refused: &AttemptsRefused) -> String {
    let why = match refused.rule.as_str() {
        "wait" => ", during a wait",
        "lane-cap" => ", after too many from there",
        "hard-cap" => ", after too many in all",
        "guarded" => ", while accounts were guarded",
        "pace" => ", too soon after the one before",
        _ => "",
    };
    let (tries, were) = if refused.count == 1 { ("try", "was") } else { ("tries", "were") };
    format!(
        "{} more {tries} by {}{} {were} refused unread, from {} to {}{why}",
        refused.count,
        method(refused.method),
        at(refused.lane),
        time(refused.first),
        time(refused.last)
    )
}

fn cooled_down(cooled: &CooledDown) -> String {
    format!(
        "{} wrong tries: every {} {} is refused until {}",
        cooled.unresolved,
        method(cooled.method),
        from(cooled.lane),
        time(cooled.until)
    )
}

fn locked_out(locked: &LockedOut) -> String {
    let (which, tries) = (method(locked.method), locked.unresolved);
    match (locked.rule, locked.lane, locked.until) {
        (LockRule::HardCap, ..) => {
            format!("{tries} wrong tries in all: every {which} is refused until it is set up anew")
        }
        (LockRule::LaneCap, Lane::Known, _) => format!(
            "{tries} wrong tries from known devices: {} from there counts as one from any other",
            one(locked.method)
        ),
        (LockRule::LaneCap, Lane::Unknown, until) => {
            let until = until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
            format!("{tries} wrong tries: every {which} {} is refused{until}", from(locked.lane))
        }
    }
}

fn password_unlocked(unlocked: &PasswordUnlocked) -> String {
    let browser = unlocked.browser.as_ref().map(|browser| {
        let until = time(browser.expires_at);
        format!("; the browser in which it was followed has tries of its own until {until}")
    });
    format!(
        "by a link sent by mail, wrong passwords {} were forgiven{}",
        from(Lane::Unknown),
        browser.unwrap_or_default()
    )
}

fn lockout_reset(reset: &LockoutReset) -> String {
    let what = reset.method.map_or("every method", method);
    match (reset.scope, reset.method) {
        (ResetScope::CoolDown, None | Some(Method::Password)) => {
            format!("support ended the waiting for {what} and forgave wrong passwords")
        }
        (ResetScope::CoolDown, Some(_)) => format!("support ended the waiting for {what}"),
        (ResetScope::Counters, _) => {
            format!("support ended the waiting for {what} and cleared its failures")
        }
    }
}

/// What of an account can end a lock beside the time and support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// It has a password here; a client app's users have none.
    pub password: bool,
    /// A link can be sent to an address that was proven.
    pub mail: bool,
}

impl Ways {
    /// Those of an account.
    #[must_use]
    pub fn of(open: &Open) -> Self {
        let password = open.has_had_password();
        let proven = open.has_proven_address();
        Self { password, mail: password && proven }
    }
}

/// Why a method is locked: since when, until when, what ends it.
#[must_use]
pub fn lock(lock: &Lock, ways: Ways) -> String {
    let (which, tries, since) = (method(lock.method), lock.unresolved, time(lock.since));
    let until = lock.until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
    let lane = from(lock.lane);
    match (lock.rule, lock.lane) {
        (Rule::Wait, _) => format!(
            "{tries} wrong tries {lane}: every {which} from there is refused from {since}{until}; \
             {} ends it, and trying on does not make it longer",
            ends_wait(lock.method, ways)
        ),
        (Rule::LaneCap, Lane::Known) => format!(
            "{tries} wrong tries {lane}: since {since} {} from there counts as one from any \
             other{until}; a right one ends it",
            one(lock.method)
        ),
        (Rule::LaneCap, Lane::Unknown) => format!(
            "{tries} wrong tries {lane}: every {which} from there is refused from {since}{until}; \
             known devices are not concerned; {}",
            ends_lane_cap(lock.method, ways)
        ),
        (Rule::Guarded, _) => format!(
            "second factors fail everywhere far more often than usual, and {tries} wrong tries in \
             a day came {lane}: every {which} from there is refused from {since}{until}; known \
             devices are not concerned; it ends with the alarm, or by time"
        ),
        (Rule::Pace, _) => format!(
            "a code was refused at {since}: the next {which} in the same sign-in or session is \
             refused{until}, is not counted, and makes nothing longer"
        ),
        (Rule::HardCap, _) => format!(
            "{tries} wrong tries in all: every {which} is refused since {since}; {}",
            ends_hard_cap(lock.method, ways)
        ),
    }
}

const fn ends_wait(which: Method, ways: Ways) -> &'static str {
    match (which, ways) {
        (Method::Password, Ways { mail: true, .. }) => {
            "the time, a new password by mail or support"
        }
        (Method::Totp | Method::EmailCode | Method::RecoveryCode, Ways { password: true, .. }) => {
            "the time, a new password set with a second factor, or support"
        }
        _ => "the time or support",
    }
}

const fn ends_lane_cap(which: Method, ways: Ways) -> &'static str {
    match (which, ways) {
        (Method::Password, Ways { mail: true, .. }) => {
            "a link by mail, a new password or support ends it earlier"
        }
        (Method::Password, _) => {
            "there is no proven address to send a link to: a new password, set at a known device, \
             or support ends it earlier"
        }
        (_, Ways { password: true, mail: true }) => {
            "a new password, set with a second factor or once in a year by mail, or support ends \
             it earlier"
        }
        (_, Ways { password: true, mail: false }) => {
            "a new password, set with a second factor, ends it earlier"
        }
        (_, Ways { password: false, .. }) => "support ends it earlier",
    }
}

const fn ends_hard_cap(which: Method, ways: Ways) -> &'static str {
    match which {
        Method::RecoveryCode => "only new recovery codes end it",
        Method::Password if ways.mail => {
            "only a new password ends it, set by a link sent by mail, or support"
        }
        Method::Password => "only support ends it: there is no proven address to send a link to",
        Method::Totp | Method::EmailCode => {
            "only a new authenticator ends it, set up with a recovery code, after a code by e-mail \
             or with support"
        }
    }
}
