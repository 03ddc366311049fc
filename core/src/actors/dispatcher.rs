//! The dispatcher: tells webhooks what happened.
//!
//! One actor on an arbiter of its own. For each webhook it takes the log in, makes the deliveries
//! that are due, a few at a time and one of each account, and now and then notes on the app's
//! stream how far it has come. What that means, and what is done after a crash, is said in
//! [`webhooks`](crate::webhooks).
//!
//! **What must stay true.** Nobody waits for it. A receiver that is slow or gone has no more under
//! way than [`UNDER_WAY_PER_WEBHOOK_MAX`], and takes no place of another's. It tells nothing, and
//! forgets nothing, before the read models have reached the log's end of when they began to follow:
//! before that, a webhook may be missing among those that it knows.

mod attempt;
mod errands;
mod live;
mod wakes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler,
    Message, ResponseFuture, SpawnHandle, StreamHandler, WrapFuture as _,
};
use actix_rt::ArbiterHandle;
use countersign_events::id::EventId;
use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use tokio::sync::{oneshot, watch};

use crate::accounts::answer::OutgoingView;
use crate::clock::Clock;
use crate::projections::ReadModel;
use crate::webhooks::Carrier;
use crate::webhooks::ledger::{Hook, HookLedger};
use crate::webhooks::pace::later;
use crate::webhooks::queue::Deliveries;

use attempt::{attempt, write};
use errands::{note, refresh, take_in};
use live::{Done, Live};

/// Deliveries of one webhook under way at once.
pub const UNDER_WAY_PER_WEBHOOK_MAX: usize = 8;
/// It looks at least this often, whatever it was told.
pub const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(60);
/// It sets no timer shorter than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(10);
/// After how long it tries again what the log, the read models or its own file did not take.
const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// How long a stop waits for deliveries under way; they are made again after the next start.
pub const STOP_GRACE: Duration = Duration::from_secs(10);

/// What the dispatcher works with.
#[derive(Clone)]
pub struct Dispatch {
    /// Where the log's events stand.
    pub model: ReadModel,
    /// What waits.
    pub queue: Deliveries,
    /// Which webhooks there are, and what they are told.
    pub ledger: Arc<dyn HookLedger>,
    /// The way out.
    pub carrier: Arc<dyn Carrier>,
    /// The body of a delivery.
    pub body: fn(OutgoingView) -> Result<Vec<u8>, serde_json::Error>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Tells webhooks what happened.
pub struct Dispatcher {
    desk: Arc<Dispatch>,
    hooks: BTreeMap<EventId, Live>,
    apps: watch::Receiver<u64>,
    /// Whether the webhooks that there are must be asked for.
    stale: bool,
    refreshing: bool,
    /// Whether the file was found to be of this log.
    fits: bool,
    timer: Option<SpawnHandle>,
    resting: Vec<oneshot::Sender<Option<Timestamp>>>,
    stopping: bool,
    left: watch::Sender<Option<usize>>,
}

/// Looks at once: something came, or the clock was moved.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Poke;

/// Takes up no more deliveries, waits for those under way and stops; answered with how many were
/// left under way after [`STOP_GRACE`].
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "usize")]
pub struct Stop;

/// Waits until nothing is under way and nothing is due now; answered with when the next delivery
/// is.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<Timestamp>")]
pub struct Rest;

impl Dispatcher {
    /// Starts it on an arbiter. The projector must run for it to do anything.
    #[must_use]
    pub fn start_on(arbiter: &ArbiterHandle, desk: Dispatch) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |_| Self {
            apps: desk.model.app_changes(),
            desk: Arc::new(desk),
            hooks: BTreeMap::new(),
            stale: true,
            refreshing: false,
            fits: false,
            timer: None,
            resting: Vec::new(),
            stopping: false,
            left: watch::Sender::new(None),
        })
    }

    /// Starts what can be started now for all webhooks, and sets the timer for what cannot.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.stopping || !self.desk.model.progress().borrow().live {
            return self.set_timer(None, ctx);
        }
        if self.apps.has_changed().unwrap_or(false) {
            self.apps.mark_unchanged();
            self.stale = true;
        }
        if self.stale && !self.refreshing {
            (self.stale, self.refreshing) = (false, true);
            let work = refresh(Arc::clone(&self.desk), self.fits);
            ctx.spawn(work.into_actor(self).map(|found, dispatcher, ctx| match found {
                Ok(found) => dispatcher.refreshed(found, ctx),
                Err(fault) => {
                    tracing::error!(%fault, "the webhooks cannot be asked for");
                    dispatcher.refreshing = false;
                    ctx.run_later(TRY_AGAIN_AFTER.unsigned_abs(), |dispatcher, ctx| {
                        dispatcher.stale = true;
                        dispatcher.look(ctx);
                    });
                }
            }));
        }
        let webhooks: Vec<EventId> = self.hooks.keys().copied().collect();
        for webhook in webhooks {
            self.look_at(webhook, ctx);
        }
        self.after_look(ctx);
    }

    fn after_look(&mut self, ctx: &mut Context<Self>) {
        let now = self.desk.clock.now();
        let next = self.hooks.values().filter_map(|live| live.next_at).min();
        self.set_timer(next.map(|next| (next, now)), ctx);
        #[expect(clippy::cast_precision_loss, reason = "a gauge of a handful")]
        gauge!("countersign_webhooks_under_way").set(self.under_way() as f64);
        let is_idle = !self.refreshing && !self.stale && self.hooks.values().all(Live::is_idle);
        if is_idle {
            for resting in self.resting.drain(..) {
                // Who waited may have gone.
                let _ = resting.send(next);
            }
        }
    }

    /// Starts what can be started now for one webhook.
    fn look_at(&mut self, webhook: EventId, ctx: &mut Context<Self>) {
        let (desk, now) = (Arc::clone(&self.desk), self.desk.clock.now());
        let Some(live) = self.hooks.get_mut(&webhook).filter(|_| !self.stopping) else { return };
        let found = match live.look(&desk, now) {
            Ok(found) => found,
            Err(fault) => {
                tracing::error!(%webhook, %fault, "a webhook's deliveries cannot be read");
                live.next_at = Some(later(now, TRY_AGAIN_AFTER));
                return;
            }
        };
        let hook = Arc::clone(&live.hook);
        for due in found.due {
            let work = attempt(Arc::clone(&desk), Arc::clone(&hook), due);
            ctx.spawn(work.into_actor(self).map(|done, dispatcher, ctx| {
                dispatcher.done(done, ctx);
            }));
        }
        if let Some(from) = found.take_in_from {
            let work = take_in(Arc::clone(&desk), Arc::clone(&hook), from);
            ctx.spawn(work.into_actor(self).map(|done, dispatcher, ctx| {
                dispatcher.done(done, ctx);
            }));
        }
        if let Some(next) = found.note {
            let work = note(desk, hook, next);
            ctx.spawn(work.into_actor(self).map(|done, dispatcher, ctx| {
                dispatcher.done(done, ctx);
            }));
        }
    }

    fn refreshed(&mut self, hooks: Vec<Hook>, ctx: &mut Context<Self>) {
        (self.refreshing, self.fits) = (false, true);
        let mut before = std::mem::take(&mut self.hooks);
        for hook in hooks {
            let live = before.remove(&hook.webhook);
            self.hooks.insert(hook.webhook, Live::of(hook, live));
        }
        self.look(ctx);
    }

    fn done(&mut self, done: Done, ctx: &mut Context<Self>) {
        let webhook = done.webhook();
        if let Some(live) = self.hooks.get_mut(&webhook) {
            live.done(&done);
        }
        let has_failed = matches!(done, Done::Failed(_));
        if let Done::Unwritten(due, outcome) = done {
            // It stays under way until what became of it is written: it is not told again before.
            ctx.run_later(TRY_AGAIN_AFTER.unsigned_abs(), move |dispatcher, ctx| {
                let done = write(&dispatcher.desk, due, outcome);
                dispatcher.done(done, ctx);
            });
        }
        if has_failed {
            ctx.run_later(TRY_AGAIN_AFTER.unsigned_abs(), move |dispatcher, ctx| {
                if let Some(live) = dispatcher.hooks.get_mut(&webhook) {
                    live.pauses = false;
                }
                dispatcher.look_at(webhook, ctx);
                dispatcher.after_look(ctx);
            });
        }
        if self.stopping && self.under_way() == 0 {
            return self.finish(ctx);
        }
        self.look_at(webhook, ctx);
        self.after_look(ctx);
    }

    fn under_way(&self) -> usize {
        self.hooks.values().map(|live| live.under_way.len()).sum()
    }

    fn set_timer(&mut self, next: Option<(Timestamp, Timestamp)>, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        if self.stopping {
            return;
        }
        let pause = next
            .and_then(|(next, now)| Duration::try_from(next.duration_since(now)).ok())
            .unwrap_or(LOOK_AT_LEAST_EVERY)
            .clamp(LOOK_AT_MOST_EVERY, LOOK_AT_LEAST_EVERY);
        self.timer = Some(ctx.run_later(pause, |dispatcher, ctx| dispatcher.look(ctx)));
    }

    fn finish(&mut self, ctx: &mut Context<Self>) {
        let left = self.under_way();
        if left > 0 {
            tracing::warn!(left, "deliveries to webhooks are under way: they are made again");
        }
        self.left.send_replace(Some(left));
        ctx.stop();
    }
}

impl Actor for Dispatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_stream(wakes::changes(self.desk.model.app_event_changes()));
        ctx.add_stream(wakes::changes(self.desk.queue.changes()));
        ctx.add_stream(wakes::becoming_live(self.desk.model.progress()));
        self.look(ctx);
    }
}

impl Handler<Poke> for Dispatcher {
    type Result = ();

    fn handle(&mut self, _: Poke, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}

impl StreamHandler<Poke> for Dispatcher {
    fn handle(&mut self, _: Poke, ctx: &mut Self::Context) {
        self.look(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        // The default stops the actor; the timer goes on without hints.
    }
}

impl Handler<Rest> for Dispatcher {
    type Result = ResponseFuture<Option<Timestamp>>;

    fn handle(&mut self, _: Rest, ctx: &mut Self::Context) -> Self::Result {
        let (resting, rest) = oneshot::channel();
        self.resting.push(resting);
        self.look(ctx);
        Box::pin(async move { rest.await.ok().flatten() })
    }
}

impl Handler<Stop> for Dispatcher {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) -> Self::Result {
        self.stopping = true;
        let mut left = self.left.subscribe();
        if self.under_way() == 0 {
            self.finish(ctx);
        } else {
            ctx.run_later(STOP_GRACE, |dispatcher, ctx| dispatcher.finish(ctx));
        }
        Box::pin(async move {
            left.wait_for(Option::is_some).await.ok().and_then(|left| *left).unwrap_or(0)
        })
    }
}
