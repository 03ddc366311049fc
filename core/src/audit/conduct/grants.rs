//! What client apps are told: once for each grant, while it and its session live, and no more than
//! that session has proven.

use countersign_events::account::{AccountEvent, GrantIssued, GrantRedeemed, SessionOpened};
use countersign_events::actor::By;
use countersign_events::id::{ClientId, HandleHash};
use jiff::Timestamp;

use super::few::Few;
use super::known::Session;
use super::{Act, Breach, Rule};

/// What has to be known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants(Few<HandleHash, Grant>);

#[derive(Debug, Clone)]
struct Grant {
    client: ClientId,
    session: HandleHash,
    expires_at: Timestamp,
    redeemed: bool,
}

type Sessions = Few<HandleHash, Session>;

impl Grants {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, sessions: &Sessions, breaches: &mut Vec<Breach>) {
        match act.event {
            AccountEvent::GrantIssued(issued) => self.issued(act, issued, sessions, breaches),
            AccountEvent::GrantRedeemed(redeemed) => {
                let wrong = self.redeemed(act, redeemed, sessions);
                breaches.extend(wrong.map(|why| (Rule::GrantMisused, why)));
            }
            AccountEvent::GrantVoided(voided) => {
                self.0.remove(&voided.grant);
            }
            AccountEvent::CodeVerified(it) => self.goes_on(it.session.as_ref()),
            AccountEvent::PasswordVerified(it) => self.goes_on(it.session.as_ref()),
            AccountEvent::PasswordSet(it) => self.goes_on(it.session.as_ref()),
            _ => {}
        }
    }

    fn issued(
        &mut self,
        act: &Act<'_>,
        issued: &GrantIssued,
        sessions: &Sessions,
        breaches: &mut Vec<Breach>,
    ) {
        // One that was redeemed is kept as long as it could have waited: a second use is found.
        self.0.retain(|_, grant| act.at < grant.expires_at);
        if !sessions.contains_key(&issued.session) {
            let why = "it speaks for a session that is not alive".to_owned();
            breaches.push((Rule::GrantMisused, why));
        }
        let GrantIssued { client, session, expires_at, .. } = *issued;
        self.0.insert(issued.grant, Grant { client, session, expires_at, redeemed: false });
    }

    /// Why an app must not have been told.
    fn redeemed(
        &mut self,
        act: &Act<'_>,
        redeemed: &GrantRedeemed,
        sessions: &Sessions,
    ) -> Option<String> {
        let Some(grant) = self.0.get_mut(&redeemed.grant) else {
            return Some("there was no such grant".to_owned());
        };
        let was_told = std::mem::replace(&mut grant.redeemed, true);
        if was_told {
            return Some("the app had been told before".to_owned());
        }
        if act.at >= grant.expires_at {
            return Some(format!("told at {}, though it ended at {}", act.at, grant.expires_at));
        }
        if !matches!(act.by, By::Client { id } if *id == grant.client) {
            return Some("somebody else than its app was told".to_owned());
        }
        let Some(session) = sessions.get(&grant.session) else {
            return Some("told of a session that is not alive".to_owned());
        };
        (redeemed.assurance > session.assurance)
            .then(|| "told that the session is surer than was proven".to_owned())
    }

    /// A session goes on by another name.
    fn goes_on(&mut self, opened: Option<&SessionOpened>) {
        let Some((opened, replaced)) = opened.and_then(|it| Some((it, it.replaces?))) else {
            return;
        };
        let its = self.0.values_mut().filter(|grant| grant.session == replaced);
        its.for_each(|grant| grant.session = opened.session);
    }
}
