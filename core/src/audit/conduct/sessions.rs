//! How long sessions live: as long as the policy says, and those of operators shorter.

use countersign_events::account::{AccountEvent, Origin, SessionOpened};
use countersign_events::id::HandleHash;
use jiff::Timestamp;

use super::few::Few;
use super::{Act, Breach, Rule};
use crate::domain::policy::SESSION_USE_RECORDED_EVERY;

/// What has to be known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Lives {
    origin: Option<Origin>,
    lives: Few<HandleHash, Life>,
}

/// The life of a session.
#[derive(Debug, Clone, Copy)]
struct Life {
    ends_at: Timestamp,
    used_at: Timestamp,
}

impl Lives {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        match act.event {
            AccountEvent::Registered(registered) => self.origin = Some(registered.origin),
            AccountEvent::PasswordVerified(it) => self.begins(act, it.session.as_ref(), breaches),
            AccountEvent::FirstFactorVouched(it) => self.begins(act, it.session.as_ref(), breaches),
            AccountEvent::CodeVerified(it) => self.begins(act, it.session.as_ref(), breaches),
            AccountEvent::PasswordSet(it) => self.begins(act, it.session.as_ref(), breaches),
            AccountEvent::SessionUsed(used) => self.used(act, used.session, breaches),
            AccountEvent::SessionsEnded(ended) => {
                self.lives.retain(|session, _| !ended.sessions.contains(session));
            }
            _ => {}
        }
    }

    /// A session begins, or goes on by another name: then its end does not move.
    fn begins(
        &mut self,
        act: &Act<'_>,
        opened: Option<&SessionOpened>,
        breaches: &mut Vec<Breach>,
    ) {
        let Some(opened) = opened else { return };
        self.lives.retain(|_, life| act.at < life.ends_at);
        let earlier = self.lives.remove(&opened.replaces.unwrap_or(opened.session));
        let longest = act.policy.session_spans(self.origin.unwrap_or(Origin::Holder)).overall;
        let latest = match earlier {
            Some(earlier) => earlier.ends_at,
            None => act.at.saturating_add(longest).unwrap_or(Timestamp::MAX),
        };
        if opened.expires_at > latest {
            let detail = format!("it ends at {}, and may not after {latest}", opened.expires_at);
            breaches.push((Rule::SessionOutlived, detail));
        }
        let life = Life { ends_at: opened.expires_at, used_at: act.at };
        self.lives.insert(opened.session, life);
    }

    /// Of the uses before this one, the last may not be recorded: it came soon after one that is.
    fn used(&mut self, act: &Act<'_>, session: HandleHash, breaches: &mut Vec<Breach>) {
        let idle = act.policy.session_spans(self.origin.unwrap_or(Origin::Holder)).idle;
        let Some(life) = self.lives.get_mut(&session) else { return };
        let unused = act.at.duration_since(life.used_at);
        if act.at >= life.ends_at || unused >= idle.saturating_add(SESSION_USE_RECORDED_EVERY) {
            let detail = format!(
                "used at {}, last at {}, though it ended at {} or unused",
                act.at, life.used_at, life.ends_at
            );
            breaches.push((Rule::SessionOutlived, detail));
        }
        life.used_at = act.at;
    }
}
