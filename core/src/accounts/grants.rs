//! Grants: a client app is told who signed in here (OpenID Connect Core 1.0, 3.1).
//!
//! The browser carries a grant from the holder's session to the app; the app redeems it once, with
//! its own key and with what only it and its first request know. What it is told is signed. None of
//! this is a session, and none of it opens a call of ours but the one that says who it is (SR-062).

use countersign_events::account::{AccountEvent, Assurance, GrantRedeemed};
use countersign_events::id::{ClientId, HandleHash, Hash32, Revision, StreamId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::answer::{ClientView, GrantTold, HolderTold};
use super::assertion::Asserted;
use super::identity::{open_pii, seal_pii};
use super::request::Call;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Begun, Entity, Halt, Request, Sealed, stamped};
use crate::assertion::{Claims, read, token_hash};
use crate::domain::Command;
use crate::domain::command::{IssueGrant, RedeemGrant};
use crate::domain::grant::Grant;
use crate::domain::refusal::Refusal;
use crate::handle::{AccessToken, GrantCode, SessionToken};

/// The scope that tells the login.
pub const SCOPE_PROFILE: &str = "profile";
/// The scope that tells the address.
pub const SCOPE_EMAIL: &str = "email";
/// Entries that are read at once to find where a grant was issued.
const ISSUED_PAGE: u64 = 64;

/// What an app asks for, checked against what is known of it.
#[derive(Debug, Clone)]
pub struct GrantAsked {
    /// The app.
    pub client: ClientId,
    /// Where to the browser goes back.
    pub redirect_uri: String,
    /// SHA-256 of what the app will bring along.
    pub challenge: Hash32,
    /// What it wants told back.
    pub nonce: Option<String>,
    /// What it wants to know.
    pub scopes: Vec<String>,
    /// How sure the session must be.
    pub assurance: Assurance,
    /// How long ago the holder may have signed in.
    pub max_age: Option<SignedDuration>,
}

/// What an app brings along to redeem a grant.
#[derive(Debug, Clone)]
pub struct GrantBrought {
    /// The grant.
    pub grant: GrantCode,
    /// What the challenge was made of (RFC 7636).
    pub verifier: Zeroizing<String>,
    /// Where to the browser went back.
    pub redirect_uri: String,
}

/// The sealed part of `GrantIssued`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantSaid {
    pub(super) redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    scopes: Vec<String>,
}

impl Accounts {
    /// A client app that may ask for grants.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that is unknown or disabled; a [`Fault`].
    pub async fn app(&self, client: ClientId) -> Verdict<ClientView> {
        let view = self.known_app(client).await?;
        Ok(view.filter(|view| view.enabled).ok_or(Refusal::NotFound("client app")))
    }

    /// Issues a grant for the session that asks.
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; [`Refusal::StepUpRequired`] where the session is not as sure or as
    /// young as the app wants it: `Password` for a new sign-in, `SecondFactor` where the account
    /// has none; [`Refusal::Forbidden`] for a session that is for recovery only; a [`Fault`].
    pub async fn issue_grant(
        &self,
        call: &Call,
        token: &SessionToken,
        asked: GrantAsked,
    ) -> Verdict<GrantCode> {
        let stream = StreamId::Account(token.account());
        self.ask(stream, Issue { call: call.clone(), session: token.clone(), asked }).await
    }

    /// Redeems a grant, once.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for one that is unknown, over, used, of another app or
    /// session that ended, or that came with what does not belong to it; a [`Fault`].
    pub async fn redeem_grant(
        &self,
        call: &Call,
        client: ClientId,
        brought: GrantBrought,
    ) -> Verdict<GrantTold> {
        // The body names the account, and each remembers its own keys only.
        if let Err(refusal) = self.same_request(call).await? {
            return Ok(Err(refusal));
        }
        let stream = StreamId::Account(brought.grant.account());
        self.ask(stream, Redeem { call: call.clone(), client, brought }).await
    }

    /// Who signed in, for the app that redeemed a grant.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] for a token that is unknown or over, or whose session has ended; a
    /// [`Fault`].
    pub async fn granted(&self, token: &AccessToken) -> Verdict<HolderTold> {
        let told = self.ask(StreamId::Account(token.account()), Who(token.clone())).await?;
        let (client, told) = match told {
            Ok(told) => told,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(self.app(client).await?.map(|_| told).map_err(|_| Refusal::NoSession))
    }

    /// What an assertion of ours says, good or not any more; `None` for anything else.
    ///
    /// # Errors
    /// A [`Fault`] never in practice.
    pub fn read_assertion(&self, text: &str) -> Result<Option<Claims>, Fault> {
        Ok(read(text, &self.assertion_keys()?).ok())
    }
}

struct Issue {
    call: Call,
    session: SessionToken,
    asked: GrantAsked,
}

impl Request for Issue {
    type Answer = GrantCode;

    async fn perform(&self, entity: &mut Entity) -> Result<GrantCode, Halt> {
        let session = self.session.hash();
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        let account = entity.id()?;
        let services = entity.services.clone();
        let grant = begun.mint.grant(&services.secrets, services.log.entropy(), account)?;
        if begun.repeated.is_some() {
            return Ok(grant);
        }
        let GrantAsked { client, challenge, assurance, max_age, .. } = self.asked;
        let issue =
            IssueGrant { session, client, grant: grant.hash(), challenge, assurance, max_age };
        let said = GrantSaid {
            redirect_uri: self.asked.redirect_uri.clone(),
            nonce: self.asked.nonce.clone(),
            scopes: self.asked.scopes.clone(),
        };
        let pii = Some(seal_pii(&services.secrets, account, &said).await?);
        let (command, sealed) = (Command::IssueGrant(issue), Sealed { pii, net: None });
        entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        Ok(grant)
    }
}

struct Redeem {
    call: Call,
    client: ClientId,
    brought: GrantBrought,
}

impl Request for Redeem {
    type Answer = GrantTold;

    async fn perform(&self, entity: &mut Entity) -> Result<GrantTold, Halt> {
        let begun = entity.begin(&self.call).await?;
        let services = entity.services.clone();
        let (secrets, entropy) = (&services.secrets, services.log.entropy());
        let access_token = begun.mint.access(secrets, entropy, entity.id()?)?;
        let token = (access_token.hash(), false);
        let redeeming = Redeeming { call: &self.call, client: self.client, brought: &self.brought };
        let Redeemed { redeemed, at, revision } = redeeming.redeem(entity, begun, token).await?;
        let issued_in = match self.brought.grant_in(entity) {
            Some(grant) => grant.issued_in,
            None => issued_in(entity, redeemed.grant, revision).await?,
        };
        let said = said(entity, issued_in).await?.unwrap_or_default();
        let asserted = Asserted {
            client: self.client,
            at,
            auth_time: redeemed.auth_time,
            assurance: redeemed.assurance,
            amr: &redeemed.amr,
            nonce: said.nonce,
            at_hash: Some(token_hash(&access_token.reveal())),
        };
        let assertion = entity.assert(asserted)?;
        let (lives_for, scopes) = (redeemed.expires_at.duration_since(at), said.scopes);
        Ok(GrantTold { access_token, lives_for, assertion, scopes })
    }
}

/// A grant on its way to what it leads to: a token of the app, or a pass of the browser.
pub(super) struct Redeeming<'a> {
    pub(super) call: &'a Call,
    pub(super) client: ClientId,
    pub(super) brought: &'a GrantBrought,
}

/// What a grant led to.
pub(super) struct Redeemed {
    pub(super) redeemed: GrantRedeemed,
    pub(super) at: Timestamp,
    revision: Revision,
}

impl Redeeming<'_> {
    /// What it led to, now or when it was asked before.
    pub(super) async fn redeem(
        &self,
        entity: &mut Entity,
        begun: Begun,
        (token, passes): (HandleHash, bool),
    ) -> Result<Redeemed, Halt> {
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                let (grant, fits) = (self.brought.grant.hash(), self.fits(entity).await?);
                let redeem = RedeemGrant { grant, client: self.client, fits, token, passes };
                let command = Command::RedeemGrant(redeem);
                let sealed = Sealed::default();
                entity.decide(self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        let redeemed = batch.0.iter().find_map(|stamped| match &stamped.event {
            AccountEvent::GrantRedeemed(event) => {
                let (at, revision) = (stamped.at, stamped.revision);
                Some(Redeemed { redeemed: event.clone(), at, revision })
            }
            _ => None,
        });
        Ok(redeemed.ok_or(Refusal::AuthenticationFailed)?)
    }

    /// Whether what came along belongs to the grant. Where there is no such grant, nothing fits.
    async fn fits(&self, entity: &Entity) -> Result<bool, Halt> {
        let Some(grant) = self.brought.grant_in(entity) else { return Ok(false) };
        entity.alive(grant.session).map_err(|_| Refusal::AuthenticationFailed)?;
        entity.demand_vouched_session(grant.session).await?;
        let said = said(entity, grant.issued_in).await?;
        let challenge = Sha256::digest(self.brought.verifier.as_bytes());
        let proves = bool::from(challenge.as_slice().ct_eq(grant.challenge.bytes()));
        Ok(proves && said.is_some_and(|said| said.redirect_uri == self.brought.redirect_uri))
    }
}

impl GrantBrought {
    fn grant_in(&self, entity: &Entity) -> Option<Grant> {
        entity.account().open()?.grants.get(&self.grant.hash()).cloned()
    }
}

/// Where a grant was issued that was redeemed in this revision. The state forgets it when it is
/// over; whoever redeemed it with an idempotency key may ask again for as long as that lasts.
async fn issued_in(
    entity: &Entity,
    grant: HandleHash,
    redeemed: Revision,
) -> Result<Revision, Halt> {
    let log = &entity.services.log;
    let mut last = redeemed.get();
    while let Some(end) = last.checked_sub(1) {
        let first = last.saturating_sub(ISSUED_PAGE);
        let (from, to) = (Revision::new(first), Revision::new(end));
        for recorded in log.read_between(entity.stream, from, to).await?.iter().rev() {
            if let AccountEvent::GrantIssued(issued) = stamped(recorded)?.event
                && issued.grant == grant
            {
                return Ok(recorded.revision);
            }
        }
        last = first;
    }
    Err(Fault::Internal(format!("{} has a grant that nobody issued", entity.stream)).into())
}

pub(super) async fn said(entity: &Entity, issued_in: Revision) -> Result<Option<GrantSaid>, Halt> {
    let recorded = entity.entry_at(issued_in).await?;
    Ok(open_pii(&entity.services.secrets, entity.id()?, &recorded).await?)
}

struct Who(AccessToken);

impl Request for Who {
    type Answer = (ClientId, HolderTold);

    async fn perform(&self, entity: &mut Entity) -> Result<Self::Answer, Halt> {
        entity.load().await?;
        let open = entity.account().open().ok_or(Refusal::NoSession)?;
        let (grant, _) = open.granted(self.0.hash(), entity.now()).ok_or(Refusal::NoSession)?;
        let (grant, is_proven) = (grant.clone(), open.has_proven_address());
        entity.alive(grant.session)?;
        entity.demand_vouched_session(grant.session).await?;
        let said = said(entity, grant.issued_in).await?.unwrap_or_default();
        let identity = entity.identity().await?;
        let wants = |scope: &str| said.scopes.iter().any(|wanted| wanted == scope);
        let told = HolderTold {
            account: entity.id()?,
            login: identity.login.filter(|_| wants(SCOPE_PROFILE)),
            email: identity.email.filter(|_| wants(SCOPE_EMAIL)).map(|email| (email, is_proven)),
        };
        Ok((grant.client, told))
    }
}
