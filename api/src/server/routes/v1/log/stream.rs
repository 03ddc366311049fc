//! `GET /v1/log/stream`: the log as it grows, as an event stream (HTML standard, 9.2).

use countersign_core::accounts::request::Follow;
use countersign_events::id::{AccountId, Position};

use crate::contract::log::{ENTRY, LogStreamQuery};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::event_stream::{self, Item};

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
    let types = types.map_or(Ok(vec![]), |types| event_stream::read_types(&types))?;
    if ask.is_head() {
        return Ok(event_stream::begin().finish());
    }
    let follow = Follow {
        roles: ask.roles(),
        from: after.or(from.map(Position::new)),
        types,
        account: account.map(|account| AccountId::new(account.uuid())),
        ticket,
    };
    let follower = ask.accounts().follow_log(&acting.call, &acting.token, follow).await;
    let follower = ask.verdict(follower)?;
    Ok(event_stream::answer(&ask, follower, |line| {
        let line = answers::log::line(line);
        Item::new(line.position, ENTRY, &line)
    }))
}
