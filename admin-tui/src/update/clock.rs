//! What time alone brings about: screens kept fresh, a lost server asked again.
//!
//! Only what changes nothing happens by itself. And nothing does for somebody who has gone away:
//! a session that this console kept alive would never end for being idle.

use jiff::{SignedDuration, Timestamp};

use super::look_of;
use crate::effect::{Call, Effect};
use crate::model::live::Link;
use crate::model::{Away, Model, Screen};

/// Without a key for so long, nothing happens by itself any more.
pub const REST_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Seconds until a server that does not answer is asked again: the last one from then on.
pub const AGAIN_SECONDS: [i64; 4] = [2, 4, 8, 15];
/// How old a list or the numbers become before they are loaded again.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(10);

pub(super) fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    model.notice.take_if(|notice| notice.until.is_some_and(|until| until <= now));
    // What an exported log says does not change.
    let is_still = model.archive.is_some() && model.away.is_none();
    if is_resting(model) || model.waiting.is_some() || is_still {
        return Vec::new();
    }
    if let Some(away) = model.away {
        return if away.again_at <= now { ask_again(model) } else { Vec::new() };
    }
    if matches!(model.screen, Screen::Live) {
        return match model.live.link {
            Link::Lost { again_at, .. } if again_at <= now => model.follow(),
            _ => Vec::new(),
        };
    }
    let stale = as_of(model).is_some_and(|as_of| now.duration_since(as_of) >= FRESH_FOR);
    if !stale || model.quiet.is_some() || model.trouble.is_some() || !model.dialogs.is_empty() {
        return Vec::new();
    }
    look_of(model).map_or_else(Vec::new, |look| model.send_quietly(look))
}

/// Whether nobody has been here for a while.
pub(crate) fn is_resting(model: &Model) -> bool {
    model.now.duration_since(model.last_key_at) >= REST_AFTER
}

/// Asks a server again that did not answer, where that changes nothing.
fn ask_again(model: &mut Model) -> Vec<Effect> {
    let failed = model.trouble.as_ref().and_then(|trouble| trouble.retry.clone());
    match failed {
        Some(call @ Call::Look(_)) => model.send(call),
        // What might have been done waits for a person to say so again.
        Some(_) => Vec::new(),
        None if matches!(model.screen, Screen::Live) => model.follow(),
        None => look_of(model).map_or_else(Vec::new, |look| model.send_quietly(look)),
    }
}

/// As of when the screen is, where it is kept fresh.
fn as_of(model: &Model) -> Option<Timestamp> {
    match &model.screen {
        Screen::Lockouts(screen) => screen.as_of,
        Screen::Removals(screen) => screen.as_of,
        Screen::Statistics(screen) => screen.as_of,
        Screen::Log(screen) => screen.as_of,
        _ => None,
    }
}

/// The server did not answer.
pub(super) fn went_away(model: &mut Model) -> Timestamp {
    let (since, tries) = model.away.map_or((model.now, 0), |away| (away.since, away.tries));
    let again_at = again_at(model.now, tries);
    model.away = Some(Away { since, tries: tries.saturating_add(1), again_at });
    again_at
}

/// When it is tried again after so many tries in vain.
pub(super) fn again_at(now: Timestamp, tries: u32) -> Timestamp {
    let place = usize::try_from(tries).unwrap_or(usize::MAX).min(AGAIN_SECONDS.len() - 1);
    let seconds = AGAIN_SECONDS.get(place).copied().unwrap_or(1);
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}
