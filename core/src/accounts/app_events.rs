//! What happens to the accounts that a client app made, as it goes out to that app.
//!
//! An app is told of an event what stands in the log in clear, less what says nothing to anybody:
//! nothing sealed is opened for it. So no name, address or place is in it, no key is needed to tell
//! it, and what was erased is told as it was before. Who of the staff did something is not told.
//!
//! **What must stay true.** An app is told of the accounts that it made, and of no other; nothing
//! is told after the end of its key, of its right or of the app.

use std::collections::VecDeque;

use countersign_events::client::Scope;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, ClientId, Position, StreamId};
use countersign_events::store::{Recorded, StoreError};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream;
use tokio::sync::watch;

use super::answer::OutgoingView;
use super::follow::{Entries, Follower, Watch, is_known};
use super::request::{Call, FollowApp};
use super::view::{Reader, clear_view};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::Halt;
use crate::domain::refusal::Refusal;
use crate::handle::ApiKey;

/// Followers of one client app at once.
pub const FOLLOWERS_PER_APP_MAX: usize = 4;
/// Positions that a follower has looked up and not yet read.
const AHEAD_MAX: usize = 256;
/// What the types of accounts begin with.
const OF_ACCOUNTS: &str = "account.";

impl Accounts {
    /// Follows the events of the accounts that a client app made, from now on or from a position.
    ///
    /// # Errors
    /// What [`Accounts::client`] refuses; [`Refusal::Forbidden`] without the scope,
    /// [`Refusal::Invalid`], [`Refusal::NotFound`] for an account that the app did not make,
    /// [`Refusal::TooManyRequests`] where there are too many followers, and as the end of the
    /// oldest where there are [`FOLLOWERS_PER_APP_MAX`] of this app; a [`Fault`].
    pub async fn follow_app(
        &self,
        call: &Call,
        key: &ApiKey,
        ask: FollowApp,
    ) -> Verdict<Follower<OutgoingView>> {
        let app =
            App { accounts: self.clone(), call: call.clone(), key: key.clone(), types: ask.types };
        if let Err(refusal) = app.standing().await?.and(check_types(&app.types)) {
            return Ok(Err(refusal));
        }
        let account = match ask.account {
            Some(account) => match self.made_by(key.client(), account).await? {
                Some(account) => Some(account),
                None => return Ok(Err(Refusal::NotFound("account"))),
            },
            None => None,
        };
        let next = self.next_position().await?;
        let from = ask.from.unwrap_or(next);
        if let Err(refusal) = check_from(from, next) {
            return Ok(Err(refusal));
        }
        let place = match self.place(&self.app_followers, key.client().uuid())? {
            Ok(place) => place,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let entries = self.entries_for(key.client(), account, from);
        Ok(Ok(Follower::new(self, Box::new(app), (from, entries), place)))
    }

    /// The position of the entry that comes next.
    pub(super) async fn next_position(&self) -> Result<Position, Fault> {
        let head = self.log().store().head().await?;
        Ok(head.map_or(Position::new(0), Position::next))
    }

    /// The entries that a client app may be told of, as they come. What is looked up ahead is their
    /// places; each is read when it is asked for.
    fn entries_for(&self, client: ClientId, account: Option<AccountId>, from: Position) -> Entries {
        let model = self.read_model().clone();
        let reading = Reading {
            changes: model.app_event_changes(),
            accounts: self.clone(),
            client,
            account,
            next: from,
            ahead: VecDeque::new(),
        };
        stream::unfold(Some(reading), |reading| async move {
            let mut reading = reading?;
            match reading.next().await {
                Ok(recorded) => Some((Ok(recorded), Some(reading))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

/// Where a reader of an app's entries is.
struct Reading {
    accounts: Accounts,
    changes: watch::Receiver<u64>,
    client: ClientId,
    account: Option<AccountId>,
    next: Position,
    ahead: VecDeque<Position>,
}

impl Reading {
    async fn next(&mut self) -> Result<Recorded, StoreError> {
        while self.ahead.is_empty() {
            // Before it is looked up: what comes in between is a change after this.
            self.changes.borrow_and_update();
            let model = self.accounts.read_model();
            let found = model.app_events(self.client, self.account, self.next, AHEAD_MAX);
            let found = found.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            self.ahead.extend(found.iter().map(|event| event.position));
            if self.ahead.is_empty() && self.changes.changed().await.is_err() {
                return Err(StoreError::Unavailable("the read models are closed".to_owned()));
            }
        }
        let position = self.ahead.pop_front().unwrap_or(self.next);
        self.next = position.next();
        self.accounts.entry_of(position).await
    }
}

impl Accounts {
    /// The entry at a position.
    pub(super) async fn entry_of(&self, position: Position) -> Result<Recorded, StoreError> {
        let read = self.log().store().read_all(position, 1).await?;
        let found = read.into_iter().find(|recorded| recorded.position == position);
        found.ok_or_else(|| StoreError::Damaged(format!("the log lacks position {position}")))
    }
}

/// A client app that follows.
struct App {
    accounts: Accounts,
    call: Call,
    key: ApiKey,
    types: Vec<String>,
}

impl App {
    async fn standing(&self) -> Verdict<()> {
        let found = self.accounts.client(&self.call, &self.key).await?;
        Ok(found.and_then(|app| {
            if app.scopes.contains(&Scope::EventsRead) {
                return Ok(());
            }
            Err(Refusal::Forbidden("the key lacks the scope for this"))
        }))
    }
}

impl Watch<OutgoingView> for App {
    fn check(&self) -> BoxFuture<'_, Result<(), Halt>> {
        Box::pin(async move {
            self.standing().await??;
            Ok(())
        })
    }

    fn may_end_by(&self, stream: StreamId) -> bool {
        stream == StreamId::Client(self.key.client())
    }

    fn line(&self, recorded: &Recorded) -> Result<Option<OutgoingView>, Fault> {
        let Some(outgoing) = outgoing(recorded)? else { return Ok(None) };
        let is_wanted = self.types.is_empty() || self.types.contains(&outgoing.event.event_type);
        Ok(is_wanted.then_some(outgoing))
    }
}

/// An event as it goes out; none where it is no account's.
pub(super) fn outgoing(recorded: &Recorded) -> Result<Option<OutgoingView>, Fault> {
    let StreamId::Account(account) = recorded.stream else { return Ok(None) };
    let (event, _) = clear_view(recorded, Reader::Client)?;
    let id = Entry::parse(&recorded.bytes)?.id;
    Ok(Some(OutgoingView { id, position: recorded.position, account, event }))
}

/// Types that an app may ask for.
pub(super) fn check_types(types: &[String]) -> Result<(), Refusal> {
    let is_one = |name: &&String| !(name.starts_with(OF_ACCOUNTS) && is_known(name));
    let Some(unknown) = types.iter().find(is_one) else { return Ok(()) };
    let reason = format!("there is no event type `{}` of accounts", unknown.escape_debug());
    Err(Refusal::Invalid { field: "types", reason })
}

/// A position to begin at, which is not beyond the end.
pub(super) fn check_from(from: Position, next: Position) -> Result<(), Refusal> {
    if from <= next {
        return Ok(());
    }
    Err(Refusal::Invalid { field: "from", reason: "beyond the end of this log".to_owned() })
}
