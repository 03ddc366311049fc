//! The projector: follows the log into the read models.
//!
//! One actor on an arbiter of its own, since writing to SQLite blocks its thread. It reads in
//! batches as large as what has come meanwhile, so that it catches up fast and follows closely.
//!
//! **What must stay true.** Where it stands is in the file, written with the rows: stopped or
//! killed at any point it goes on there. What it cannot read it counts and passes; what it cannot
//! do *now* (store, keys or disk do not answer) it does not pass, but tries again, for as long as
//! it takes. A file that was built from another log, or from one that lost its end, is emptied.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler,
    Message, ResponseFuture, WrapFuture as _,
};
use actix_rt::ArbiterHandle;
use countersign_events::id::Position;
use countersign_events::store::{EventStore, Recorded, StoreError};
use countersign_events::tree::leaf_hash;
use futures::StreamExt as _;
use metrics::counter;
use tokio::sync::watch;

use crate::accounts::Fault;
use crate::projections::{BATCH_MAX, Fact, PersonalData, ReadModel, ReadModelError, UnknownType};

/// The first pause before it tries again; doubled up to [`PAUSE_MAX`].
pub const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause before it tries again.
pub const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The pause after a batch: what comes one by one meanwhile is taken in together, which costs those
/// who wait for a verdict less than batch after batch of a few entries.
pub const BREATH: Duration = Duration::from_millis(5);

/// Follows the log into the read models.
pub struct Projector {
    follower: Follower,
    stopping: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
}

/// Stops the projector after the batch at hand; answered when it has stopped.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Stop;

/// How far the read models are behind the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LagReport {
    /// The last position that the read models have.
    pub position: Option<Position>,
    /// The last position of the log.
    pub head: Option<Position>,
    /// What was not understood, by type.
    pub unknown: Vec<UnknownType>,
}

impl LagReport {
    /// Entries that the read models do not have yet.
    #[must_use]
    pub fn entries(&self) -> u64 {
        let next = |at: Option<Position>| at.map_or(0, |at| at.next().get());
        next(self.head).saturating_sub(next(self.position))
    }
}

/// Tells how far the read models are behind the log.
///
/// # Errors
/// [`Fault::Unavailable`] where either does not answer.
pub async fn lag(model: &ReadModel, store: &dyn EventStore) -> Result<LagReport, Fault> {
    let head = store.head().await.map_err(|error| Fault::Unavailable(error.to_string()))?;
    let unknown = model.unknown().map_err(|error| Fault::Unavailable(error.to_string()))?;
    Ok(LagReport { position: model.position(), head, unknown })
}

impl Projector {
    /// Starts it on an arbiter that nothing else should live on.
    #[must_use]
    pub fn start_on(
        arbiter: &ArbiterHandle,
        model: ReadModel,
        store: Arc<dyn EventStore>,
        personal: Arc<dyn PersonalData>,
    ) -> Addr<Self> {
        let follower = Follower { model, store, personal };
        Self::start_in_arbiter(arbiter, move |_| Self {
            follower,
            stopping: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
        })
    }
}

impl Actor for Projector {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let follow = self.follower.clone().follow(self.stopping.subscribe());
        ctx.spawn(follow.into_actor(self).map(|(), projector, ctx| {
            // What is appended from now on is not taken in: no mail can be trusted to be due.
            projector.follower.model.set_live(false);
            projector.stopped.send_replace(true);
            ctx.stop();
        }));
    }
}

impl Handler<Stop> for Projector {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Stop, _: &mut Self::Context) -> Self::Result {
        self.stopping.send_replace(true);
        let mut stopped = self.stopped.subscribe();
        Box::pin(async move {
            // An error means that the actor is gone, which is what was asked for.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        })
    }
}

/// Why following broke off; it is taken up again.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Model(#[from] ReadModelError),
    #[error(transparent)]
    Keys(#[from] Fault),
    #[error("the subscription ended")]
    Ended,
}

#[derive(Clone)]
struct Follower {
    model: ReadModel,
    store: Arc<dyn EventStore>,
    personal: Arc<dyn PersonalData>,
}

impl Follower {
    /// Ends only when it is told to.
    async fn follow(self, mut stopping: watch::Receiver<bool>) {
        let mut pause = PAUSE_FIRST;
        loop {
            let before = self.model.position();
            // Cut off only where it waits: before or after a batch is written, never within.
            let broken = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                broken = self.follow_until_broken() => match broken {
                    Err(broken) => broken,
                    Ok(never) => match never {},
                },
            };
            counter!("countersign_projector_broken_total").increment(1);
            tracing::error!(error = %broken, position = ?before, "the projector broke off");
            if self.model.position() != before {
                pause = PAUSE_FIRST;
            }
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }

    async fn follow_until_broken(&self) -> Result<Infallible, Broken> {
        self.fit_to_log().await?;
        // What was there when we began must be taken in before any mail is trusted to be due.
        let target = self.store.head().await?;
        let next = self.model.position().map_or(Position::new(0), Position::next);
        self.settle(target);
        let mut batches = self.store.subscribe(next).ready_chunks(BATCH_MAX);
        while let Some(batch) = batches.next().await {
            self.take_in(batch).await?;
            self.settle(target);
            tokio::time::sleep(BREATH).await;
        }
        Err(Broken::Ended)
    }

    /// Empties the read models unless the log has the entry that they took in last.
    async fn fit_to_log(&self) -> Result<(), Broken> {
        let Some((position, leaf)) = self.model.last_entry()? else {
            return Ok(());
        };
        let there = self.store.read_all(position, 1).await?;
        let same = there
            .first()
            .is_some_and(|entry| entry.position == position && leaf_hash(&entry.bytes) == leaf);
        if !same {
            tracing::warn!(%position, "the read models are of another log: building them anew");
            self.model.reset()?;
        }
        Ok(())
    }

    /// What came before a failure is taken in; the rest comes again.
    async fn take_in(&self, batch: Vec<Result<Recorded, StoreError>>) -> Result<(), Broken> {
        let mut facts = Vec::with_capacity(batch.len());
        let mut broken = None;
        for entry in batch {
            let read = match entry {
                Ok(entry) => Fact::read(&entry, self.personal.as_ref()).await.map_err(Broken::from),
                Err(error) => Err(Broken::from(error)),
            };
            match read {
                Ok(fact) => facts.push(fact),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        self.model.apply(&facts)?;
        broken.map_or(Ok(()), Err)
    }

    fn settle(&self, target: Option<Position>) {
        if self.model.position() >= target {
            self.model.set_live(true);
        }
    }
}
