//! Event streams (HTML standard, 9.2): a follower on its way to whoever reads it.
//!
//! It is asked for the next item when the last was taken, so that nothing queues up here. A stream
//! ends with an `end` that carries a problem, also when the server stops.

use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use countersign_core::accounts::Follower;
use countersign_core::accounts::answer::Followed;
use countersign_events::id::CorrelationId;
use futures::stream;
use serde::Serialize;
use tokio::sync::watch;

use super::answers;
use super::ask::Ask;
use super::problem::{ProblemAnswer, faulted, refused};
use crate::contract::log::{END, EVENT_STREAM_MEDIA_TYPE, HEARTBEAT, STREAM_TYPES_MAX};
use crate::contract::problem::ProblemCode;

/// The head of the answer.
pub(super) fn begin() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.content_type(EVENT_STREAM_MEDIA_TYPE);
    // A proxy that gathers an answer before it passes it on would hold back the last events.
    answer.insert_header(("x-accel-buffering", "no"));
    answer
}

/// The answer that brings what a follower sees.
pub(super) fn answer<L: 'static>(
    ask: &Ask,
    follower: Follower<L>,
    item: fn(L) -> Item,
) -> HttpResponse {
    let sending = Sending {
        follower,
        item,
        closing: ask.desk.closing.clone(),
        correlation: ask.correlation(),
        has_ended: false,
    };
    begin().streaming(stream::unfold(sending, |mut sending| async move {
        let Item(bytes) = sending.next().await?;
        Some((Ok::<_, actix_web::Error>(bytes), sending))
    }))
}

/// The types that a query asks for.
pub(super) fn read_types(text: &str) -> Result<Vec<String>, ProblemAnswer> {
    let types: Vec<String> = text.split(',').map(str::to_owned).collect();
    if types.len() > STREAM_TYPES_MAX || types.iter().any(String::is_empty) {
        return Err(ProblemAnswer::invalid("`types` are 1 to 16 types with commas between them"));
    }
    Ok(types)
}

/// One item of a stream.
pub(super) struct Item(Bytes);

impl Item {
    /// An item at a position.
    pub(super) fn new(position: u64, name: &str, data: &impl Serialize) -> Self {
        Self::written(Some(position), name, data)
    }

    /// JSON has no line feed in it, so that its data is one line.
    fn written(id: Option<u64>, name: &str, data: &impl Serialize) -> Self {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let data = serde_json::to_string(data).unwrap_or_default();
        Self(Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n")))
    }
}

struct Sending<L> {
    follower: Follower<L>,
    item: fn(L) -> Item,
    closing: watch::Receiver<bool>,
    correlation: CorrelationId,
    has_ended: bool,
}

impl<L> Sending<L> {
    async fn next(&mut self) -> Option<Item> {
        if self.has_ended {
            return None;
        }
        let followed = tokio::select! {
            biased;
            _ = self.closing.wait_for(|closing| *closing) => None,
            followed = self.follower.next() => Some(followed?),
        };
        let problem = match followed {
            Some(Followed::Line(line)) => return Some((self.item)(*line)),
            Some(Followed::Heartbeat { position, head }) => {
                let heartbeat = answers::log::heartbeat(position, head);
                return Some(Item::written(heartbeat.position, HEARTBEAT, &heartbeat));
            }
            Some(Followed::Refused(refusal)) => refused(refusal, self.follower.now()),
            Some(Followed::Failed(fault)) => faulted(&fault, self.correlation),
            None => ProblemAnswer::detailed(ProblemCode::Unavailable, "the server is stopping"),
        };
        self.has_ended = true;
        Some(Item::written(None, END, problem.problem()))
    }
}
