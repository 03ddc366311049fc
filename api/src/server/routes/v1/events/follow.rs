//! `GET /v1/events`: the events of an app's accounts as they come, as an event stream.

use countersign_core::accounts::request::FollowApp;
use countersign_events::id::Position;

use crate::contract::app_event::{EVENT, EventsQuery};
use crate::server::answers::{self, Answer};
use crate::server::ask::{Ask, account_ref};
use crate::server::event_stream::{self, Item};

/// Follow the events of your accounts
///
/// Each `event` has its position as `id` and an `AppEvent` as data; a `heartbeat` comes at once and
/// at least every 10 seconds; an `end` carries the problem for which the stream ends. It goes on
/// exactly after the `Last-Event-ID` header. A key with `events:read` follows the accounts that its
/// app made, at most four times at once: a fifth ends the oldest.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "followEvents",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "the last position that was seen"),
    ),
    responses((
        status = 200, description = "An event stream",
        content_type = "text/event-stream", body = String,
    ))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (_, call) = ask.client().await?;
    let EventsQuery { from, types, account } = ask.query()?;
    let after = ask.last_event_id()?;
    let follow = FollowApp {
        from: after.or(from.map(Position::new)),
        types: types.map_or(Ok(vec![]), |types| event_stream::read_types(&types))?,
        account: account.as_deref().map(account_ref).transpose()?,
    };
    if ask.is_head() {
        return Ok(event_stream::begin().finish());
    }
    let follower = ask.accounts().follow_app(&call, &ask.api_key()?, follow).await;
    let follower = ask.verdict(follower)?;
    Ok(event_stream::answer(&ask, follower, |outgoing| {
        let event = answers::events::app_event(outgoing);
        Item::new(event.position, EVENT, &event)
    }))
}
