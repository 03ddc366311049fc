//! The webhooks of a client app, folded from its stream.
//!
//! ```text
//! added ──▶ told ──▶ ended        an admin ended it, or its receiver is gone
//!             └────▶ ended        the app was disabled
//! ```

use countersign_events::client::ClientEvent;
use countersign_events::id::{EventId, Position};
use jiff::Timestamp;

use super::Told;
use crate::accounts::answer::{WebhookStanding, WebhookView};

/// Webhooks of an app that are remembered; of more the oldest ended ones are forgotten.
const WEBHOOKS_REMEMBERED_MAX: usize = 20;

/// The webhooks of an app, the oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Webhooks(Vec<Webhook>);

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) id: EventId,
    pub(super) url: String,
    pub(super) types: Vec<String>,
    added_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// The newest first: the event that each is derived from, and until when it signs.
    pub(super) secrets: Vec<(EventId, Option<Timestamp>)>,
    /// From where on it is told, as far as the log tells.
    pub(super) resume: Position,
    pub(super) noted_at: Timestamp,
    pub(super) replay: Option<(EventId, Position)>,
}

impl Webhooks {
    pub(super) fn get(&self, id: EventId) -> Option<&Webhook> {
        self.0.iter().find(|webhook| webhook.id == id)
    }

    /// Those that were not ended.
    pub(super) fn live(&self) -> impl Iterator<Item = &Webhook> {
        self.0.iter().filter(|webhook| webhook.is_live())
    }

    /// All that are remembered, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Webhook> {
        self.0.iter().rev()
    }

    pub(super) fn evolve(&mut self, told: &Told<ClientEvent>) {
        match &told.event {
            ClientEvent::WebhookAdded(added) => self.take(Webhook {
                id: told.id,
                url: added.url.clone(),
                types: added.types.clone(),
                added_at: told.at,
                ended_at: None,
                secrets: vec![(told.id, None)],
                resume: added.from,
                noted_at: told.at,
                replay: None,
            }),
            ClientEvent::WebhookSecretAdded(added) => {
                self.change(added.webhook_id, |webhook| {
                    webhook.overlap(added.others_end_at, told.at);
                    webhook.secrets.insert(0, (told.id, None));
                });
            }
            ClientEvent::WebhookEnded(ended) => self.change(ended.webhook_id, |webhook| {
                webhook.ended_at = webhook.ended_at.or(Some(told.at));
            }),
            ClientEvent::WebhookReplayed(replayed) => {
                self.change(replayed.webhook_id, |webhook| {
                    webhook.resume = webhook.resume.min(replayed.from);
                    webhook.replay = Some((told.id, replayed.from));
                });
            }
            ClientEvent::WebhookProgressed(progressed) => {
                self.change(progressed.webhook_id, |webhook| {
                    webhook.resume = progressed.next;
                    webhook.noted_at = told.at;
                });
            }
            _ => {}
        }
    }

    fn change(&mut self, id: EventId, change: impl FnOnce(&mut Webhook)) {
        if let Some(webhook) = self.0.iter_mut().find(|webhook| webhook.id == id) {
            change(webhook);
        }
    }

    fn take(&mut self, webhook: Webhook) {
        let ended = self.0.iter().position(|known| !known.is_live());
        if let Some(oldest) = ended.filter(|_| self.0.len() >= WEBHOOKS_REMEMBERED_MAX) {
            self.0.remove(oldest);
        }
        self.0.push(webhook);
    }
}

impl Webhook {
    pub(super) const fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    /// How many of its secrets sign.
    pub(super) fn signing(&self, now: Timestamp) -> usize {
        self.secrets.iter().filter(|(_, until)| until.is_none_or(|until| now < until)).count()
    }

    /// Another secret takes over: the others sign until then, and what is over is forgotten.
    fn overlap(&mut self, others_end_at: Timestamp, at: Timestamp) {
        for (_, until) in &mut self.secrets {
            *until = Some(until.map_or(others_end_at, |until| until.min(others_end_at)));
        }
        self.secrets.retain(|(_, until)| until.is_none_or(|until| at < until));
    }

    pub(super) fn view(&self, standing: WebhookStanding) -> WebhookView {
        WebhookView {
            webhook: self.id,
            url: self.url.clone(),
            types: self.types.clone(),
            added_at: self.added_at,
            ended_at: self.ended_at,
            standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_events::actor::By;
    use countersign_events::client::{
        WebhookAdded, WebhookEnded, WebhookEndedWhy, WebhookProgressed, WebhookReplayed,
        WebhookSecretAdded,
    };
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn id(number: i64) -> EventId {
        EventId::new(Uuid::from_u128(u128::from(number.unsigned_abs())))
    }

    fn tell(webhooks: &mut Webhooks, second: i64, event: ClientEvent) {
        let (by, idempotency) = (By::System, None);
        webhooks.evolve(&Told { id: id(second), at: at(second), by, idempotency, event });
    }

    fn add(webhooks: &mut Webhooks, second: i64) {
        let from = Position::new(100);
        let added = WebhookAdded { url: "https://shop.example/".to_owned(), types: vec![], from };
        tell(webhooks, second, ClientEvent::WebhookAdded(added));
    }

    #[test]
    fn it_goes_on_where_the_log_last_said_and_a_replay_only_goes_back() {
        let mut webhooks = Webhooks::default();
        add(&mut webhooks, 1);
        let webhook_id = id(1);
        let resume = |webhooks: &Webhooks| webhooks.get(webhook_id).unwrap().resume.get();
        assert_eq!(resume(&webhooks), 100);
        let next = Position::new(140);
        let progressed = ClientEvent::WebhookProgressed(WebhookProgressed { webhook_id, next });
        tell(&mut webhooks, 2, progressed);
        assert_eq!(resume(&webhooks), 140);
        for (second, from, then) in [(3, 200, 140), (4, 50, 50)] {
            let from = Position::new(from);
            let replayed = ClientEvent::WebhookReplayed(WebhookReplayed { webhook_id, from });
            tell(&mut webhooks, second, replayed);
            assert_eq!(resume(&webhooks), then);
            assert_eq!(webhooks.get(webhook_id).unwrap().replay, Some((id(second), from)));
        }
    }

    #[test]
    fn secrets_overlap_and_those_that_are_over_are_forgotten() {
        let mut webhooks = Webhooks::default();
        add(&mut webhooks, 1);
        let webhook_id = id(1);
        let signing =
            |webhooks: &Webhooks, second| webhooks.get(webhook_id).unwrap().signing(at(second));
        for (second, end) in [(10, 20), (15, 40), (30, 30)] {
            let added = WebhookSecretAdded { webhook_id, others_end_at: at(end) };
            tell(&mut webhooks, second, ClientEvent::WebhookSecretAdded(added));
            if second == 15 {
                assert_eq!((signing(&webhooks, 19), signing(&webhooks, 20)), (3, 2));
            }
        }
        assert_eq!(webhooks.get(webhook_id).unwrap().secrets, [(id(30), None)]);
    }

    #[test]
    fn of_very_many_webhooks_the_oldest_ended_ones_are_forgotten() {
        let mut webhooks = Webhooks::default();
        for second in 1..100 {
            add(&mut webhooks, 2 * second);
            let (webhook_id, why) = (id(2 * second), WebhookEndedWhy::Admin);
            let ended = ClientEvent::WebhookEnded(WebhookEnded { webhook_id, why });
            tell(&mut webhooks, 2 * second + 1, ended);
        }
        assert_eq!(webhooks.newest_first().count(), WEBHOOKS_REMEMBERED_MAX);
        assert_eq!(webhooks.live().count(), 0);
    }
}
