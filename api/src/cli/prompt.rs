//! What a person types and nobody else sees.
//!
//! On a terminal it is asked for, and not shown. Otherwise it is the next line of standard input.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

use anyhow::{Context as _, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Bytes of a line at most.
const LINE_BYTES_MAX: usize = 4096;

/// Asks for something that is not shown.
///
/// # Errors
/// Where standard input ends, or the line is longer than any password.
pub(crate) fn unseen(what: &str) -> anyhow::Result<Zeroizing<String>> {
    let hidden = Hidden::begin(what)?;
    // Sized once: a string that grows leaves copies behind.
    let mut line = Zeroizing::new(String::with_capacity(LINE_BYTES_MAX));
    let mut input = std::io::Read::take(stdin().lock(), u64::try_from(LINE_BYTES_MAX)?);
    let read = input.read_line(&mut line).with_context(|| format!("cannot read the {what}"))?;
    drop(hidden);
    if read == 0 {
        bail!("there is no {what} on standard input");
    }
    let Some(typed) = line.strip_suffix('\n') else {
        bail!("the {what} does not end, or is longer than {LINE_BYTES_MAX} bytes");
    };
    Ok(Zeroizing::new(typed.strip_suffix('\r').unwrap_or(typed).to_owned()))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden(Option<Termios>);

impl Hidden {
    fn begin(what: &str) -> anyhow::Result<Self> {
        if !stdin().is_terminal() {
            return Ok(Self(None));
        }
        let before = tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Now, &silent)?;
        let hidden = Self(Some(before));
        let mut out = stderr().lock();
        write!(out, "{what}: ").and_then(|()| out.flush()).context("stderr")?;
        Ok(hidden)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // Where the terminal is gone, there is nothing to set back.
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}
