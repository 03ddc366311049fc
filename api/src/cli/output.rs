//! Facts on standard output, complaints on standard error.

use std::io::{Write as _, stderr, stdout};

use serde::Serialize;

/// Prints one line of JSON, or the text for people.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn fact(json: bool, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
    let line = if json { serde_json::to_string(value)? } else { text.to_owned() };
    let mut out = stdout().lock();
    writeln!(out, "{}", line.trim_end())?;
    out.flush()?;
    Ok(())
}

/// Tells an error and its causes in one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // Where standard error is gone, nobody can be told.
    let _ = writeln!(stderr().lock(), "countersign: {error:#}");
}
