//! `GET /v1/log/stream`: the log as it grows, as an event stream (HTML standard, 9.2).

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use countersign_core::accounts::Follower;
use countersign_core::accounts::answer::Followed;
use countersign_core::accounts::request::Follow;
use countersign_events::id::{AccountId, CorrelationId, Position};
use futures::stream;
use serde::Serialize;
use tokio::sync::watch;

use crate::contract::log::{
    END, ENTRY, EVENT_STREAM_MEDIA_TYPE, HEARTBEAT, LogStreamQuery, STREAM_TYPES_MAX,
};
use crate::contract::problem::ProblemCode;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::{ProblemAnswer, faulted, refused};

/// Follow the log
///
/// Each `entry` has its position as `id` and a `LogLine` as data; a `heartbeat` comes at once and
/// at least every 10 seconds; an `end` carries the problem for which the stream ends. It goes on
/// exactly after the `Last-Event-ID` header. Opening it is an event. An auditor follows no single
/// account.
#[utoipa::path(
    get, path = "/v1/log/stream", tag = "log", operation_id = "followLog",
    params(
        LogStreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "the last position that was seen"),
    ),
    responses((
        status = 200, description = "An event stream, masked",
        content_type = "text/event-stream", body = String,
    ))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let LogStreamQuery { from, types, account, ticket } = ask.query()?;
    let after = ask.last_event_id()?;
    let types = match types {
        Some(types) => read_types(&types)?,
        None => vec![],
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(EVENT_STREAM_MEDIA_TYPE);
    // A proxy that gathers an answer before it passes it on would hold back the last events.
    answer.insert_header(("x-accel-buffering", "no"));
    if ask.is_head() {
        return Ok(answer.finish());
    }
    let follow = Follow {
        roles: ask.roles(),
        from: after.or(from.map(Position::new)),
        types,
        account: account.map(|account| AccountId::new(account.uuid())),
        ticket,
    };
    let follower = ask.accounts().follow_log(&acting.call, &acting.token, follow).await;
    let sending = Sending {
        follower: ask.verdict(follower)?,
        closing: ask.desk.closing.clone(),
        correlation: ask.correlation(),
        has_ended: false,
    };
    Ok(answer.streaming(stream::unfold(sending, |mut sending| async move {
        let bytes = sending.next().await?;
        Some((Ok::<_, actix_web::Error>(bytes), sending))
    })))
}

fn read_types(text: &str) -> Result<Vec<String>, ProblemAnswer> {
    let types: Vec<String> = text.split(',').map(str::to_owned).collect();
    if types.len() > STREAM_TYPES_MAX || types.iter().any(String::is_empty) {
        return Err(ProblemAnswer::invalid("`types` are 1 to 16 types with commas between them"));
    }
    Ok(types)
}

/// A follower on its way to whoever reads it: asked for the next item when the last was taken.
struct Sending {
    follower: Follower,
    closing: watch::Receiver<bool>,
    correlation: CorrelationId,
    has_ended: bool,
}

impl Sending {
    async fn next(&mut self) -> Option<Bytes> {
        if self.has_ended {
            return None;
        }
        let followed = tokio::select! {
            biased;
            _ = self.closing.wait_for(|closing| *closing) => None,
            followed = self.follower.next() => Some(followed?),
        };
        let problem = match followed {
            Some(Followed::Line(line)) => {
                let line = answers::log::line(*line);
                return Some(event(Some(line.position), ENTRY, &line));
            }
            Some(Followed::Heartbeat { position, head }) => {
                let heartbeat = answers::log::heartbeat(position, head);
                return Some(event(heartbeat.position, HEARTBEAT, &heartbeat));
            }
            Some(Followed::Refused(refusal)) => refused(refusal, self.follower.now()),
            Some(Followed::Failed(fault)) => faulted(&fault, self.correlation),
            None => ProblemAnswer::detailed(ProblemCode::Unavailable, "the server is stopping"),
        };
        self.has_ended = true;
        Some(event(None, END, problem.problem()))
    }
}

/// One event of the stream. JSON has no line feed in it, so that its data is one line.
fn event(id: Option<u64>, name: &str, data: &impl Serialize) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let data = serde_json::to_string(data).unwrap_or_default();
    Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n"))
}
