//! The entity: one account in memory, and the steps that every request is made of.
//!
//! Load, decide, append, evolve, answer. Nothing here answers before the append returned; where
//! anything about the state is unknown it is forgotten and loaded again from the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_events::account::{AccountEvent, Method};
use countersign_events::entry::{Idempotency, SealClass};
use countersign_events::id::{AccountId, HandleHash, Revision, StreamId};
use countersign_events::store::Snapshot;
use jiff::Timestamp;

use super::batch::{Batch, Sealed, stamped};
use super::halt::settle;
use super::{CONFLICTS_MAX, Halt, Mint, Request, Services};
use crate::accounts::request::Call;
use crate::accounts::{Fault, Verdict};
use crate::actors::log::{Head, Planned, Stamp, Wrote};
use crate::domain::account::Open;
use crate::domain::command::{AtDevice, Context};
use crate::domain::decide::{guess_at, lane_of, refusal_of};
use crate::domain::limits::{Guess, Refused, RefusedAttempts, Rule};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::{Account, Command, StampedEvent, decide, evolve, session};
use crate::handle::DeviceHandle;

/// Tells this shape of snapshots from any other.
const SNAPSHOT_SHAPE: u32 = 16;
/// So many events of a stream after its snapshot leave another one behind, whether they were read
/// or written: what a load reads never grows with an account's age, nor with how long it was live.
pub const SNAPSHOT_EVERY: usize = 128;

/// One account in memory.
pub struct Entity {
    /// Its stream.
    pub stream: StreamId,
    /// What it works with.
    pub services: Arc<Services>,
    /// What is decided under: one snapshot from the beginning of a request to its end.
    policy: Arc<Policy>,
    loaded: Option<Loaded>,
    /// Another has written to the stream: what is loaded must catch up.
    behind: bool,
    /// Attempts refused unevaluated that no event tells of yet.
    refused: Refused,
    /// Uses of sessions that no event tells of yet.
    seen: BTreeMap<HandleHash, Timestamp>,
    /// The keyed request at hand, until an event of it remembers its key.
    pub(super) unrecorded: Option<Idempotency>,
}

#[derive(Default)]
struct Loaded {
    account: Account,
    head: Head,
    /// Events since the last snapshot.
    since_snapshot: usize,
}

impl Entity {
    pub(super) fn new(stream: StreamId, services: Arc<Services>) -> Self {
        let (refused, seen) = (Refused::new(), BTreeMap::new());
        let policy = services.decided_under();
        let (loaded, behind, unrecorded) = (None, false, None);
        Self { stream, services, policy, loaded, behind, refused, seen, unrecorded }
    }

    /// Answers a request; settles conflicts by deciding again from scratch.
    pub(super) async fn answer<R: Request>(&mut self, request: &R) -> Verdict<R::Answer> {
        for _ in 0..CONFLICTS_MAX {
            self.policy = self.services.decided_under();
            self.unrecorded = None;
            let done = match request.perform(self).await {
                Ok(answer) => self.remember_key().await.map(|()| answer),
                halted => halted,
            };
            if let Some(verdict) = settle(done) {
                if verdict.is_err() {
                    // State unknown: do not guess, load again.
                    self.loaded = None;
                }
                return verdict;
            }
            // The state is a true one of an earlier revision: what came since is all that is read,
            // because whoever wins goes on at once and a full load would lose the next race too.
            self.behind = true;
        }
        Err(Fault::Unavailable(format!("{CONFLICTS_MAX} conflicts on {}", self.stream)))
    }

    /// The id of the account.
    ///
    /// # Errors
    /// [`Fault::Internal`] for the stream of a login that does not exist.
    pub fn id(&self) -> Result<AccountId, Halt> {
        match self.stream {
            StreamId::Account(id) => Ok(id),
            stream => Err(Fault::Internal(format!("{stream} is no account")).into()),
        }
    }

    /// The policy that the request at hand is decided under.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The present state.
    #[must_use]
    pub fn account(&self) -> &Account {
        static VACANT: std::sync::OnceLock<Account> = std::sync::OnceLock::new();
        match &self.loaded {
            Some(loaded) => &loaded.account,
            None => VACANT.get_or_init(Account::default),
        }
    }

    /// The account, where there must be one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where there is none.
    pub fn open(&self) -> Result<&Open, Halt> {
        self.account().open().ok_or(Halt::Refusal(Refusal::NotFound("account")))
    }

    /// The time for a decision: never before the last event.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.services.log.now();
        self.loaded.as_ref().map_or(now, |loaded| loaded.head.not_before(now))
    }

    /// Loads the account if it is not in memory; on a shared store, and after a conflict, catches
    /// up with its stream. An alarm of the clock is recorded first.
    ///
    /// # Errors
    /// [`Fault`] where the log does not answer or holds what this program does not know.
    pub async fn load(&mut self) -> Result<(), Halt> {
        let log = self.services.log.clone();
        log.record_clock().await?;
        let from = match &self.loaded {
            Some(_) if !log.store().is_shared() && !self.behind => return Ok(()),
            Some(loaded) => loaded.head.revision.map_or(Revision::new(0), Revision::next),
            None => {
                let (account, head) = self.snapshot_state().await?;
                let from = head.revision.map_or(Revision::new(0), Revision::next);
                self.loaded = Some(Loaded { account, head, since_snapshot: 0 });
                from
            }
        };
        let tail = log.read_from(self.stream, from).await?;
        if self.behind && tail.is_empty() {
            // The stream ends before what was loaded (another copy of the store): load it all.
            (self.loaded, self.behind) = (None, false);
            return Box::pin(self.load()).await;
        }
        let mut loaded = self.loaded.take().unwrap_or_default();
        for recorded in &tail {
            loaded.account = evolve(loaded.account, &stamped(recorded)?);
        }
        if let Some(last) = tail.last() {
            loaded.head = Head::of(last)?;
        }
        loaded.since_snapshot = loaded.since_snapshot.saturating_add(tail.len());
        (self.loaded, self.behind) = (Some(loaded), false);
        self.leave_snapshot().await;
        Ok(())
    }

    /// The state of the snapshot, if there is one of this shape; otherwise that of no event.
    async fn snapshot_state(&self) -> Result<(Account, Head), Halt> {
        let none = (Account::default(), Head::default());
        let store = self.services.log.store();
        let Some(snapshot) = store.snapshot_get(self.stream).await? else { return Ok(none) };
        if snapshot.shape != SNAPSHOT_SHAPE {
            return Ok(none);
        }
        let Ok(account) = serde_json::from_slice::<Account>(&snapshot.bytes) else {
            return Ok(none);
        };
        // The chain goes on from the entry itself, never from a copy of its hash.
        let entries = store.read_stream(self.stream, snapshot.revision, 1).await?;
        match entries.first().filter(|entry| entry.revision == snapshot.revision) {
            Some(entry) => Ok((account, Head::of(entry)?)),
            None => Ok(none),
        }
    }

    /// Leaves a snapshot where the last one is too many events ago. One that could not be left is
    /// tried again after as many.
    async fn leave_snapshot(&mut self) {
        let Some(loaded) = self.loaded.as_mut() else { return };
        if loaded.since_snapshot < SNAPSHOT_EVERY {
            return;
        }
        loaded.since_snapshot = 0;
        let (head, account) = (loaded.head, &loaded.account);
        let (Some(revision), Ok(bytes)) = (head.revision, serde_json::to_vec(account)) else {
            return;
        };
        let snapshot = Snapshot { revision, shape: SNAPSHOT_SHAPE, bytes };
        if let Err(error) = self.services.log.store().snapshot_put(self.stream, snapshot).await {
            // A snapshot can be made again: without one, loading is slower and just as right.
            tracing::warn!(stream = %self.stream, %error, "no snapshot");
        }
    }

    /// The session that a caller holds: alive, and its use recorded where that is due. While the
    /// log takes nothing no session is served: what ends one could not be recorded (SR-109).
    ///
    /// # Errors
    /// [`Refusal::NoSession`]; [`Fault`] where a use could not be recorded.
    pub async fn session(&mut self, call: &Call, session: HandleHash) -> Result<(), Halt> {
        self.services.log.takes_entries().await?;
        let now = self.now();
        let open = session::holder_of(self.account(), call.staff_only)?;
        let seen = self.seen.get(&session).copied();
        session::check(open, session, seen, now, self.policy())?;
        self.demand_vouched_session(session).await?;
        // Bounded by the sessions there are.
        let alive: Vec<HandleHash> = open.sessions.keys().copied().collect();
        self.seen.retain(|hash, _| alive.contains(hash));
        self.seen.insert(session, now);
        let unkeyed = Call { idempotency: None, ..call.clone() };
        self.decide(&unkeyed, &Command::UseSession(session), Sealed::default(), None).await?;
        Ok(())
    }

    /// Demands a session that is alive. Asking is no use of it, so that it goes idle all the same.
    ///
    /// # Errors
    /// [`Refusal::NoSession`].
    pub fn alive(&self, session: HandleHash) -> Result<(), Refusal> {
        let open = self.account().open().ok_or(Refusal::NoSession)?;
        let seen = self.seen.get(&session).copied();
        session::check(open, session, seen, self.now(), self.policy()).map(drop)
    }

    /// Whether a command would be refused now.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn rehearse(&self, call: &Call, command: &Command) -> Result<(), Halt> {
        let context = self.context(self.now(), self.device(call, None));
        decide(self.account(), command, &context).map(drop).map_err(Halt::Refusal)
    }

    /// What a command would lead to now, wherever it came from.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn foresee(&self, command: &Command) -> Result<Vec<AccountEvent>, Halt> {
        let context = self.context(self.now(), None);
        decide(self.account(), command, &context).map_err(Halt::Refusal)
    }

    fn context(&self, now: Timestamp, device: Option<AtDevice>) -> Context<'_> {
        Context { now, policy: &self.policy, refused: &self.refused, device }
    }

    /// The device that asks, where it is one that can be remembered.
    fn device(&self, call: &Call, mint: Option<&Mint>) -> Option<AtDevice> {
        let (held, account) = (call.devices.as_ref()?, self.id().ok()?);
        let holds = held.iter().find(|handle| handle.account() == account);
        let next = mint.map(|mint| mint.device(account).hash());
        Some(AtDevice { holds: holds.map(DeviceHandle::hash), next })
    }

    /// Admits a guess, or counts it among those refused. Asked through `admit_guess` alone, which
    /// asks the limits of its source first.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`]; [`Refusal::AuthenticationFailed`] for what is worth nothing
    /// until it is bound anew.
    pub(crate) fn admit(
        &mut self,
        call: &Call,
        method: Method,
        with: Option<HandleHash>,
    ) -> Result<(), Halt> {
        let guess = self.guess(call, method, with);
        let lane = lane_of(self.account(), &self.policy, method, &guess);
        let Err(lock) = lane else { return Ok(()) };
        let (now, key) = (self.now(), (method, lock.lane));
        let earlier = self.refused.get(&key).copied();
        self.refused.insert(key, RefusedAttempts::count(earlier, now, lock.rule));
        Err(Halt::Refusal(refusal_of(&lock)))
    }

    /// Whether a method is shut for this caller by more than a wait.
    #[must_use]
    pub fn is_shut(&self, call: &Call, method: Method, with: Option<HandleHash>) -> bool {
        let guess = self.guess(call, method, with);
        let admitted = self.account().limits.admit(&self.policy.limits, method, &guess);
        admitted.is_err_and(|lock| lock.rule != Rule::Wait)
    }

    /// A guess of this caller, made now.
    fn guess(&self, call: &Call, method: Method, with: Option<HandleHash>) -> Guess {
        guess_at(self.account(), method, with, self.device(call, None), self.now())
    }

    /// Decides, appends and evolves: when this returns events, they are durable.
    ///
    /// # Errors
    /// The refusal, a fault without verdict, or a conflict.
    pub async fn decide(
        &mut self,
        call: &Call,
        command: &Command,
        sealed: Sealed,
        mint: Option<&Mint>,
    ) -> Result<Batch, Halt> {
        let now = self.now();
        let context = self.context(now, self.device(call, mint));
        let events = decide(self.account(), command, &context)?;
        if events.is_empty() {
            return Ok(Batch(vec![]));
        }
        let judged = self.judged(call, &events).await;
        let batch = self.append(call, now, events, sealed, mint).await?;
        self.note(judged);
        for stamped in &batch.0 {
            if let AccountEvent::AttemptsRefused(summed) = &stamped.event {
                self.refused.remove(&(summed.method, summed.lane));
            }
        }
        Ok(batch)
    }

    async fn append(
        &mut self,
        call: &Call,
        at: Timestamp,
        events: Vec<AccountEvent>,
        mut sealed: Sealed,
        mint: Option<&Mint>,
    ) -> Result<Batch, Halt> {
        let log = self.services.log.clone();
        let stamp = Stamp {
            by: call.by.clone(),
            correlation: call.correlation,
            idempotency: self.asked(call),
            policy: self.policy.version,
            at,
        };
        let loaded = self.loaded.as_ref().map(|loaded| loaded.head).unwrap_or_default();
        let mut revision = loaded.revision.map_or(Revision::new(0), Revision::next);
        let (mut planned, mut batch) = (vec![], vec![]);
        for (index, event) in events.into_iter().enumerate() {
            let id = match mint.filter(|_| index == 0) {
                Some(mint) => mint.event,
                None => log.event_id()?,
            };
            let parts = sealed.take_for(&event);
            let pii = parts.iter().find(|part| part.class == SealClass::Pii);
            batch.push(StampedEvent {
                revision,
                id,
                at,
                by: stamp.by.clone(),
                idempotency: stamp.idempotency,
                pii: pii.map(|part| countersign_events::tree::seal_commitment(&part.ciphertext)),
                event: event.clone(),
            });
            planned.push(Planned {
                id,
                event_type: event.event_type(),
                version: event.version(),
                data: event.to_json().map_err(|error| Fault::Internal(error.to_string()))?,
                sealed: parts,
            });
            revision = revision.next();
        }
        match log.append(self.stream, loaded, &stamp, planned).await? {
            Wrote::Conflict => Err(Halt::Conflict),
            Wrote::Placed(_, head) => {
                let mut loaded = self.loaded.take().unwrap_or_default();
                loaded.account = batch.iter().fold(loaded.account, evolve);
                loaded.head = head;
                loaded.since_snapshot = loaded.since_snapshot.saturating_add(batch.len());
                self.loaded = Some(loaded);
                self.leave_snapshot().await;
                Ok(Batch(batch))
            }
        }
    }

    /// Writes what is only in memory before the actor goes.
    pub(super) async fn take_leave(&mut self) {
        let summed = std::mem::take(&mut self.refused);
        self.policy = self.services.decided_under();
        let ended: Vec<AccountEvent> =
            summed.iter().map(|((method, lane), refused)| refused.event(*method, *lane)).collect();
        if ended.is_empty() || self.loaded.is_none() {
            return;
        }
        let call = match Call::system(&self.services.log) {
            Ok(call) => call,
            Err(error) => return tracing::warn!(stream = %self.stream, %error, "no leave taken"),
        };
        let now = self.now();
        if let Err(halt) = self.append(&call, now, ended, Sealed::default(), None).await {
            // Only a sum of refused attempts is lost: it decides nothing.
            tracing::warn!(stream = %self.stream, ?halt, "refused attempts were not summed up");
        }
    }
}
