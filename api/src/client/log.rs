//! Live numbers, how the log is, and the log as it grows.
//!
//! A [`LogStream`] reads an event stream as it comes and holds no more than one event. It ends when
//! the server ends it or is silent for longer than [`SILENCE_MAX`]; going on is the caller's:
//! [`Client::follow_log`] again, after the last [`LogItem::position`].

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use reqwest::Response;
use serde::de::DeserializeOwned;

use super::{Client, ClientError, Done, Pending, Verbatim};
use crate::contract::log::{
    END, ENTRY, HEARTBEAT, HEARTBEAT_SECONDS, Heartbeat, LAST_EVENT_ID, LogHealth, LogLine,
    LogStreamQuery,
};
use crate::contract::problem::Problem;
use crate::contract::statistics::{Statistics, StatisticsQuery, Window};

/// How long a server may be silent: three heartbeats.
pub const SILENCE_MAX: Duration = Duration::from_secs(3 * HEARTBEAT_SECONDS);
/// How long a stream may last: longer than a session does.
pub(super) const STREAM_TIMEOUT: Duration = Duration::from_hours(24);
/// The largest event of a stream that is read, in bytes.
const EVENT_BYTES_MAX: usize = 64 * 1024;

impl Client {
    /// Reads the numbers of a window: `GET /v1/support/stats`.
    pub fn statistics(&self, window: Window) -> Pending<Statistics> {
        self.get_with(&["support", "stats"], &StatisticsQuery { window: Some(window) })
    }

    /// Reads how the log and its followers are: `GET /v1/support/log-health`.
    pub fn log_health(&self) -> Pending<LogHealth> {
        self.get(&["support", "log-health"])
    }

    /// Reads the last checkpoint as it was signed: `GET /v1/log/checkpoint`.
    pub fn log_checkpoint(&self) -> Pending<Verbatim> {
        self.get(&["log", "checkpoint"])
    }

    /// Reads a tile, or a bundle of entries, by its path in C2SP `tlog-tiles`, like
    /// `tile/0/000.p/17`: `GET /v1/log/tile/…`.
    pub fn log_tile(&self, path: &str) -> Pending<Verbatim> {
        let segments: Vec<&str> = ["log"].into_iter().chain(path.split('/')).collect();
        self.get(&segments)
    }

    /// Opens the log as it grows, `after` a position that was seen: `GET /v1/log/stream`.
    ///
    /// # Errors
    /// What [`Pending::send`] names.
    pub async fn follow_log(
        &self,
        query: &LogStreamQuery,
        after: Option<u64>,
    ) -> Result<LogStream, ClientError> {
        let call: Pending<Done> = self.get_with(&["log", "stream"], query);
        let call = match after {
            Some(position) => call.header(LAST_EVENT_ID, &position.to_string()),
            None => call,
        };
        Ok(LogStream::of(call.timeout(STREAM_TIMEOUT).open().await?, ENTRY))
    }
}

/// What a stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogItem<L = LogLine> {
    /// An entry.
    Line(Box<L>),
    /// A sign that the stream is alive.
    Heartbeat(Heartbeat),
}

/// What stands at a position of the log.
pub trait Placed {
    /// The position.
    fn position(&self) -> u64;
}

impl Placed for LogLine {
    fn position(&self) -> u64 {
        self.position
    }
}

impl<L: Placed> LogItem<L> {
    /// The position to go on after, should the stream end now.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        match self {
            Self::Line(line) => Some(line.position()),
            Self::Heartbeat(heartbeat) => heartbeat.position,
        }
    }
}

/// The log as it grows. Ends with an error that says why, or when the server closes it.
pub struct LogStream<L = LogLine>(BoxStream<'static, Result<LogItem<L>, ClientError>>);

impl<L: DeserializeOwned + Send + 'static> LogStream<L> {
    /// The items of an answer whose entries have this name.
    pub(super) fn of(response: Response, name: &'static str) -> Self {
        let start = Some(Reading { response, events: Events::default(), name });
        Self(
            stream::unfold(start, |reading| async move {
                let mut reading = reading?;
                match reading.next().await {
                    Ok(None) => None,
                    Ok(Some(item)) => Some((Ok(item), Some(reading))),
                    Err(error) => Some((Err(error), None)),
                }
            })
            .boxed(),
        )
    }
}

impl<L> Stream for LogStream<L> {
    type Item = Result<LogItem<L>, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<L> std::fmt::Debug for LogStream<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogStream")
    }
}

struct Reading {
    response: Response,
    events: Events,
    name: &'static str,
}

impl Reading {
    /// The next item; none where the server closed the stream. What a newer server sends beside
    /// what is known here is passed over.
    async fn next<L: DeserializeOwned>(&mut self) -> Result<Option<LogItem<L>>, ClientError> {
        loop {
            while let Some(event) = self.events.next() {
                match event.name.as_str() {
                    name if name == self.name => {
                        return Ok(Some(LogItem::Line(Box::new(read(&event.data)?))));
                    }
                    HEARTBEAT => return Ok(Some(LogItem::Heartbeat(read(&event.data)?))),
                    END => {
                        let problem: Problem = read(&event.data)?;
                        let problem = Box::new(problem);
                        return Err(ClientError::Problem { problem, retry_after: None });
                    }
                    _ => {}
                }
            }
            match self.response.chunk().await.map_err(ClientError::Unreachable)? {
                Some(bytes) => self.events.push(&bytes).map_err(unexpected)?,
                None => return Ok(None),
            }
        }
    }
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, ClientError> {
    serde_json::from_str(data).map_err(|cause| unexpected(cause.to_string()))
}

fn unexpected(reason: String) -> ClientError {
    ClientError::Unexpected { status: 200, reason }
}

/// One event of a stream, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    name: String,
    data: String,
}

/// Cuts bytes into events: lines, of which an empty one ends an event (HTML standard, 9.2.6).
#[derive(Debug, Default)]
struct Events {
    bytes: Vec<u8>,
    begun: Event,
}

impl Events {
    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(bytes);
        let whole = self.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if self.bytes.len() - whole + self.begun.data.len() > EVENT_BYTES_MAX {
            return Err(format!("an event of more than {EVENT_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    fn next(&mut self) -> Option<Event> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.begun);
                if event != Event::default() {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.begun.name),
                "data" => self.begun.data.push_str(value),
                // An id stands in the data too; a comment is none of ours.
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{EVENT_BYTES_MAX, Event, Events};

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let text = "id: 7\nevent: entry\ndata: {\"a\":1}\n\n: a comment\n\nevent: heartbeat\r\n\
                    data: {}\r\n\r\ndata: half";
        for size in 1..text.len() {
            let (mut events, mut read) = (Events::default(), vec![]);
            for bytes in text.as_bytes().chunks(size) {
                events.push(bytes).unwrap();
                while let Some(event) = events.next() {
                    read.push(event);
                }
            }
            assert_eq!(read, [event("entry", "{\"a\":1}"), event("heartbeat", "{}")], "{size}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_cut_off() {
        let mut events = Events::default();
        assert!(events.push(&vec![b'x'; EVENT_BYTES_MAX]).is_ok());
        assert!(events.push(b"x").is_err());
    }
}
