//! A small closed-loop HTTP client: one request at a time on each kept-alive connection.
//!
//! It does the least that HTTP/1.1 allows, so that on two cores as little as possible of what is
//! measured is the measuring.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes that an answer may have.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
    request: Vec<u8>,
}

/// A request, and the status that it must get.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Where.
    pub path: String,
    /// The JSON.
    pub body: String,
    /// The key of a client app.
    pub bearer: Option<Arc<str>>,
    /// The status.
    pub expected: u16,
}

/// An answer.
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The lines of the head.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (buffer, request) = (vec![0; ANSWER_BYTES_MAX], Vec::with_capacity(1024));
        Ok(Self { stream, host: address.to_string(), buffer, request })
    }

    /// Posts JSON and reads the answer.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn post(&mut self, shot: &Shot) -> io::Result<Answer<'_>> {
        self.call("POST", &shot.path, shot.bearer.as_deref(), Some(&shot.body)).await
    }

    /// Asks anything, with JSON or without, and reads the answer.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&str>,
    ) -> io::Result<Answer<'_>> {
        let key = bearer.map(|key| format!("Authorization: Bearer {key}\r\n"));
        self.ask(method, path, key.as_deref().unwrap_or_default(), body).await
    }

    /// The same with more lines in the head, each with its end.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        lines: &str,
        body: Option<&str>,
    ) -> io::Result<Answer<'_>> {
        self.request.clear();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        self.request.extend_from_slice(head.as_bytes());
        if let Some(body) = body {
            let length = body.len();
            let lines = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
            self.request.extend_from_slice(lines.as_bytes());
        }
        self.request.extend_from_slice(lines.as_bytes());
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(body.unwrap_or_default().as_bytes());
        self.stream.write_all(&self.request).await?;
        let mut filled = 0;
        loop {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(free).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some((status, body)) = whole(self.buffer.get(..filled).unwrap_or_default()) {
                let head = self.buffer.get(..body.0).unwrap_or_default();
                let head = std::str::from_utf8(head).unwrap_or_default();
                let body = self.buffer.get(body.0..body.1).unwrap_or_default();
                return Ok(Answer { status, head, body });
            }
        }
    }
}

/// The status and the place of the body, once all of it is there.
fn whole(read: &[u8]) -> Option<(u16, (usize, usize))> {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(read.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let body_end = end + length.unwrap_or(0);
    (read.len() >= body_end).then_some((status, (end, body_end)))
}

/// What a run measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Answers.
    pub answers: usize,
    /// How long it took.
    pub took: Duration,
    /// The time of each answer, sorted.
    pub latencies: Vec<Duration>,
}

impl Measured {
    /// Puts the parts of a run together.
    #[must_use]
    pub fn of(started: Instant, parts: &[Vec<Duration>]) -> Self {
        let took = started.elapsed();
        let mut latencies = parts.concat();
        latencies.sort_unstable();
        Self { answers: latencies.len(), took, latencies }
    }

    /// Answers a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency that this share (0 to 1000 per mille) of answers did not exceed.
    #[must_use]
    pub fn quantile(&self, per_mille: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * per_mille / 1000).copied().unwrap_or_default()
    }
}
