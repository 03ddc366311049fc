//! Programs that nobody here wrote, beside the server: web servers and apps that connect to it.
//!
//! Each tells on its own output when it is ready. What it says is kept for whoever wants to know
//! why a test failed; it ends with this, and so do its children.

use std::io::{self, BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A program that runs.
#[derive(Debug)]
pub struct Neighbour {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Neighbour {
    /// Starts it and waits until one of its lines has these words.
    ///
    /// # Errors
    /// Where it cannot be started or ends before; tells what it said.
    pub fn start(command: &mut Command, ready: &str) -> anyhow::Result<Self> {
        let (reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| program.clone())?;
        // The command holds what it was given to write to: as long as it does, no end is ever read.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let neighbour = Self { child, said: Arc::default() };
        let mut lines = BufReader::new(reader);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                bail!("{program} did not get ready: {}", neighbour.said());
            }
            kept(&neighbour.said).push_str(&line);
            if line.contains(ready) {
                break;
            }
        }
        let said = Arc::clone(&neighbour.said);
        // Read on, so that it never waits for a reader; the thread ends with the program.
        std::thread::spawn(move || read_on(lines, &said));
        Ok(neighbour)
    }

    /// All that it has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        kept(&self.said).clone()
    }
}

fn kept(said: &Mutex<String>) -> MutexGuard<'_, String> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_on(mut lines: BufReader<impl Read>, said: &Mutex<String>) {
    let mut line = String::new();
    while matches!(lines.read_line(&mut line), Ok(1..)) {
        kept(said).push_str(&line);
        line.clear();
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // Asked first: killed, a web server leaves locks behind.
        let _asked = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ended = self.child.wait();
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _left = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A port of the loopback that was free a moment ago, for programs that have to be told one.
///
/// # Errors
/// Where there is none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
