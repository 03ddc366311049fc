//! How what concerns getting back in changes an account.

use countersign_events::account::{
    AccountEvent, PasswordChangeDemanded, PasswordResetRenewed, PasswordResetRequested,
};

use super::StampedEvent;
use crate::domain::account::{Email, FormerEmail, Open, Replacement, ResetLink};
use crate::domain::policy::REPUDIATED_REMEMBERED;

pub(super) fn evolve(open: &mut Open, stamped: &StampedEvent) {
    let at = stamped.at;
    match &stamped.event {
        // The newest link is the only one; a request that sends none leaves the last as it is.
        AccountEvent::PasswordResetRequested(PasswordResetRequested {
            link_until: Some(expires_at),
        }) => {
            let (request, said_until, expires_at) = (stamped.id, *expires_at, *expires_at);
            open.reset = Some(ResetLink { request, asked_at: at, said_until, expires_at });
        }
        AccountEvent::PasswordResetRenewed(PasswordResetRenewed {
            link_until: Some(expires_at),
        }) => {
            if let Some(link) = &mut open.reset {
                link.expires_at = *expires_at;
            }
        }
        AccountEvent::PasswordUnlocked(unlocked) => {
            open.password_closed = None;
            open.admitted = unlocked.browser;
        }
        AccountEvent::PasswordChangeDemanded(demanded) => password_demanded(open, demanded),
        AccountEvent::HoldPlaced(hold) => {
            open.held_until = Some(open.held_until.map_or(hold.until, |held| held.max(hold.until)));
            open.email_codes_offered = hold.email_codes;
        }
        AccountEvent::EmailChanged(changed) => {
            // What support was asked for is done, or the holder came first.
            open.removal.take_if(|removal| removal.address);
            let Some(commit) = stamped.pii else { return };
            let confirmed = changed.request.is_none();
            // Every address of these days stays one that can be taken back: who changes it twice
            // shakes none of them off.
            if let Some(email) = open.email.replace(Email { commit, confirmed }) {
                let (change, until) = (stamped.id, changed.undo_until);
                let identity_at = open.identity_at;
                open.former_emails.push(FormerEmail { email, identity_at, change, until });
            }
            open.identity_at = stamped.revision;
            open.email_codes.clear();
            open.reset = None;
        }
        AccountEvent::EmailChangeUndone(undone) => {
            let Some(commit) = stamped.pii else { return };
            open.email = Some(Email { commit, confirmed: true });
            open.identity_at = stamped.revision;
            let from = open.former_emails.iter().position(|it| Some(it.change) == undone.change);
            open.former_emails.truncate(from.unwrap_or(0));
            open.email_codes.clear();
            open.reset = None;
        }
        AccountEvent::ReplacementRequested(requested) => {
            open.replacement = Some(Replacement {
                request: stamped.id,
                requested_at: at,
                due_at: requested.due_at,
                expires_at: requested.expires_at,
            });
        }
        AccountEvent::ReplacementObjected(_) | AccountEvent::ReplacementCompleted(_) => {
            open.replacement = None;
        }
        AccountEvent::Repudiated(repudiated) => {
            let until = at.saturating_add(REPUDIATED_REMEMBERED).unwrap_or(at);
            open.repudiated.insert(repudiated.cause, until);
            open.sign_ins.clear();
            open.email_codes.clear();
            open.admitted = None;
            open.offer = None;
            open.reset = None;
        }
        _ => {}
    }
}

fn password_demanded(open: &mut Open, demanded: &PasswordChangeDemanded) {
    open.password_change = Some(demanded.why);
    if demanded.ends_password {
        open.password = None;
        // What it began goes no further.
        open.sign_ins.clear();
    }
}
