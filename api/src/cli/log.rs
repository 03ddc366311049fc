//! `countersign log`: the auditor's verbs on a log or an export of it.
//!
//! Thin: arguments in, a report out. None of these verbs needs a key, the network or a server,
//! and none takes the data directory's lock: they only read, while the server runs or not.
//!
//! Exit codes: 0 fine, 1 tampered, 2 incomplete, 64 usage.

mod serve;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use countersign_core::audit::export::{self, ExportError};
use countersign_core::audit::finding::{Report, Verdict};
use countersign_core::audit::manifest::Manifest;
use countersign_core::audit::replay::{self, ReplayError, Replayed, Until};
use countersign_core::audit::source::{Source, SourceError};
use countersign_core::audit::verify::{self, KnownRoot};
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_events::id::{Hash32, Revision, StreamId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::output::{shown, shown_in_line};

/// The arguments do not say what can be done.
pub const EXIT_USAGE: u8 = 64;
/// Not all could be read.
pub const EXIT_INCOMPLETE: u8 = 2;

const DEFAULT_DATA: &str = "countersign-data";

/// What an auditor does with the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Write the whole log into a new directory: entries.jsonl, sealed.jsonl, manifest.json
    Export(ExportArgs),
    /// Check a log or an export of it: entries, chains, root, and that no rule was broken
    Verify(VerifyArgs),
    /// Fold one stream into the state that the server had
    Replay(ReplayArgs),
    /// Serve an export read only, for `countersign-admin --log`
    Serve(serve::ServeArgs),
}

/// See [`LogCommand::Export`].
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The directory to make
    dir: PathBuf,
    /// The data directory to read
    #[arg(long, default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Leave the sealed parts out
    #[arg(long)]
    without_sealed: bool,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// See [`LogCommand::Verify`].
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An export, or a data directory
    #[arg(default_value = DEFAULT_DATA)]
    dir: PathBuf,
    /// A root that you know from elsewhere: the log must have had it at --size
    #[arg(long, requires = "size", value_parser = Hash32::parse)]
    root: Option<Hash32>,
    /// How many entries --root covers
    #[arg(long, requires = "root")]
    size: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// See [`LogCommand::Replay`].
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The stream: account-… or unknown-…
    #[arg(long, value_parser = StreamId::parse)]
    stream: StreamId,
    /// Stop after this revision
    #[arg(long, conflicts_with = "at")]
    revision: Option<u64>,
    /// Stop after all that happened up to this time (RFC 3339)
    #[arg(long)]
    at: Option<Timestamp>,
    /// An export, or a data directory
    #[arg(long, default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Print stream, revision, state and hash as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs a verb and gives the exit code.
///
/// # Errors
/// What could not be written to the terminal or a pipe; all else becomes an exit code and a line
/// on stderr.
pub fn run(command: &LogCommand) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    match command {
        LogCommand::Export(args) => run_export(args, &mut out),
        LogCommand::Verify(args) => run_verify(args, &mut out),
        LogCommand::Replay(args) => run_replay(args, &mut out),
        LogCommand::Serve(args) => {
            drop(out);
            serve::run(args)
        }
    }
}

fn run_export(args: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let source = match open(&args.data)? {
        Ok(source) => source,
        Err(code) => return Ok(code),
    };
    let options = export::Options {
        with_sealed: !args.without_sealed,
        made_at: SystemClock.now(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let bar = bar("exporting");
    let exported = export::export(source, &args.dir, &options, &mut |done, all| {
        advance(&bar, done, all);
    });
    bar.finish_and_clear();
    match exported {
        Ok(manifest) if args.json => print_json(out, &manifest).map(|()| 0),
        Ok(manifest) => print_manifest(out, &args.dir, &manifest).map(|()| 0),
        Err(error @ ExportError::Exists(_)) => complain(&error, EXIT_USAGE),
        Err(error @ (ExportError::Source(_) | ExportError::Io { .. })) => {
            complain(&error, EXIT_INCOMPLETE)
        }
        Err(error) => complain(&error, Verdict::Tampered.exit_code()),
    }
}

fn run_verify(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let source = match open(&args.dir)? {
        Ok(source) => source,
        Err(code) => return Ok(code),
    };
    let known = args.size.zip(args.root).map(|(size, root)| KnownRoot { size, root });
    let bar = bar("verifying");
    let report = verify::verify(source, known, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    if args.json {
        print_json(out, &report)?;
    } else {
        print_report(out, &report)?;
    }
    Ok(report.verdict.exit_code())
}

fn run_replay(args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let source = match open(&args.data)? {
        Ok(source) => source,
        Err(code) => return Ok(code),
    };
    let until = match (args.revision, args.at) {
        (Some(revision), _) => Until::Revision(Revision::new(revision)),
        (None, Some(at)) => Until::At(at),
        (None, None) => Until::End,
    };
    match replay::replay(source, args.stream, until) {
        Ok(replayed) if args.json => print_json(out, &replayed).map(|()| 0),
        Ok(replayed) => print_replayed(out, &replayed).map(|()| 0),
        Err(
            error @ (ReplayError::NoState(_)
            | ReplayError::NoSuchStream(_)
            | ReplayError::EndsEarlier { .. }),
        ) => complain(&error, EXIT_USAGE),
        Err(error @ (ReplayError::Entry { .. } | ReplayError::Gap { .. })) => {
            complain(&error, Verdict::Tampered.exit_code())
        }
        Err(error) => complain(&error, EXIT_INCOMPLETE),
    }
}

/// Opens what is to be read, or gives the exit code of why not.
fn open(directory: &Path) -> anyhow::Result<Result<Source, u8>> {
    match Source::open(directory) {
        Ok(source) => Ok(Ok(source)),
        Err(error @ SourceError::NotALog { .. }) => complain(&error, EXIT_USAGE).map(Err),
        Err(error) => complain(&error, EXIT_INCOMPLETE).map(Err),
    }
}

/// Tells an error and its causes in one line on stderr.
fn complain(error: &dyn std::error::Error, code: u8) -> anyhow::Result<u8> {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    writeln!(io::stderr().lock(), "{}", shown_in_line(&text)).context("stderr")?;
    Ok(code)
}

/// Shown only where stderr is a terminal.
fn bar(doing: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new_spinner();
    let template = "{msg} {wide_bar} {human_pos}/{human_len} entries, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(doing);
    bar
}

fn advance(bar: &ProgressBar, done: u64, all: Option<u64>) {
    if let Some(all) = all {
        bar.set_length(all);
    }
    bar.set_position(done);
}

fn print_json<T: Serialize>(out: &mut dyn Write, value: &T) -> anyhow::Result<()> {
    writeln!(out, "{}", shown_in_line(&serde_json::to_string(value)?)).context("stdout")
}

fn print_manifest(out: &mut dyn Write, dir: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    writeln!(out, "exported {} entries to {}", manifest.size, dir.display())?;
    writeln!(out, "root     {}", manifest.root)?;
    writeln!(out, "Keep size and root somewhere else: they prove later that nothing was cut off.")?;
    Ok(())
}

fn print_report(out: &mut dyn Write, report: &Report) -> anyhow::Result<()> {
    writeln!(out, "entries  {} in {} streams", report.size, report.streams)?;
    writeln!(out, "root     {}", report.root)?;
    if let (Some(log), Some(origin)) = (report.log, &report.origin) {
        writeln!(out, "log      {log} {}", shown_in_line(origin))?;
    }
    if let (Some(first), Some(last)) = (report.first_at, report.last_at) {
        writeln!(out, "from     {first} to {last}")?;
    }
    let (present, absent) = (report.sealed_present, report.sealed_absent);
    writeln!(out, "sealed   {present} parts as committed to, {absent} not there")?;
    for (event_type, count) in &report.unknown_types {
        let event_type = shown_in_line(event_type);
        writeln!(out, "unknown  {event_type}: {count} entries, bytes checked, meaning not")?;
    }
    for finding in &report.findings {
        writeln!(out, "FOUND    {}", shown_in_line(&finding.to_string()))?;
    }
    let listed = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.findings_total > listed {
        writeln!(out, "         and {} more", report.findings_total - listed)?;
    }
    for missing in &report.incomplete {
        writeln!(out, "MISSING  {}", shown_in_line(missing))?;
    }
    writeln!(out, "This check cannot know")?;
    for text in &report.cannot_know {
        writeln!(out, "  - {text}")?;
    }
    let verdict = match report.verdict {
        Verdict::Fine => "fine",
        Verdict::Tampered => "TAMPERED",
        Verdict::Incomplete => "INCOMPLETE",
    };
    writeln!(out, "verdict  {verdict}").context("stdout")
}

fn print_replayed(out: &mut dyn Write, replayed: &Replayed) -> anyhow::Result<()> {
    writeln!(out, "{}", shown(&serde_json::to_string_pretty(&replayed.state)?))?;
    let revision = replayed.revision.map_or_else(|| "none".to_owned(), |r| r.to_string());
    writeln!(out, "stream   {}", replayed.stream)?;
    writeln!(out, "revision {revision}")?;
    writeln!(out, "hash     {}", replayed.hash).context("stdout")
}
