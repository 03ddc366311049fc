//! What the golden payloads of webhooks must decode to.

use countersign_events::client::{
    ClientEvent, WebhookAdded, WebhookEnded, WebhookEndedWhy, WebhookProgressed,
    WebhookRedelivered, WebhookReplayed, WebhookSecretAdded,
};
use countersign_events::id::{EventId, Position};
use uuid::Uuid;

use crate::account::at;
use crate::{Event, Golden};

pub(crate) fn goldens() -> Vec<Golden> {
    let webhook_id = EventId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00e2));
    let added = |url: &str, types: &[&str], from| {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        let from = Position::new(from);
        Event::Client(ClientEvent::WebhookAdded(WebhookAdded { url: url.to_owned(), types, from }))
    };
    let ended = |why| Event::Client(ClientEvent::WebhookEnded(WebhookEnded { webhook_id, why }));
    let redelivered = |position: Option<u64>| {
        let position = position.map(Position::new);
        let redelivered = WebhookRedelivered { webhook_id, position };
        Event::Client(ClientEvent::WebhookRedelivered(redelivered))
    };
    let others_end_at = at("2026-11-25T05:00:00Z");
    let secret = WebhookSecretAdded { webhook_id, others_end_at };
    let replayed = WebhookReplayed { webhook_id, from: Position::new(4000) };
    let progressed = WebhookProgressed { webhook_id, next: Position::new(4713) };
    let types = ["account.enabled", "account.code_verified"];
    vec![
        ("full", added("https://shop.example.com/countersign", &types, 4711)),
        ("minimal", added("http://127.0.0.1:9000/hook", &[], 0)),
        ("full", Event::Client(ClientEvent::WebhookSecretAdded(secret))),
        ("full", ended(WebhookEndedWhy::Admin)),
        ("gone", ended(WebhookEndedWhy::Gone)),
        ("full", redelivered(Some(4712))),
        ("minimal", redelivered(None)),
        ("full", Event::Client(ClientEvent::WebhookReplayed(replayed))),
        ("full", Event::Client(ClientEvent::WebhookProgressed(progressed))),
    ]
}
