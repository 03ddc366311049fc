//! The real binary as a child: started on free ports, killed without a word, told to stop.
//!
//! With it goes the smallest blocking HTTP client, one connection per call, so that a server that
//! dies in the middle of an answer shows as an error of that one call and nothing else.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::console::program;

/// How long one call may take.
const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// A running server, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The process of the server itself, also where another program runs it.
    process: u32,
    /// Its public listener.
    pub public: SocketAddr,
    /// Its operators' listener.
    pub operator: SocketAddr,
    /// Its ops listener.
    pub ops: SocketAddr,
    /// From its start to its ready line.
    pub ready_after: Duration,
    /// What it has printed so far.
    pub printed: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers, as they came.
    pub head: String,
    /// The body, as it came.
    pub text: String,
    /// The body, where it is JSON.
    pub body: Value,
}

impl Answered {
    /// A text of the body, by its JSON pointer; empty where there is none.
    #[must_use]
    pub fn text_at(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Server {
    /// Starts `countersign serve` on a data directory.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start(data: &Path) -> anyhow::Result<Self> {
        Self::start_under(&[], data, Stdio::null())
    }

    /// The same under another program, like `strace …`, and with its standard error somewhere.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_under(above: &[&str], data: &Path, stderr: Stdio) -> anyhow::Result<Self> {
        Self::launch(above, &[], data, stderr)
    }

    /// The same with more flags.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_with(flags: &[&str], data: &Path) -> anyhow::Result<Self> {
        Self::launch(&[], flags, data, Stdio::null())
    }

    /// The same with its standard error somewhere.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_telling(flags: &[&str], data: &Path, stderr: Stdio) -> anyhow::Result<Self> {
        Self::launch(&[], flags, data, stderr)
    }

    fn launch(above: &[&str], flags: &[&str], data: &Path, stderr: Stdio) -> anyhow::Result<Self> {
        let mut line = above.iter().map(Into::into).collect::<Vec<std::ffi::OsString>>();
        line.push(program("countersign")?.into());
        let mut words = line.into_iter();
        let mut command = Command::new(words.next().context("no program")?);
        command.args(words).arg("serve").args(flags).arg("--json").arg("--data").arg(data);
        for listener in ["--public-addr", "--operator-addr", "--ops-addr"] {
            command.arg(listener).arg("127.0.0.1:0");
        }
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut printed = String::new();
        stdout.read_line(&mut printed)?;
        let ready_after = started.elapsed();
        let ready: Value = serde_json::from_str(&printed)
            .with_context(|| format!("no ready line but {printed:?}"))?;
        let address = |name: &str| -> anyhow::Result<SocketAddr> {
            let url = ready.get(name).and_then(Value::as_str).context("no address")?;
            Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
        };
        let (public, operator, ops) = (address("public")?, address("operator")?, address("ops")?);
        let process = if above.is_empty() { child.id() } else { only_child(child.id())? };
        Ok(Self { child, stdout, process, public, operator, ops, ready_after, printed })
    }

    /// The process of the server itself.
    #[must_use]
    pub const fn process(&self) -> u32 {
        self.process
    }

    /// Kills it without a word, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.signal("KILL")?;
        self.child.wait()?;
        Ok(())
    }

    /// Tells it to stop (SIGTERM); gives how it ended, and all that it has printed.
    ///
    /// # Errors
    /// If it cannot be told.
    pub fn terminate(mut self) -> anyhow::Result<(ExitStatus, String)> {
        self.signal("TERM")?;
        let mut printed = std::mem::take(&mut self.printed);
        self.stdout.read_to_string(&mut printed)?;
        Ok((self.child.wait()?, printed))
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let script = format!("kill -{name} {}", self.process);
        let status = Command::new("sh").args(["-c", &script]).status()?;
        ensure!(status.success(), "{script}: {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = self.signal("KILL");
            let _reaped = self.child.wait();
        }
    }
}

/// The one process below another.
fn only_child(parent: u32) -> anyhow::Result<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(path)?;
    Ok(children.split_whitespace().next().context("no child")?.parse()?)
}

/// A file for a child's standard error.
///
/// # Errors
/// If it cannot be made.
pub fn into_file(path: &Path) -> anyhow::Result<Stdio> {
    Ok(File::options().create(true).append(true).open(path)?.into())
}

/// Makes a call and reads the answer.
///
/// # Errors
/// What the socket says, and an answer that ends too early.
pub fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    bearer: Option<&str>,
    body: Option<&Value>,
) -> io::Result<Answered> {
    let bearer = bearer.map(|bearer| format!("Bearer {bearer}"));
    let headers: Vec<_> = bearer.iter().map(|value| ("Authorization", value.as_str())).collect();
    let body = body.map(Value::to_string);
    let body = body.as_ref().map(|body| ("application/json", body.as_str()));
    send(address, (method, path), &headers, body)
}

/// The same with any headers, and a body of any type.
///
/// # Errors
/// As of [`call`].
pub fn send(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<(&str, &str)>,
) -> io::Result<Answered> {
    use std::fmt::Write as _;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         User-Agent: canary-browser/7.25\r\n"
    );
    // Writing to a text cannot fail.
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    if let Some((media_type, body)) = body {
        let length = body.len();
        let _ = write!(request, "Content-Type: {media_type}\r\nContent-Length: {length}\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body.map(|(_, body)| body).unwrap_or_default());
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(CALL_DEADLINE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, text) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if length.is_some_and(|length| length != text.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let body = serde_json::from_str(text).unwrap_or(Value::Null);
    Ok(Answered { status, head: head.to_owned(), text: text.to_owned(), body })
}

/// Runs a verb of `countersign` to its end: exit code, standard output, standard error.
///
/// # Errors
/// If it cannot be run.
pub fn verb(arguments: &[&str]) -> anyhow::Result<(Option<i32>, String, String)> {
    let output = Command::new(program("countersign")?).args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
}

/// Adds a client app of all scopes to a data directory, served or not: its API key.
///
/// # Errors
/// If it cannot be added.
pub fn add_client(data: &Path) -> anyhow::Result<String> {
    let data = data.to_str().context("path")?;
    let (code, out, err) =
        verb(&["client", "add", "an app", "--all-scopes", "--json", "--data", data])?;
    ensure!(code == Some(0), "{err}");
    let added: Value = serde_json::from_str(&out)?;
    Ok(added.get("api_key").and_then(Value::as_str).context("no key")?.to_owned())
}
