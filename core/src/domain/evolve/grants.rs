//! How grants come and go.

use countersign_events::account::{AccountEvent, GrantIssued, GrantRedeemed, GrantVoided};
use jiff::Timestamp;

use super::StampedEvent;
use crate::domain::account::Open;
use crate::domain::grant::{GRANTS_MAX, Grant, GrantPace, Redeemed};

pub(super) fn evolve(open: &mut Open, stamped: &StampedEvent) {
    match &stamped.event {
        AccountEvent::GrantIssued(issued) => open.grant_issued(issued, stamped),
        AccountEvent::GrantRedeemed(redeemed) => open.grant_redeemed(redeemed, stamped.at),
        AccountEvent::GrantVoided(voided) => open.grant_voided(voided),
        _ => {}
    }
}

impl Open {
    fn grant_issued(&mut self, issued: &GrantIssued, stamped: &StampedEvent) {
        if let Some(session) = self.sessions.get_mut(&issued.session) {
            session.grants = Some(GrantPace::after(session.grants, stamped.at));
        }
        while self.grants.len() >= GRANTS_MAX {
            // What waits goes before what an app lives by, and that before what a browser enters
            // by: no app's requests put anybody out of a host.
            let goes = |grant: &Grant| (grant.passes(), grant.redeemed.is_some(), grant.issued_in);
            let oldest = self.grants.iter().min_by_key(|(_, grant)| goes(grant));
            let Some(oldest) = oldest.map(|(hash, _)| *hash) else { break };
            self.grants.remove(&oldest);
        }
        let grant = Grant {
            client: issued.client,
            session: issued.session,
            challenge: issued.challenge,
            issued_in: stamped.revision,
            expires_at: issued.expires_at,
            redeemed: None,
        };
        self.grants.insert(issued.grant, grant);
    }

    fn grant_redeemed(&mut self, redeemed: &GrantRedeemed, at: Timestamp) {
        if let Some(grant) = self.grants.get_mut(&redeemed.grant) {
            let GrantRedeemed { token, expires_at, passes, .. } = *redeemed;
            grant.redeemed = Some(Redeemed { token, expires_at, passes, at });
        }
    }

    fn grant_voided(&mut self, voided: &GrantVoided) {
        self.grants.remove(&voided.grant);
    }
}
