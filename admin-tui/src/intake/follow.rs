//! The log followed: a stream of the contract becomes messages, many lines at a time.
//!
//! A message carries all lines that are there already, so that a busy log is drawn a few times a
//! second and not once a line. The channel is bounded: where the console is slower than the log,
//! the stream waits, and the server with it.

use std::task::Poll;

use countersign_api::client::{Client, ClientError, LogItem, LogStream};
use countersign_api::contract::log::LogStreamQuery;
use futures::StreamExt as _;
use tokio::sync::mpsc;

use super::taken_in;
use crate::effect::CallNumber;
use crate::message::{Failure, Followed, Message};

/// Lines in one message at most.
const LINES_MAX: usize = 256;

/// Follows the log until the stream ends, and says so.
pub(crate) async fn follow(
    client: Client,
    number: CallNumber,
    from: Option<u64>,
    messages: mpsc::Sender<Message>,
) {
    let tell = |what| messages.send(Message::Followed { number, what });
    let after = from.and_then(|from| from.checked_sub(1));
    // Nothing comes before the first entry that one could go on after.
    let query = LogStreamQuery { from: from.filter(|from| *from == 0), ..Default::default() };
    let lost = match client.follow_log(&query, after).await {
        Ok(mut stream) => {
            if tell(Followed::Open).await.is_err() {
                return;
            }
            loop {
                let (items, end) = batch(&mut stream).await;
                for what in items {
                    if tell(what).await.is_err() {
                        return;
                    }
                }
                if let Some(end) = end {
                    break end;
                }
            }
        }
        Err(error) => taken_in::failure(&error),
    };
    // Without anybody who listens there is nothing left to say.
    let _ = tell(Followed::Lost(lost)).await;
}

/// Waits for an item and takes all that are there; with why the stream ended, if it did.
async fn batch(stream: &mut LogStream) -> (Vec<Followed>, Option<Failure>) {
    let mut lines = Vec::new();
    let mut up_to = None;
    let mut next = stream.next().await;
    let end = loop {
        match next {
            Some(Ok(LogItem::Line(line))) => lines.push(taken_in::live_line(&line)),
            Some(Ok(LogItem::Heartbeat(heartbeat))) => up_to = heartbeat.position,
            other => break Some(why(other)),
        }
        if lines.len() == LINES_MAX {
            break None;
        }
        match futures::poll!(stream.next()) {
            Poll::Ready(there) => next = there,
            Poll::Pending => break None,
        }
    };
    let lines = (!lines.is_empty()).then_some(Followed::Lines(lines));
    (lines.into_iter().chain(up_to.map(Followed::UpTo)).collect(), end)
}

fn why(end: Option<Result<LogItem, ClientError>>) -> Failure {
    match end {
        Some(Err(error)) => taken_in::failure(&error),
        _ => Failure::Offline { why: "the server closed the stream".into() },
    }
}
