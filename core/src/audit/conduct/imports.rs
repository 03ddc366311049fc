//! Imports: an account may come with an authenticator that was proven elsewhere, in the one append
//! that makes it, and only at the machine.
//!
//! Whoever could write `imported` beside any other authenticator would have one enabled without a
//! code. It is believed only where nothing has happened on the stream before that the same append
//! does not bring.

use countersign_events::account::{AccountEvent, PasswordSetWhy};
use countersign_events::actor::By;
use countersign_events::id::FactorId;
use jiff::Timestamp;

use super::{Act, Breach, Rule};

/// What has to be known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Imports {
    /// When the import made the account, for as long as only its own events have followed.
    since: Option<Timestamp>,
    /// The authenticator that it brought along.
    brought: Option<FactorId>,
}

impl Imports {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        let at_the_machine = matches!(act.by, By::Console { .. });
        match act.event {
            AccountEvent::Registered(registered) if registered.imported => {
                self.since = at_the_machine.then_some(act.at);
                if !at_the_machine {
                    let detail = "an account is said to be imported, by nobody at the machine";
                    breaches.push((Rule::ImportedLater, detail.to_owned()));
                }
            }
            AccountEvent::KeyCreated(_) => {}
            AccountEvent::PasswordSet(set) if set.why == PasswordSetWhy::Initial => {}
            AccountEvent::EnableRequested(requested) if requested.imported => {
                if at_the_machine && self.since == Some(act.at) && requested.session.is_none() {
                    self.brought = Some(requested.factor);
                } else {
                    let id = requested.factor;
                    let detail = format!("authenticator {id} did not come with its account");
                    breaches.push((Rule::ImportedLater, detail));
                }
                self.since = None;
            }
            _ => self.since = None,
        }
    }

    /// Whether an authenticator needs no code, since the import brought it along.
    pub(super) fn brings(&self, factor: FactorId) -> bool {
        self.brought == Some(factor)
    }
}
