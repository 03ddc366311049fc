//! A receiver instead of one behind HTTP: keeps the deliveries that it takes, and can be told not
//! to take any, by URL or account, or to keep everybody waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::webhooks::{Carrier, Delivery, NotTaken};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;

/// What a receiver does with deliveries whose URL or body has a text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverFault {
    /// It does not take it, in this manner.
    Refuses(NotTaken),
    /// It does not answer for as long as this is so.
    Hangs,
}

/// A delivery as its receiver has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Where it came.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub seconds: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The same, read.
    pub body: Value,
}

impl Told {
    /// The event's place in the log.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.body.pointer("/data/position").and_then(Value::as_u64).unwrap_or(u64::MAX)
    }

    /// A text of the event, by its name.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let text = self.body.pointer(&format!("/data/{name}")).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }
}

/// The receivers. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub struct Receivers {
    faults: Arc<watch::Sender<BTreeMap<String, ReceiverFault>>>,
    told: Arc<Mutex<Vec<Told>>>,
    handed_in: Arc<watch::Sender<usize>>,
    taken: Arc<watch::Sender<usize>>,
}

impl Receivers {
    /// From now on this is wrong with deliveries that have a text in their URL or body.
    pub fn fails(&self, text: &str, fault: ReceiverFault) {
        self.faults.send_modify(|faults| {
            faults.insert(text.to_owned(), fault);
        });
    }

    /// From now on nothing is wrong.
    pub fn works(&self) {
        self.faults.send_replace(BTreeMap::new());
    }

    /// Waits until so many deliveries were handed in since the start, taken or not.
    pub async fn handed_in(&self, deliveries: usize) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.handed_in.subscribe().wait_for(|handed_in| *handed_in >= deliveries).await;
    }

    /// Waits until so many deliveries were taken since the start.
    pub async fn taken(&self, deliveries: usize) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.taken.subscribe().wait_for(|taken| *taken >= deliveries).await;
    }

    /// How often a delivery was handed in, taken or not.
    #[must_use]
    pub fn tries(&self) -> usize {
        *self.handed_in.borrow()
    }

    /// Every delivery that was taken, the oldest first.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.lock().clone()
    }

    /// Those that came to a URL.
    #[must_use]
    pub fn told_to(&self, url: &str) -> Vec<Told> {
        let mut told = self.told();
        told.retain(|told| told.url == url);
        told
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fault_of(
    faults: &BTreeMap<String, ReceiverFault>,
    url: &str,
    body: &str,
) -> Option<ReceiverFault> {
    let found = faults.iter().find(|(text, _)| url.contains(*text) || body.contains(*text));
    found.map(|(_, fault)| *fault)
}

impl Carrier for Receivers {
    fn carry(&self, delivery: Delivery) -> BoxFuture<'_, Result<(), NotTaken>> {
        self.handed_in.send_modify(|handed_in| *handed_in = handed_in.saturating_add(1));
        let mut faults = self.faults.subscribe();
        Box::pin(async move {
            let url = delivery.url.to_string();
            let body = String::from_utf8_lossy(&delivery.body).into_owned();
            let is_open = |faults: &BTreeMap<String, ReceiverFault>| {
                fault_of(faults, &url, &body) != Some(ReceiverFault::Hangs)
            };
            // The sender lives as long as `self`, so that the wait cannot fail.
            let _ = faults.wait_for(is_open).await;
            let now = fault_of(&faults.borrow(), &url, &body);
            if let Some(ReceiverFault::Refuses(why)) = now {
                return Err(why);
            }
            self.lock().push(Told {
                id: delivery.event.to_string(),
                seconds: delivery.at.as_second(),
                signature: delivery.signature,
                body: serde_json::from_str(&body).unwrap_or_default(),
                bytes: delivery.body,
                url,
            });
            self.taken.send_modify(|taken| *taken = taken.saturating_add(1));
            Ok(())
        })
    }
}
