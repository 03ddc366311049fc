//! What admins do with the webhooks of client apps: added with a secret that is told once, given
//! another secret, told again what they were told or missed, and ended. Each is an event on the
//! app's stream, and told to all admins.
//!
//! A secret is derived from the root key and the event that gave it: it is stored nowhere, and
//! every node signs with the same.

use countersign_events::client::{
    ClientEvent, Scope, WebhookAdded, WebhookEnded, WebhookEndedWhy, WebhookRedelivered,
    WebhookReplayed, WebhookSecretAdded,
};
use countersign_events::id::{ClientId, EventId, Position, StreamId};
use jiff::{SignedDuration, Timestamp};
use tokio::task::spawn_blocking;

use super::super::answer::{
    DeadLetterView, Page, WebhookSecretGiven, WebhookStanding, WebhookView,
};
use super::super::app_events::{check_from, check_types};
use super::super::request::{Call, PageRequest};
use super::super::{Accounts, Fault, Verdict};
use super::client::Client;
use super::client_keys::checked_overlap;
use super::webhook::Webhook;
use super::{Told, given_up};
use crate::actors::account::CONFLICTS_MAX;
use crate::domain::refusal::Refusal;
use crate::webhooks::HookUrl;
use crate::webhooks::ledger::HookLedger as _;
use crate::webhooks::queue::{Chosen, Deliveries};
use crate::webhooks::sign::HookSecret;

/// Webhooks of one app that are not ended.
pub const WEBHOOKS_PER_APP_MAX: usize = 5;
/// Webhooks of all apps that are not ended.
pub const WEBHOOKS_MAX: usize = 100;
/// Types that a webhook asks for.
pub const WEBHOOK_TYPES_MAX: usize = 16;
/// Secrets of one webhook that sign at the same time.
pub const WEBHOOK_SECRETS_MAX: usize = 5;
/// What a secret is derived for.
const SECRET_KIND: &str = "webhook secret";

impl Accounts {
    /// Adds a webhook to a client app; its secret is told once, and again only for the same
    /// idempotency key. It is told what happens from now on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`],
    /// [`Refusal::Conflict`] for an app that is disabled, may not follow events or has
    /// [`WEBHOOKS_PER_APP_MAX`]; a [`Fault`].
    pub async fn add_webhook(
        &self,
        call: &Call,
        client: ClientId,
        url: &str,
        types: Vec<String>,
    ) -> Verdict<WebhookSecretGiven> {
        let url = match HookUrl::parse(url) {
            Ok(url) => url.to_string(),
            Err(error) => {
                return Ok(Err(Refusal::Invalid { field: "url", reason: error.to_string() }));
            }
        };
        if let Err(refusal) = check_types(&types).and(check_few(&types)) {
            return Ok(Err(refusal));
        }
        let is_full = self.live().await?.len() >= WEBHOOKS_MAX;
        let from = self.next_position().await?;
        let done = self.on_webhooks(call, client, |app, _| {
            takes_a_webhook(app, is_full)?;
            let (url, types) = (url.clone(), types.clone());
            Ok(ClientEvent::WebhookAdded(WebhookAdded { url, types, from }))
        });
        Ok(done.await?.map(|done| self.given(client, done.id, done.id, None)))
    }

    /// Gives a webhook another secret, which is told once, and again only for the same idempotency
    /// key. Those that it has sign beside it for the overlap.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`],
    /// [`Refusal::Conflict`] for one that is ended or has [`WEBHOOK_SECRETS_MAX`]; a [`Fault`].
    pub async fn add_webhook_secret(
        &self,
        call: &Call,
        client: ClientId,
        webhook: EventId,
        overlap: Option<SignedDuration>,
    ) -> Verdict<WebhookSecretGiven> {
        let overlap = match checked_overlap(overlap) {
            Ok(overlap) => overlap,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let done = self.on_webhooks(call, client, |app, now| {
            if live(app, webhook)?.signing(now) >= WEBHOOK_SECRETS_MAX && !overlap.is_zero() {
                return Err(Refusal::Conflict("five secrets of this webhook sign by now"));
            }
            let others_end_at = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
            let webhook_id = webhook;
            Ok(ClientEvent::WebhookSecretAdded(WebhookSecretAdded { webhook_id, others_end_at }))
        });
        Ok(done.await?.map(|done| match done.event {
            ClientEvent::WebhookSecretAdded(added) => {
                self.given(client, webhook, done.id, Some(added.others_end_at))
            }
            _ => self.given(client, webhook, done.id, None),
        }))
    }

    /// Ends a webhook: it is told nothing more.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn end_webhook(
        &self,
        call: &Call,
        client: ClientId,
        webhook: EventId,
    ) -> Verdict<()> {
        self.end_webhook_for(call, client, webhook, WebhookEndedWhy::Admin).await
    }

    pub(super) async fn end_webhook_for(
        &self,
        call: &Call,
        client: ClientId,
        webhook: EventId,
        why: WebhookEndedWhy,
    ) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let known = self.known_client(client).await?;
            if !known.client.is_added() {
                return Ok(Err(Refusal::NotFound("client")));
            }
            match known.client.webhooks.get(webhook) {
                None => return Ok(Err(Refusal::NotFound("webhook"))),
                Some(one) if !one.is_live() || known.client.disabled => return Ok(Ok(())),
                Some(_) => {}
            }
            let event = ClientEvent::WebhookEnded(WebhookEnded { webhook_id: webhook, why });
            let id = self.log().event_id()?;
            if self.record_client(call, client, known.head, id, &event).await? {
                return Ok(Ok(()));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// Has the deliveries of a webhook that were given up made again: one, or all of them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also for a position that is none of theirs,
    /// [`Refusal::IdempotencyKeyReused`], [`Refusal::Conflict`] for a webhook that is ended; a
    /// [`Fault`].
    pub async fn redeliver(
        &self,
        call: &Call,
        client: ClientId,
        webhook: EventId,
        position: Option<Position>,
    ) -> Verdict<()> {
        let queue = self.deliveries()?.clone();
        let is_there = match position {
            None => true,
            Some(one) => queue
                .dead_letters(webhook, one, 1)
                .map_err(Fault::from)?
                .first()
                .is_some_and(|dead| dead.position == one),
        };
        let done = self.on_webhooks(call, client, |app, _| {
            live(app, webhook)?;
            if !is_there {
                return Err(Refusal::NotFound("dead letter"));
            }
            let webhook_id = webhook;
            Ok(ClientEvent::WebhookRedelivered(WebhookRedelivered { webhook_id, position }))
        });
        // If we crash after this, it was said and not done: they are dead letters still, and
        // whoever asked has no answer and asks again. What was given up since then is not meant.
        let given_up_by = match done.await? {
            Ok(done) => done.earlier,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let chosen = Chosen { position, given_up_by };
        let now = self.log().now();
        let redelivered = spawn_blocking(move || queue.redeliver(webhook, chosen, now)).await;
        redelivered.map_err(|error| Fault::Internal(error.to_string()))??;
        Ok(Ok(()))
    }

    /// Has a webhook told everything again from a position of the log on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`],
    /// [`Refusal::Conflict`] for a webhook that is ended; a [`Fault`].
    pub async fn replay_webhook(
        &self,
        call: &Call,
        client: ClientId,
        webhook: EventId,
        from: Position,
    ) -> Verdict<()> {
        let next = self.next_position().await?;
        let done = self.on_webhooks(call, client, |app, _| {
            live(app, webhook)?;
            check_from(from, next)?;
            Ok(ClientEvent::WebhookReplayed(WebhookReplayed { webhook_id: webhook, from }))
        });
        Ok(done.await?.map(drop))
    }

    /// The webhooks of a client app, the newest first, and how it goes; of those that are ended
    /// only the latest.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn webhooks(&self, _call: &Call, client: ClientId) -> Verdict<Vec<WebhookView>> {
        let known = self.known_client(client).await?;
        if !known.client.is_added() {
            return Ok(Err(Refusal::NotFound("client")));
        }
        let mut views = vec![];
        for webhook in known.client.webhooks.newest_first() {
            // Before an exported log there are no deliveries.
            let standing = match &self.deliveries {
                Some(queue) => queue.standing(webhook.id).map_err(Fault::from)?,
                None => WebhookStanding::default(),
            };
            views.push(webhook.view(standing));
        }
        Ok(Ok(views))
    }

    /// The deliveries of a webhook that were given up, in the order of the log. The cursor is the
    /// position from which on the next page goes.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn dead_letters(
        &self,
        _call: &Call,
        client: ClientId,
        webhook: EventId,
        page: PageRequest,
    ) -> Verdict<Page<DeadLetterView>> {
        let known = self.known_client(client).await?;
        if known.client.webhooks.get(webhook).is_none() {
            return Ok(Err(Refusal::NotFound("webhook")));
        }
        let Some(queue) = &self.deliveries else {
            return Ok(Ok(Page { items: vec![], next: None }));
        };
        let from = Position::new(page.cursor.unwrap_or(0));
        let limit = page.limit.saturating_add(1);
        let mut items = queue.dead_letters(webhook, from, limit)?;
        let more = items.len() > page.limit;
        let next = more.then(|| items.pop()).flatten().map(|dead| dead.position.get());
        Ok(Ok(Page { items, next }))
    }

    /// The deliveries' file.
    pub(super) fn deliveries(&self) -> Result<&Deliveries, Fault> {
        let none = || Fault::Unavailable("there are no webhooks here".to_owned());
        self.deliveries.as_ref().ok_or_else(none)
    }

    /// The secret that an event gave, until when it signs.
    pub(super) fn webhook_secret(&self, event: EventId, until: Option<Timestamp>) -> HookSecret {
        // No idempotency key is empty, so that nothing that is given out once is ever the same.
        HookSecret::new(self.secrets().derive(SECRET_KIND, event, ""), until)
    }

    fn given(
        &self,
        client: ClientId,
        webhook: EventId,
        event: EventId,
        others_end_at: Option<Timestamp>,
    ) -> WebhookSecretGiven {
        let secret = self.webhook_secret(event, None).reveal();
        WebhookSecretGiven { client, webhook, secret, others_end_at }
    }

    /// Decides on the app as it is, and records it; a repeated request finds its own event.
    async fn on_webhooks(
        &self,
        call: &Call,
        client: ClientId,
        decide: impl Fn(&Client, Timestamp) -> Result<ClientEvent, Refusal>,
    ) -> Verdict<Done> {
        for _ in 0..CONFLICTS_MAX {
            let history = self.client_history(client).await?;
            match history.repeated(self.asked(call), self.log().now()) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(Some(Told { id, at, event, .. })) => {
                    return Ok(Ok(Done { id: *id, earlier: Some(*at), event: event.clone() }));
                }
                Ok(None) => {}
            }
            let event = match decide(&Client::of(&history), self.log().now()) {
                Ok(event) => event,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let id = self.log().event_id()?;
            if self.record_client(call, client, history.head, id, &event).await? {
                return Ok(Ok(Done { id, earlier: None, event }));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }
}

/// What was done about a webhook, now or when it was asked before.
struct Done {
    id: EventId,
    /// When it was asked before, if it was.
    earlier: Option<Timestamp>,
    event: ClientEvent,
}

/// Whether an app may have another webhook.
fn takes_a_webhook(app: &Client, is_full: bool) -> Result<(), Refusal> {
    if !app.is_added() {
        return Err(Refusal::NotFound("client"));
    }
    if app.disabled {
        return Err(Refusal::Conflict("this client app is disabled"));
    }
    if !app.has_scope(Scope::EventsRead) {
        return Err(Refusal::Conflict("this client app lacks the scope events:read"));
    }
    if app.webhooks.live().count() >= WEBHOOKS_PER_APP_MAX {
        return Err(Refusal::Conflict("this client app has five webhooks: end one first"));
    }
    if is_full {
        return Err(Refusal::Conflict("there are 100 webhooks: end one first"));
    }
    Ok(())
}

/// A webhook of the app that is told what happens.
fn live(app: &Client, webhook: EventId) -> Result<&Webhook, Refusal> {
    if !app.is_added() {
        return Err(Refusal::NotFound("client"));
    }
    let found = app.webhooks.get(webhook).ok_or(Refusal::NotFound("webhook"))?;
    if found.is_live() && !app.disabled {
        return Ok(found);
    }
    Err(Refusal::Conflict("this webhook is ended"))
}

fn check_few(types: &[String]) -> Result<(), Refusal> {
    if types.len() <= WEBHOOK_TYPES_MAX {
        return Ok(());
    }
    let reason = format!("at most {WEBHOOK_TYPES_MAX} types");
    Err(Refusal::Invalid { field: "types", reason })
}
