//! The account's actor: one queue, one request at a time, everything recorded before it is told.
//!
//! ```text
//!   Ask ──▶ [mailbox] ──▶ Entity: load · compare · decide · append · evolve ──▶ answer
//!                                   ▲                        │ conflict
//!                                   └────── catch up ────────┘
//! ```
//!
//! The actor is a cache and a queue, never a lock: the expected revision decides between nodes,
//! and between an actor that is passivated and the one that takes its place. Handlers return an
//! `AtomicResponse`, because a `ResponseActFuture` interleaves messages.

mod batch;
mod begun;
mod entity;
mod halt;
mod mint;
mod services;

use std::future::Future;
use std::time::{Duration, Instant};

use actix::prelude::*;
use countersign_events::id::StreamId;
use futures::future::LocalBoxFuture;
use std::sync::Arc;
use tokio::sync::oneshot;

pub use batch::{Batch, Sealed, stamped};
pub use begun::Begun;
pub use entity::{Entity, SNAPSHOT_EVERY};
pub use halt::Halt;
pub use mint::Mint;
pub(crate) use mint::secret;
pub use services::Services;

use super::directory::{Bounds, Idle, Shard};
use crate::accounts::Verdict;

/// Messages that wait for one account; the next is answered "unavailable".
pub const MAILBOX_MAX: usize = 256;
/// How often a request is decided before it is given up after conflicts.
///
/// A conflict means that another node got something done. Of two that are equally fast each loses
/// every second race, so that one request in 2³² is given up; of eight, one in seventy.
pub const CONFLICTS_MAX: u32 = 32;
/// How long an account stays in memory unused.
pub const IDLE: Duration = Duration::from_secs(300);

/// Something that is asked of one account.
pub trait Request: Send + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// Does it. After a conflict it is done again, from scratch, on the reloaded state.
    fn perform(&self, entity: &mut Entity) -> impl Future<Output = Result<Self::Answer, Halt>>;
}

/// A request with the place that its answer goes to.
///
/// The answer has its own channel: a `send` whose future is dropped before the actor takes the
/// message cancels it silently, and an accepted command must run.
pub(super) struct Ask<R: Request> {
    request: R,
    reply: oneshot::Sender<Verdict<R::Answer>>,
}

impl<R: Request> Ask<R> {
    pub(super) fn new(request: R) -> (Self, oneshot::Receiver<Verdict<R::Answer>>) {
        let (reply, answer) = oneshot::channel();
        (Self { request, reply }, answer)
    }
}

/// An [`Ask`] of any kind.
pub(super) trait Work: Send {
    fn run(self: Box<Self>, entity: Entity) -> LocalBoxFuture<'static, Entity>;
}

impl<R: Request> Work for Ask<R> {
    fn run(self: Box<Self>, mut entity: Entity) -> LocalBoxFuture<'static, Entity> {
        Box::pin(async move {
            let verdict = entity.answer(&self.request).await;
            // A caller that is gone does not undo what was decided.
            let _gone = self.reply.send(verdict);
            entity
        })
    }
}

/// A piece of work for one account.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Job {
    pub(super) stream: StreamId,
    pub(super) work: Box<dyn Work>,
}

/// The last message of an actor's life.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Passivate;

/// The actor of one account, or of one login that does not exist.
pub(super) struct AccountActor {
    stream: StreamId,
    services: Arc<Services>,
    shard: Addr<Shard>,
    /// Taken while a request runs. A request that panics takes it along, and the next one loads
    /// the account afresh.
    entity: Option<Entity>,
    used: Instant,
    bounds: Bounds,
}

impl AccountActor {
    pub(super) fn new(
        stream: StreamId,
        services: Arc<Services>,
        shard: Addr<Shard>,
        bounds: Bounds,
    ) -> Self {
        Self { stream, services, shard, entity: None, used: Instant::now(), bounds }
    }

    /// Asks to be passivated once unused for long enough; looks again when that may be.
    fn watch_idleness(&self, context: &mut Context<Self>, after: Duration) {
        context.run_later(after, |actor, context| {
            let (unused, idle_after) = (actor.used.elapsed(), actor.bounds.idle);
            if unused >= idle_after {
                let idle = Idle { stream: actor.stream, account: context.address() };
                // A shard too busy to listen is told again later.
                let _busy = actor.shard.try_send(idle);
                actor.watch_idleness(context, idle_after);
            } else {
                actor.watch_idleness(context, idle_after.saturating_sub(unused));
            }
        });
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.watch_idleness(context, self.bounds.idle);
    }
}

impl Handler<Job> for AccountActor {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, job: Job, _context: &mut Self::Context) -> Self::Result {
        self.used = Instant::now();
        let entity = self
            .entity
            .take()
            .unwrap_or_else(|| Entity::new(self.stream, Arc::clone(&self.services)));
        AtomicResponse::new(Box::pin(job.work.run(entity).into_actor(self).map(
            |entity, actor, _context| {
                actor.entity = Some(entity);
            },
        )))
    }
}

impl Handler<Passivate> for AccountActor {
    type Result = AtomicResponse<Self, ()>;

    /// Takes leave: what is only in memory is written, then the actor stops. The shard has already
    /// forgotten it, so nothing can be queued behind this message.
    fn handle(&mut self, _: Passivate, _context: &mut Self::Context) -> Self::Result {
        let entity = self.entity.take();
        AtomicResponse::new(Box::pin(
            async move {
                if let Some(mut entity) = entity {
                    entity.take_leave().await;
                }
            }
            .into_actor(self)
            .map(|(), _actor, context| context.stop()),
        ))
    }
}
