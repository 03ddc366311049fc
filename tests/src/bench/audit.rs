//! How fast an auditor's commands read a log.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::prepare::Preparation;
use super::say;

/// Runs a command of the auditor's; its report, and how many seconds it took.
fn timed(command: &mut Command) -> anyhow::Result<(Value, f64)> {
    let started = Instant::now();
    let output = command.output()?;
    let took = started.elapsed().as_secs_f64();
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?} ended with {}: {}", output.status, said());
    Ok((serde_json::from_slice(&output.stdout)?, took))
}

/// Prints how fast the whole log is checked, bytes and conduct.
///
/// # Errors
/// If it does not verify.
pub fn verify(program: &Path, data: &Path) -> anyhow::Result<()> {
    let (report, took) = timed(Command::new(program).args(["log", "verify", "--json"]).arg(data))?;
    let size = report.get("size").or_else(|| report.get("entries")).and_then(Value::as_f64);
    let size = size.context("a report without a size")?;
    say(&format!("log verify: {size} entries in {took:.1} s, {:.0} entries/s", size / took));
    Ok(())
}

/// Prints how fast one long stream is folded into its state.
///
/// # Errors
/// If there is no state.
pub fn replay(program: &Path, data: &Path, preparation: &Preparation) -> anyhow::Result<()> {
    let stream = format!("account-{}", preparation.busy);
    let (report, took) = timed(
        Command::new(program)
            .args(["log", "replay", "--json", "--stream", &stream, "--data"])
            .arg(data),
    )?;
    let last = report.get("revision").and_then(Value::as_f64).context("no revision")?;
    let size = last + 1.0;
    say(&format!("log replay: {size} entries in {took:.2} s, {:.0} entries/s", size / took));
    Ok(())
}
