//! The directory: finds or starts the actor of a stream, and bounds how many live.
//!
//! Accounts are sharded over arbiters, one [`Shard`] each. Only the shard holds the addresses of
//! its accounts, so that passivation can lose no message: the shard forgets the account first and
//! then sends it its last message; what comes later meets a fresh actor. A message that meets a
//! closed address (its actor panicked) is handed back by `try_send` and given to a fresh actor.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::dev::{SendError, channel};
use actix::prelude::*;
use actix_rt::Arbiter;
use countersign_events::id::StreamId;
use tokio::sync::oneshot;

use super::account::{AccountActor, Ask, IDLE, Job, MAILBOX_MAX, Passivate, Request, Services};
use crate::accounts::{Fault, Verdict};

/// Messages that wait for one shard.
pub const SHARD_MAILBOX_MAX: usize = 4096;
/// Accounts in memory at once, over all shards. One more makes the least lately used go.
pub const LIVE_ACCOUNTS_MAX: usize = 200_000;
/// So many that were sent away, and those that are gone are looked for.
const LEAVING_LOOK: usize = 256;

/// How many wait, live and idle.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Messages that wait for one shard.
    pub shard_queue_max: usize,
    /// Messages that wait for one account.
    pub account_queue_max: usize,
    /// Accounts in memory, over all shards.
    pub live_accounts_max: usize,
    /// How long an account stays in memory unused.
    pub idle: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            shard_queue_max: SHARD_MAILBOX_MAX,
            account_queue_max: MAILBOX_MAX,
            live_accounts_max: LIVE_ACCOUNTS_MAX,
            idle: IDLE,
        }
    }
}

/// Every account's way in.
#[derive(Clone)]
pub struct Directory {
    shards: Arc<[Addr<Shard>]>,
    arbiters: Arc<[Arbiter]>,
    live: Arc<AtomicUsize>,
}

impl Directory {
    /// Starts `shards` arbiters, each with its shard.
    #[must_use]
    pub fn start(shards: usize, services: &Arc<Services>) -> Self {
        Self::start_within(shards, services, Bounds::default())
    }

    /// Starts `shards` arbiters with other bounds.
    #[must_use]
    pub fn start_within(shards: usize, services: &Arc<Services>, bounds: Bounds) -> Self {
        let live = Arc::new(AtomicUsize::new(0));
        let shards = shards.max(1);
        let (arbiters, addresses): (Vec<Arbiter>, Vec<Addr<Shard>>) = (0..shards)
            .map(|_| {
                let arbiter = Arbiter::new();
                let (services, live) = (Arc::clone(services), Arc::clone(&live));
                let live_max = (bounds.live_accounts_max / shards).max(1);
                let bounds = Bounds { live_accounts_max: live_max, ..bounds };
                // Made with its capacity: one that the actor sets comes after its first messages.
                let (sender, receiver) = channel::channel(bounds.shard_queue_max);
                arbiter.spawn_fn(move || {
                    let shard = Shard::new(services, live, bounds);
                    actix_rt::spawn(Context::with_receiver(receiver).into_future(shard));
                });
                let address = Addr::new(sender);
                (arbiter, address)
            })
            .unzip();
        Self { shards: addresses.into(), arbiters: arbiters.into(), live }
    }

    /// Asks an account, and waits for its answer.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where a queue is full, and where the answer was lost: then the
    /// outcome is in the log, and the idempotency key finds it.
    pub async fn ask<R: Request>(&self, stream: StreamId, request: R) -> Verdict<R::Answer> {
        let (ask, answer) = Ask::new(request);
        self.submit(stream, ask)?;
        answer.await.unwrap_or_else(|_| Err(Fault::Unavailable("the answer was lost".into())))
    }

    fn submit<R: Request>(&self, stream: StreamId, ask: Ask<R>) -> Result<(), Fault> {
        let shard = usize::try_from(hash_of(&stream)).unwrap_or(0) % self.shards.len().max(1);
        let shard = self.shards.get(shard).ok_or_else(|| Fault::Internal("no shard".into()))?;
        shard
            .try_send(Job { stream, work: Box::new(ask) })
            .map_err(|_| Fault::Unavailable("the directory's queue is full".into()))
    }

    /// Accounts in memory.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Passivates every account, in the order of their queues, waits for those that are leaving,
    /// then ends the arbiters.
    pub async fn drain(&self) {
        for shard in self.shards.iter() {
            let (done, drained) = oneshot::channel();
            if shard.send(Drain { done }).await.is_ok() {
                let _gone = drained.await;
            }
        }
        for arbiter in self.arbiters.iter() {
            arbiter.stop();
        }
    }
}

fn hash_of(stream: &StreamId) -> u64 {
    let mut hasher = DefaultHasher::new();
    stream.hash(&mut hasher);
    hasher.finish() & u64::from(u32::MAX)
}

/// The accounts of one arbiter.
pub(super) struct Shard {
    services: Arc<Services>,
    accounts: lru::LruCache<StreamId, Addr<AccountActor>>,
    /// Forgotten and perhaps still at work: a drain waits for them too.
    leaving: Vec<Addr<AccountActor>>,
    live: Arc<AtomicUsize>,
    /// For this shard alone.
    bounds: Bounds,
    draining: bool,
}

/// An account is unused for long enough to go.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Idle {
    pub(super) stream: StreamId,
    pub(super) account: Addr<AccountActor>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Drain {
    done: oneshot::Sender<()>,
}

impl Shard {
    fn new(services: Arc<Services>, live: Arc<AtomicUsize>, bounds: Bounds) -> Self {
        let accounts = lru::LruCache::unbounded();
        Self { services, accounts, leaving: vec![], live, bounds, draining: false }
    }

    /// Keeps the address of an account that was sent away, until it is gone.
    fn leaves(&mut self, account: Addr<AccountActor>) {
        if self.leaving.len() >= LEAVING_LOOK {
            self.leaving.retain(Addr::connected);
        }
        self.leaving.push(account);
    }

    /// Gives a job to its account, which is started where it is not there.
    ///
    /// Through the one address that the shard keeps: every clone of an address has a slot of its
    /// own in the queue, so that a clone for each message would make the queue unbounded.
    fn deliver(&mut self, job: Job, shard: &Addr<Self>) -> Result<(), SendError<Job>> {
        let stream = job.stream;
        if !self.accounts.peek(&stream).is_some_and(Addr::connected) {
            self.start_account(stream, shard);
        }
        match self.accounts.get(&stream) {
            Some(account) => account.try_send(job),
            None => Err(SendError::Closed(job)),
        }
    }

    fn start_account(&mut self, stream: StreamId, shard: &Addr<Self>) {
        while self.accounts.len() >= self.bounds.live_accounts_max {
            let Some((_, oldest)) = self.accounts.pop_lru() else { break };
            self.live.fetch_sub(1, Ordering::Relaxed);
            // One whose queue is full stays alive: its expected revisions still hold, and it goes
            // when its queue is done and it finds itself idle, or at the drain.
            let _full = oldest.try_send(Passivate);
            self.leaves(oldest);
        }
        let services = Arc::clone(&self.services);
        let actor = AccountActor::new(stream, services, shard.clone(), self.bounds);
        let account = AccountActor::create(|context| {
            context.set_mailbox_capacity(self.bounds.account_queue_max);
            actor
        });
        if self.accounts.put(stream, account).is_none() {
            self.live.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Actor for Shard {
    type Context = Context<Self>;
}

impl Handler<Job> for Shard {
    type Result = ();

    fn handle(&mut self, job: Job, context: &mut Self::Context) {
        if self.draining {
            // The dropped reply tells the caller that there is no verdict.
            return;
        }
        let (shard, stream) = (context.address(), job.stream);
        match self.deliver(job, &shard) {
            Ok(()) => {}
            Err(SendError::Full(_)) => {
                tracing::warn!(%stream, "an account's queue is full");
            }
            Err(SendError::Closed(job)) => {
                self.accounts.pop(&stream);
                self.live.fetch_sub(1, Ordering::Relaxed);
                if self.deliver(job, &shard).is_err() {
                    tracing::error!(%stream, "a fresh actor took no message");
                }
            }
        }
    }
}

impl Handler<Idle> for Shard {
    type Result = ();

    /// Forgets the account and sends its last message, unless a successor has taken its place or
    /// its queue is not empty.
    fn handle(&mut self, idle: Idle, _context: &mut Self::Context) {
        let is_current = self.accounts.peek(&idle.stream) == Some(&idle.account);
        if idle.account.try_send(Passivate).is_ok() && is_current {
            self.accounts.pop(&idle.stream);
            self.live.fetch_sub(1, Ordering::Relaxed);
            self.leaves(idle.account);
        }
    }
}

impl Handler<Drain> for Shard {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, drain: Drain, _context: &mut Self::Context) -> Self::Result {
        self.draining = true;
        let mut accounts = std::mem::take(&mut self.leaving);
        let left = accounts.len();
        accounts.extend(std::iter::from_fn(|| self.accounts.pop_lru().map(|(_, last)| last)));
        self.live.fetch_sub(accounts.len() - left, Ordering::Relaxed);
        Box::pin(async move {
            // One that is leaving already closes its queue when it is done, which answers as well.
            let leaving = accounts.iter().map(|account| account.send(Passivate));
            futures::future::join_all(leaving).await;
            let _gone = drain.done.send(());
        })
    }
}
