//! Facts on standard output, complaints on standard error.

use std::io::{ErrorKind, Write as _, stderr, stdout};

use serde::Serialize;

/// Prints one line of JSON, or the text for people.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn fact(json: bool, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
    let line = if json { serde_json::to_string(value)? } else { text.to_owned() };
    print(&format!("{}\n", line.trim_end()))
}

/// Prints a text. Whoever reads it may stop whenever it is enough: a closed pipe is no error.
///
/// # Errors
/// Where standard output takes no more for another reason.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Tells an error and its causes in one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // Where standard error is gone, nobody can be told.
    let _ = writeln!(stderr().lock(), "countersign: {error:#}");
}
