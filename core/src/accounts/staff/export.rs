//! Moving out: the seeds of authenticators, given out to two admins at the machine (SR-092).
//!
//! ```text
//!   each:     password and a code of his own ──▶ signed in, counted, recorded, signed out
//!   together: seeds read ──▶ SeedsExported ──▶ the seeds, and a mail to all admins
//! ```
//!
//! An admin is proven by a sign-in like every other, with its limits and its replay protection:
//! there is no second way to compare a code. The seeds of staff stay, since they are of no use to
//! another system, and so do the hashes of passwords, which are worth nothing without the pepper.

use countersign_events::account::{Method, Origin};
use countersign_events::actor::By;
use countersign_events::id::{AccountId, ClientId, Revision, StreamId};
use countersign_events::operator::{OperatorEvent, Role, SeedsExported};
use zeroize::Zeroizing;

use super::super::answer::SignedIn;
use super::super::identity::{Identity, open_pii};
use super::super::request::{Call, CodeAnswer, PasswordSignIn};
use super::super::{Accounts, Fault, Verdict};
use super::given_up;
use crate::actors::account::{CONFLICTS_MAX, stamped};
use crate::domain::refusal::Refusal;
use crate::domain::{Account, evolve};
use crate::migration::seed_uri;
use crate::vault::SecretKind;

/// What an admin says of himself.
pub struct AdminProof {
    /// The login.
    pub login: String,
    /// The password, as typed.
    pub password: Zeroizing<String>,
    /// The code of his authenticator, as typed.
    pub code: Zeroizing<String>,
}

/// An admin who has just proven password and authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenAdmin(AccountId);

/// What was given out.
pub struct Exported {
    /// A URI for each authenticator, in no order.
    pub uris: Vec<Zeroizing<String>>,
    /// Accounts with an authenticator that are not meant: of a client app, or of none.
    pub left_out: u64,
}

impl Accounts {
    /// Takes an admin at the machine for who he is. Nothing of the sign-in is left but its events.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`], [`Refusal::Forbidden`] for
    /// who is no admin or has no authenticator; a [`Fault`].
    pub async fn prove_admin(&self, call: &Call, proof: AdminProof) -> Verdict<ProvenAdmin> {
        let call = Call { by: By::Holder, staff_only: true, ..call.clone() };
        let AdminProof { login, password, code } = proof;
        let begun = match self.sign_in(&call, PasswordSignIn { login, password }).await? {
            Ok(begun) => begun,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let SignedIn::SecondFactorRequired(asked) = begun else {
            return Ok(Err(Refusal::Forbidden("an admin with an authenticator is needed")));
        };
        let answer = CodeAnswer { method: Method::Totp, factor: None, code };
        let session = match self.answer(&call, asked.id, answer).await? {
            Ok(SignedIn::Completed(session)) => session,
            Ok(_) => return Ok(Err(Refusal::Forbidden("the sign-in asks for more: do it first"))),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let operator = self.operator(&call, &session.token).await?;
        if let Err(refusal) = self.sign_out(&call, &session.token).await? {
            return Ok(Err(refusal));
        }
        Ok(operator.and_then(|operator| match operator.role {
            Role::Admin => Ok(ProvenAdmin(operator.account)),
            _ => Err(Refusal::Forbidden("an admin is needed")),
        }))
    }

    /// Gives out the seeds of people who sign in here, or of a client app's accounts. That it was
    /// done, by whom and how many there were is durable before this returns.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for one admin twice; [`Refusal::Conflict`] where there is nothing to
    /// give out; a [`Fault`].
    pub async fn export_seeds(
        &self,
        call: &Call,
        admins: [ProvenAdmin; 2],
        client: Option<ClientId>,
    ) -> Verdict<Exported> {
        let [ProvenAdmin(one), ProvenAdmin(other)] = admins;
        if one == other {
            return Ok(Err(Refusal::Forbidden("two admins are needed, and this is one")));
        }
        let exported = self.seeds(client).await?;
        if exported.uris.is_empty() {
            return Ok(Err(Refusal::Conflict("there is no seed to give out")));
        }
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(one).await?;
            let id = self.log().event_id()?;
            let seeds = u64::try_from(exported.uris.len()).unwrap_or(u64::MAX);
            let event = SeedsExported { with: other, seeds, client, tells_admins: true };
            let event = OperatorEvent::SeedsExported(event);
            if self.record_operator(call, one, history.head, id, &event).await? {
                return Ok(Ok(exported));
            }
        }
        Err(given_up(StreamId::Operator(one)))
    }

    async fn seeds(&self, client: Option<ClientId>) -> Result<Exported, Fault> {
        let mut exported = Exported { uris: vec![], left_out: 0 };
        let mut after = None;
        loop {
            let page = self.secrets().vault().accounts_with_secrets(after).await?;
            let Some(last) = page.last() else { return Ok(exported) };
            after = Some(*last);
            for account in page {
                self.seeds_of(account, client, &mut exported).await?;
            }
        }
    }

    async fn seeds_of(
        &self,
        account: AccountId,
        client: Option<ClientId>,
        exported: &mut Exported,
    ) -> Result<(), Fault> {
        let recorded = self.log().read_from(StreamId::Account(account), Revision::new(0)).await?;
        let mut state = Account::default();
        for recorded in &recorded {
            state = evolve(state, &stamped(recorded)?);
        }
        let is_staff = |origin| origin == Origin::Operator;
        let Some(open) = state.open().filter(|open| !is_staff(open.origin)) else { return Ok(()) };
        if !open.two_factor_enabled() {
            return Ok(());
        }
        let mut identity = None;
        for recorded in recorded.iter().filter(|it| it.revision == open.identity_at) {
            identity = open_pii::<Identity>(self.secrets(), account, recorded).await?;
        }
        let identity = identity.unwrap_or_default();
        let name = if open.client.is_some() { identity.subject } else { identity.login };
        let Some(name) = name.filter(|_| open.client == client) else {
            exported.left_out += 1;
            return Ok(());
        };
        for factor in open.factors.values() {
            let seed = self.secrets().get(account, SecretKind::Totp, factor.secret).await?;
            let missing = || Fault::FailsClosed(format!("a seed of {account} is missing"));
            let uri = seed_uri(&self.services.issuer, &name, &seed.ok_or_else(missing)?);
            exported.uris.push(uri);
        }
        Ok(())
    }
}
