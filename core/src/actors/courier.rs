//! The courier: works off the mails that are due.
//!
//! ```text
//!            code, address            taken                 recorded
//! outbox ───────────────────▶ sending ─────▶ to be recorded ─────────▶ closed by the log
//!    ▲                          │  refused, hopeless ▲
//!    └──── next attempt later ──┘────────────────────┘
//! ```
//!
//! At least once: a mail counts as sent when the account's stream says so. If we crash after the
//! mail server took a mail and before that is recorded, the mail goes out again with the same
//! `Message-ID`. Attempts are spaced by a growing pause, and are bounded in number and by age; a
//! code's expiry ends it too. Giving up is an event, an error in the log and a metric.
//!
//! **What must stay true.** Nobody waits for the courier: a mail server that is slow or gone delays
//! mail and nothing else. It sends nothing before the read models have reached the log's end of
//! when they began to follow, since a mail that looks due may be closed further on. What it has
//! handed over it does not send again while it lives, however long recording or the read models
//! take. Neither address nor code is ever logged (SR-106).

mod attempt;
mod pace;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler,
    Message, ResponseFuture, SpawnHandle, StreamHandler, WrapFuture as _,
};
use actix_rt::ArbiterHandle;
use countersign_events::id::EventId;
use futures::{Stream, stream};
use jiff::Timestamp;
use metrics::gauge;
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::mail::Mailer;
use crate::mail::ledger::MailLedger;
use crate::mail::letterhead::Letterhead;
use crate::projections::outbox::DueMail;
use crate::projections::{Progress, ReadModel, ReadModelError};

use attempt::{Done, Unrecorded, deliver, record};
pub use pace::{
    AGE_MAX, CODE_ATTEMPTS_MAX, CODE_PAUSE_MAX, NOTICE_ATTEMPTS_MAX, NOTICE_PAUSE_MAX, PAUSE_FIRST,
};

/// Mails under way at once.
pub const UNDER_WAY_MAX: usize = 4;
/// It looks at least this often, whatever it was told.
pub const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(60);
/// It sets no timer shorter than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(10);
/// How long a stop waits for mails under way; they are sent again after the next start.
pub const STOP_GRACE: Duration = Duration::from_secs(10);

/// What the courier works with.
#[derive(Clone)]
pub struct Post {
    /// Which mail is due.
    pub model: ReadModel,
    /// Whose it is, and who is told what became of it.
    pub ledger: Arc<dyn MailLedger>,
    /// The way out.
    pub mailer: Arc<dyn Mailer>,
    /// What mails look like.
    pub head: Letterhead,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Works off the mails that are due.
pub struct Courier {
    post: Arc<Post>,
    held: BTreeMap<EventId, Held>,
    timer: Option<SpawnHandle>,
    resting: Vec<oneshot::Sender<Option<Timestamp>>>,
    stopping: bool,
    left: watch::Sender<Option<usize>>,
}

/// What the courier has in hand, though the outbox may still list it.
enum Held {
    /// It is being sent or recorded.
    UnderWay,
    /// It is settled, and to be recorded when the time comes.
    Unrecorded(Unrecorded),
    /// It is settled and recorded; the read models will hear of it.
    Recorded,
    /// It is tried again at this time, which the outbox could not be told.
    Waiting(Timestamp),
}

/// Looks at once: new mail, or the clock was moved.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Poke;

/// Takes up no more mails, waits for those under way and stops; answered with how many were left
/// under way after [`STOP_GRACE`].
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "usize")]
pub struct Stop;

/// Waits until no mail is under way and none is due now; answered with when the next one is due.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<Timestamp>")]
pub struct Rest;

impl Courier {
    /// Starts it on an arbiter. The projector must run for it to do anything.
    #[must_use]
    pub fn start_on(arbiter: &ArbiterHandle, post: Post) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |_| Self {
            post: Arc::new(post),
            held: BTreeMap::new(),
            timer: None,
            resting: Vec::new(),
            stopping: false,
            left: watch::Sender::new(None),
        })
    }

    /// Starts what can be started now, and sets the timer for what cannot.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        if self.stopping {
            return;
        }
        let now = self.post.clock.now();
        let next = self.start_due(now, ctx).unwrap_or_else(|error| {
            tracing::error!(%error, "the courier cannot read the outbox");
            None
        });
        #[expect(clippy::cast_precision_loss, reason = "a gauge of a handful")]
        gauge!("countersign_mails_under_way").set(self.under_way() as f64);
        self.timer = Some(ctx.run_later(pause_until(next, now), |courier, ctx| courier.look(ctx)));
    }

    /// When to look again.
    fn start_due(
        &mut self,
        now: Timestamp,
        ctx: &mut Context<Self>,
    ) -> Result<Option<Timestamp>, ReadModelError> {
        if !self.post.model.progress().borrow().live {
            return Ok(None);
        }
        self.let_go(now)?;
        self.start_recording(now, ctx);
        let free = UNDER_WAY_MAX.saturating_sub(self.under_way());
        if free > 0 {
            // Those in hand may be among the first that are listed.
            let listed = self.post.model.mails_due(now, free.saturating_add(self.held.len()))?;
            let new: Vec<DueMail> = listed
                .into_iter()
                .filter(|mail| !self.held.contains_key(&mail.event))
                .take(free)
                .collect();
            for mail in new {
                self.held.insert(mail.event, Held::UnderWay);
                let work = deliver(Arc::clone(&self.post), mail);
                ctx.spawn(work.into_actor(self).map(|done, courier, ctx| courier.done(done, ctx)));
            }
        }
        let in_hand = self.held.values().filter_map(|held| match held {
            Held::Unrecorded(Unrecorded { next_at, .. }) | Held::Waiting(next_at) => Some(*next_at),
            Held::UnderWay | Held::Recorded => None,
        });
        let next = in_hand.chain(self.post.model.next_mail_at(now)?).min();
        if self.under_way() == 0 {
            for resting in self.resting.drain(..) {
                // Who waited may have gone.
                let _ = resting.send(next);
            }
        }
        Ok(next)
    }

    fn start_recording(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        let ready: Vec<EventId> = self
            .held
            .iter()
            .filter(|(_, held)| matches!(held, Held::Unrecorded(one) if one.next_at <= now))
            .map(|(event, _)| *event)
            .take(UNDER_WAY_MAX.saturating_sub(self.under_way()))
            .collect();
        for event in ready {
            if let Some(Held::Unrecorded(one)) = self.held.insert(event, Held::UnderWay) {
                let work = record(Arc::clone(&self.post), one);
                ctx.spawn(work.into_actor(self).map(|done, courier, ctx| courier.done(done, ctx)));
            }
        }
    }

    /// Forgets what was recorded once the outbox does not list it any more.
    fn let_go(&mut self, now: Timestamp) -> Result<(), ReadModelError> {
        self.held.retain(|_, held| !matches!(held, Held::Waiting(next_at) if *next_at <= now));
        let recorded: Vec<EventId> = self
            .held
            .iter()
            .filter(|(_, held)| matches!(held, Held::Recorded))
            .map(|(event, _)| *event)
            .collect();
        for event in recorded {
            if !self.post.model.is_mail_due(event)? {
                self.held.remove(&event);
            }
        }
        Ok(())
    }

    fn done(&mut self, done: Done, ctx: &mut Context<Self>) {
        match done {
            Done::Postponed(event) => {
                self.held.remove(&event);
            }
            Done::Unremembered(event, next_at) => {
                self.held.insert(event, Held::Waiting(next_at));
            }
            Done::Recorded(event) => {
                self.held.insert(event, Held::Recorded);
            }
            Done::Unrecorded(unrecorded) => {
                self.held.insert(unrecorded.outcome_of(), Held::Unrecorded(unrecorded));
            }
        }
        if self.stopping && self.under_way() == 0 {
            self.finish(ctx);
        }
        self.look(ctx);
    }

    fn under_way(&self) -> usize {
        self.held.values().filter(|held| matches!(held, Held::UnderWay)).count()
    }

    fn finish(&mut self, ctx: &mut Context<Self>) {
        let left = self.under_way();
        if left > 0 {
            tracing::warn!(left, "the courier stops with mails under way: they will be sent again");
        }
        self.left.send_replace(Some(left));
        ctx.stop();
    }
}

impl Actor for Courier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_stream(changes(self.post.model.outbox_changes()));
        ctx.add_stream(becoming_live(self.post.model.progress()));
        self.look(ctx);
    }
}

impl Handler<Poke> for Courier {
    type Result = ();

    fn handle(&mut self, _: Poke, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}

impl Handler<Rest> for Courier {
    type Result = ResponseFuture<Option<Timestamp>>;

    fn handle(&mut self, _: Rest, ctx: &mut Self::Context) -> Self::Result {
        let (resting, rest) = oneshot::channel();
        self.resting.push(resting);
        self.look(ctx);
        Box::pin(async move { rest.await.ok().flatten() })
    }
}

impl StreamHandler<Poke> for Courier {
    fn handle(&mut self, _: Poke, ctx: &mut Self::Context) {
        self.look(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        // The default stops the actor; the timer goes on without hints.
    }
}

impl Handler<Stop> for Courier {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) -> Self::Result {
        self.stopping = true;
        let mut left = self.left.subscribe();
        if self.under_way() == 0 {
            self.finish(ctx);
        } else {
            ctx.run_later(STOP_GRACE, |courier, ctx| courier.finish(ctx));
        }
        Box::pin(async move {
            left.wait_for(Option::is_some).await.ok().and_then(|left| *left).unwrap_or(0)
        })
    }
}

fn changes(outbox: watch::Receiver<u64>) -> impl Stream<Item = Poke> {
    stream::unfold(outbox, |mut outbox| async move {
        outbox.changed().await.ok()?;
        Some((Poke, outbox))
    })
}

fn becoming_live(progress: watch::Receiver<Progress>) -> impl Stream<Item = Poke> {
    stream::unfold((progress, false), |(mut progress, was)| async move {
        if was {
            progress.wait_for(|progress| !progress.live).await.ok()?;
        }
        progress.wait_for(|progress| progress.live).await.ok()?;
        Some((Poke, (progress, true)))
    })
}

fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.and_then(|next| Duration::try_from(next.duration_since(now)).ok())
        .unwrap_or(LOOK_AT_LEAST_EVERY)
        .clamp(LOOK_AT_MOST_EVERY, LOOK_AT_LEAST_EVERY)
}
