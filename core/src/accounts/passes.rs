//! Passes: hosts that have no sign-in of their own ask here whom to let in (forward-auth).
//!
//! A host is an app whose browsers come back to [`CALLBACK_PATH`] on it. What the browser holds
//! there is bound to that host, by the address that its grant went to, and to the session, with
//! which it ends: it is no session, and opens no call of ours (SR-062).

use countersign_events::account::Assurance;
use countersign_events::id::{ClientId, StreamId};

use super::answer::{ClientView, PassGiven, PassView};
use super::grants::{GrantBrought, Redeemed, Redeeming, said};
use super::request::Call;
use super::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Request};
use crate::domain::refusal::Refusal;
use crate::handle::PassToken;

/// Where on a host browsers come back to.
pub const CALLBACK_PATH: &str = "/.countersign/callback";

impl Accounts {
    /// The app that a host is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where no app has this address on its list, or more than one has; a
    /// [`Fault`](super::Fault).
    pub async fn host(&self, callback: &str) -> Verdict<ClientView> {
        let mut found = vec![];
        for stream in self.staff().await? {
            let StreamId::Client(client) = stream else { continue };
            let view = self.known_app(client).await?.filter(|view| view.enabled);
            found.extend(view.filter(|view| view.leads_back_to(callback)));
        }
        match (found.pop(), found.is_empty()) {
            (Some(host), true) => Ok(Ok(host)),
            _ => Ok(Err(Refusal::NotFound("host"))),
        }
    }

    /// Lets a browser pass that came back to a host with a grant.
    ///
    /// # Errors
    /// As of [`Accounts::redeem_grant`]; [`Refusal::Conflict`] where it was let pass with this a
    /// moment ago.
    pub async fn redeem_for_pass(
        &self,
        call: &Call,
        client: ClientId,
        brought: GrantBrought,
    ) -> Verdict<PassGiven> {
        let stream = StreamId::Account(brought.grant.account());
        self.ask(stream, RedeemForPass { call: call.clone(), client, brought }).await
    }

    /// Who holds a pass at the host of this address. Asking is a use of the session.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] for one that is unknown, over or of another host, or whose session
    /// has ended; a [`Fault`](super::Fault).
    pub async fn pass(
        &self,
        call: &Call,
        pass: &PassToken,
        callback: &str,
        wanted: Assurance,
    ) -> Verdict<PassView> {
        let (call, pass, to) = (call.clone(), pass.clone(), callback.to_owned());
        let stream = StreamId::Account(pass.account());
        let asked = Pass { call, pass, callback: to, wanted };
        let (client, view) = match self.ask(stream, asked).await? {
            Ok(passes) => passes,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let app = self.app(client).await?.ok();
        let is_its = app.is_some_and(|app| app.leads_back_to(callback));
        Ok(if is_its { Ok(view) } else { Err(Refusal::NoSession) })
    }
}

struct RedeemForPass {
    call: Call,
    client: ClientId,
    brought: GrantBrought,
}

impl Request for RedeemForPass {
    type Answer = PassGiven;

    async fn perform(&self, entity: &mut Entity) -> Result<PassGiven, Halt> {
        let begun = entity.begin(&self.call).await?;
        let services = entity.services.clone();
        let (secrets, entropy) = (&services.secrets, services.log.entropy());
        let pass = begun.mint.pass(secrets, entropy, entity.id()?)?;
        let token = (pass.hash(), true);
        let redeeming = Redeeming { call: &self.call, client: self.client, brought: &self.brought };
        let Redeemed { redeemed, at, .. } = redeeming.redeem(entity, begun, token).await?;
        Ok(PassGiven { pass, lives_for: redeemed.expires_at.duration_since(at) })
    }
}

struct Pass {
    call: Call,
    pass: PassToken,
    callback: String,
    wanted: Assurance,
}

impl Request for Pass {
    type Answer = (ClientId, PassView);

    async fn perform(&self, entity: &mut Entity) -> Result<Self::Answer, Halt> {
        entity.load().await?;
        let open = entity.account().open().ok_or(Refusal::NoSession)?;
        let granted = open.granted(self.pass.hash(), entity.now());
        let (grant, session) = granted.ok_or(Refusal::NoSession)?;
        let recovers = session.demand_more_than_recovery(entity.policy());
        recovers.map_err(|_| Refusal::NoSession)?;
        let (grant, assurance) = (grant.clone(), session.assurance);
        let said = said(entity, grant.issued_in).await?;
        if said.is_none_or(|said| said.redirect_uri != self.callback) {
            return Err(Refusal::NoSession.into());
        }
        entity.session(&self.call, grant.session).await?;
        let (account, is_too_little) = (entity.id()?, assurance < self.wanted);
        Ok((grant.client, PassView { account, assurance, is_too_little }))
    }
}
