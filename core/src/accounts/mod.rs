//! What can be asked of accounts: the one door through which the server enters the core.
//!
//! Every method finds the account's actor, hands it the request and waits for its answer. An
//! answer is a [`Verdict`]: `Ok(Ok(_))` yes, `Ok(Err(Refusal))` a business no that was decided,
//! `Err(Fault)` could not: nothing was decided, and the caller hears no verdict.
//!
//! **Architecture Invariant:** no answer of this module leaves before what it tells is durable.

mod acts;
mod address_changes;
pub mod answer;
mod app_events;
mod archive;
mod assertion;
mod blind;
mod code_mail;
mod devices;
mod factor_changes;
mod factors;
mod follow;
mod grants;
pub mod identity;
pub mod import;
mod look;
mod mail;
pub mod mask;
mod once;
mod passes;
mod passwords;
mod proof;
mod recovery;
mod registration;
mod removal_view;
mod removals;
pub mod request;
mod resync;
mod search;
mod sessions;
mod sign_in;
mod source;
mod staff;
mod support;
mod unlock;
mod view;
mod vouched;

use std::sync::Arc;
use std::time::Duration;

use countersign_events::id::{AccountId, ClientId, StreamId};
use jiff::Timestamp;

pub use app_events::FOLLOWERS_PER_APP_MAX;
pub use follow::{FOLLOWERS_MAX, Follower};
pub use grants::{GrantAsked, GrantBrought, SCOPE_EMAIL, SCOPE_PROFILE};
pub use look::FOLLOWERS_PER_OPERATOR_MAX;
pub use passes::CALLBACK_PATH;
pub use proof::WHICH_FACTOR;
pub use resync::TwoCodes;
pub use sign_in::NONCE_CHARS;
pub use source::With;
pub use staff::{
    AdminProof, Exported, KEY_TTL_MAX, KEY_TTL_MIN, KEYS_MAX, KnownClients, OVERLAP_DEFAULT,
    OVERLAP_MAX, ProvenAdmin, REDIRECT_CHARS_MAX, REDIRECTS_MAX, SETUP_TTL, UNLOCK_TTL,
    WEBHOOK_SECRETS_MAX, WEBHOOK_TYPES_MAX, WEBHOOKS_MAX, WEBHOOKS_PER_APP_MAX,
};
pub use view::PAGE_MAX;

use crate::actors::account::{Request, Services};
use crate::actors::directory::Directory;
use crate::actors::keeper::Checkpoints;
use crate::actors::log::Log;
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::enrolment::EnrolmentError;
use crate::handle::SessionToken;
use crate::projections::{ReadModel, ReadModelError};
use crate::sources::Sources;
use crate::vault::{AskedBefore, Secrets};
use crate::webhooks::queue::Deliveries;
use archive::ArchiveReader;
use follow::Followers;
use look::Replays;
use request::{AccountRef, Asker, Call};
use staff::Queues;

/// How long a list waits for the read model to catch up before it shows what there is.
const CATCH_UP: Duration = Duration::from_secs(2);

/// Could not: no verdict was reached, or none that may be told.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The log, the vault or a queue does not take the request now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The account's stream or secrets do not fit together; `doctor` names the repair.
    #[error("account fails closed: {0}")]
    FailsClosed(String),
    /// Something that must hold does not.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<ReadModelError> for Fault {
    fn from(error: ReadModelError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<EnrolmentError> for Fault {
    fn from(error: EnrolmentError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// A decided answer, or a fault without one.
pub type Verdict<T> = Result<Result<T, Refusal>, Fault>;

/// All accounts.
#[derive(Clone)]
pub struct Accounts {
    services: Arc<Services>,
    directory: Directory,
    read_model: ReadModel,
    replays: Arc<Replays>,
    followers: Followers,
    app_followers: Followers,
    queues: Queues,
    /// What webhooks were not told yet; none where there are no webhooks.
    deliveries: Option<Deliveries>,
    checkpoints: Option<Checkpoints>,
    /// Who may read, where this is an exported log.
    reader: Option<ArchiveReader>,
}

impl Accounts {
    /// Puts the door in front of the directory.
    #[must_use]
    pub fn new(services: Arc<Services>, directory: Directory, read_model: ReadModel) -> Self {
        let replays = Arc::default();
        let followers = Followers::new("countersign_log_followers", FOLLOWERS_PER_OPERATOR_MAX);
        let app_followers = Followers::of_which_the_oldest_goes(
            "countersign_event_followers",
            FOLLOWERS_PER_APP_MAX,
        );
        let queues = Queues::default();
        Self {
            services,
            directory,
            read_model,
            replays,
            followers,
            app_followers,
            queues,
            deliveries: None,
            checkpoints: None,
            reader: None,
        }
    }

    /// The same, with webhooks.
    #[must_use]
    pub fn with_deliveries(self, deliveries: Deliveries) -> Self {
        Self { deliveries: Some(deliveries), ..self }
    }

    /// The same, with what is signed of the log.
    #[must_use]
    pub fn with_checkpoints(self, checkpoints: Checkpoints) -> Self {
        Self { checkpoints: Some(checkpoints), ..self }
    }

    /// What is signed of the log, where this server signs.
    #[must_use]
    pub const fn checkpoints(&self) -> Option<&Checkpoints> {
        self.checkpoints.as_ref()
    }

    /// The actors' directory.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.services.log
    }

    /// Who signs assertions: the public URL.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.services.public_url
    }

    /// The limits per source, and the breaker.
    #[must_use]
    pub fn sources(&self) -> &Arc<Sources> {
        &self.services.sources
    }

    /// The read model.
    #[must_use]
    pub const fn read_model(&self) -> &ReadModel {
        &self.read_model
    }

    fn secrets(&self) -> &Secrets {
        &self.services.secrets
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.services.policy.now()
    }

    async fn ask<R: Request>(&self, stream: StreamId, request: R) -> Verdict<R::Answer> {
        self.directory.ask(stream, request).await
    }

    /// Notices an idempotency key that came with something else before, where the body names the
    /// account: each stream remembers its own keys only, and this request may be for another. So
    /// does a request that only reads, which no stream remembers.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn same_request(&self, call: &Call) -> Verdict<()> {
        Ok(self.first_asked(call).await?.map(|_| ()))
    }

    /// Whether a request's idempotency key was noted before, and with what; nothing is noted.
    async fn asked_before(&self, call: &Call) -> Result<AskedBefore, Fault> {
        let Some(key) = &call.idempotency else { return Ok(AskedBefore::Never) };
        let asked = key.hashed(self.secrets());
        Ok(self.secrets().asked_before(&asked, self.log().now()).await?)
    }

    /// The same, and when a request with an idempotency key was first asked.
    async fn first_asked(&self, call: &Call) -> Verdict<Option<Timestamp>> {
        let Some(key) = &call.idempotency else { return Ok(Ok(None)) };
        let asked = key.hashed(self.secrets());
        let first = self.secrets().first_asked(&asked, self.log().now()).await?;
        Ok(first.map(Some).ok_or(Refusal::IdempotencyKeyReused))
    }

    /// Asks the account that a holder or a client app means.
    async fn ask_as<R: Request>(
        &self,
        asker: Asker,
        request: impl FnOnce(Option<SessionToken>) -> R,
    ) -> Verdict<R::Answer> {
        let (account, token) = match asker {
            Asker::Session(token) => (token.account(), Some(token)),
            Asker::Client { client, account } => match self.made_by(client, account).await? {
                Some(account) => (account, None),
                None => return Ok(Err(Refusal::NotFound("account"))),
            },
        };
        self.ask(StreamId::Account(account), request(token)).await
    }

    /// The account that a client app means, where it made it.
    async fn made_by(
        &self,
        client: ClientId,
        account: AccountRef,
    ) -> Result<Option<AccountId>, Fault> {
        match account {
            AccountRef::Subject(subject) => {
                let name = self.secrets().subject_hash(client, &subject);
                Ok(self.secrets().find(name).await?)
            }
            AccountRef::Id(account) => {
                let made_by = self.ask(StreamId::Account(account), MadeBy).await?;
                Ok(made_by.ok().filter(|made_by| *made_by == Some(client)).map(|_| account))
            }
        }
    }

    /// Waits until the read model has taken in all that the log holds now, for a bounded time.
    async fn caught_up(&self) -> Result<(), Fault> {
        if let Some(head) = self.log().store().head().await? {
            let caught_up = self.read_model.caught_up(head);
            if tokio::time::timeout(CATCH_UP, caught_up).await.is_err() {
                tracing::warn!("the read model lags behind the log");
            }
        }
        Ok(())
    }
}

/// Which client app made an account.
struct MadeBy;

impl Request for MadeBy {
    type Answer = Option<ClientId>;

    async fn perform(
        &self,
        entity: &mut crate::actors::account::Entity,
    ) -> Result<Self::Answer, crate::actors::account::Halt> {
        entity.load().await?;
        Ok(entity.open()?.client)
    }
}
