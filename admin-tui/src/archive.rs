//! `--log DIR`: an exported log, served by `countersign log serve` for as long as this console
//! runs.
//!
//! The console opens no log itself: it starts the program that does, reads from it where the log
//! is served and what opens it, and is a client from there on. The other program ends with its
//! standard input, so that it never outlives this one, however this one ends.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, bail};
use countersign_api::client::Client;
use countersign_api::contract::secret::Secret;
use jiff::Timestamp;
use serde_json::Value;

use crate::model::Archive;
use crate::printable::Printable;

/// The program that opens logs.
const PROGRAM: &str = "countersign";

/// An exported log that is served.
#[derive(Debug)]
pub struct Opened {
    /// Asks it.
    pub client: Client,
    /// What opens it.
    pub token: Secret,
    /// What it is.
    pub archive: Archive,
    _serving: Serving,
}

/// The program that serves; it ends with this.
#[derive(Debug)]
struct Serving {
    child: Child,
    input: Option<ChildStdin>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.input = None;
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens an exported log. What the other program says meanwhile, it says to the same terminal.
///
/// # Errors
/// Where the program is not there, or does not open the log: it has said why.
pub fn open(directory: &Path) -> anyhow::Result<Opened> {
    let program = program();
    let mut child = Command::new(&program)
        .args(["log", "serve", "--attended", "--json", "--"])
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", Path::new(&program).display()))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let serving = Serving { child, input };
    let mut line = String::new();
    let output = output.context("no way to hear from it")?;
    BufReader::new(output).read_line(&mut line).context("reading where the log is served")?;
    if line.is_empty() {
        bail!("{} does not open", directory.display());
    }
    let said: Value = serde_json::from_str(&line).context("reading where the log is served")?;
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let ends_at = text("ends_at").and_then(|at| at.parse::<Timestamp>().ok());
    let size = said.get("size").and_then(Value::as_u64);
    let (Some(url), Some(token), Some(ends_at), Some(size)) =
        (text("operator"), text("token"), ends_at, size)
    else {
        bail!("{} is of another version", Path::new(&program).display());
    };
    let directory = Printable::new(&directory.display().to_string());
    let archive = Archive { directory, size, ends_at };
    let (client, token) = (Client::new(url)?, Secret::new(token));
    Ok(Opened { client, token, archive, _serving: serving })
}

/// The one that was installed with this console, or else the one that is found by its name.
fn program() -> OsString {
    let beside = std::env::current_exe().ok().map(|console| console.with_file_name(PROGRAM));
    beside.filter(|program| program.is_file()).map_or_else(|| PROGRAM.into(), Into::into)
}
