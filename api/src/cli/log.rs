//! `countersign log`: the auditor's verbs on a log or an export of it.
//!
//! Thin: arguments in, a report out. None of these verbs needs a key, the network or a server,
//! and none takes the data directory's lock: they only read, while the server runs or not. Only
//! `watch` asks a server, where it is given one.
//!
//! Exit codes: 0 fine, 1 tampered or different, 2 incomplete, 64 usage.

mod check_proof;
mod checkpoint;
mod diff;
mod evidence;
mod prove;
mod recover;
mod serve;
mod show;
mod watch;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use countersign_core::audit::export::{self, ExportError, Exported};
use countersign_core::audit::finding::{Report, Verdict};
use countersign_core::audit::replay::{self, ReplayError, Replayed, Until};
use countersign_core::audit::signed::{self, SignedLogError};
use countersign_core::audit::source::{Source, SourceError};
use countersign_core::audit::verify::{self, Against, KnownRoot};
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_events::id::{AccountId, Hash32, Position, Revision, StreamId};
use countersign_events::note::VerifierKey;
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
    /// Write what is signed of the log into a new directory: checkpoint, tiles, readable lines
    Export(ExportArgs),
    /// Check a log or an export of it: entries, chains, signed tree, and that no rule was broken
    Verify(VerifyArgs),
    /// Fold one stream into the state that the server had
    Replay(ReplayArgs),
    /// Go on with a log that is not the one that was signed: a restored backup
    Recover(recover::RecoverArgs),
    /// Serve an export read only, for `countersign-admin --log`
    Serve(serve::ServeArgs),
    /// Print the last checkpoint, or the key that signs
    Checkpoint(checkpoint::CheckpointArgs),
    /// Prove that an entry is in the log, or that the log grew out of what it was
    #[command(subcommand)]
    Prove(prove::ProveCommand),
    /// Check a proof or a file of evidence, with nothing but the file
    CheckProof(check_proof::CheckProofArgs),
    /// Print entries as they are, one a line
    Show(show::ShowArgs),
    /// Compare two logs: the same, one the beginning of the other, or where they part
    Diff(diff::DiffArgs),
    /// Look again and again whether the log grew out of what it was; an alarm ends it with 1
    Watch(watch::WatchArgs),
}

/// See [`LogCommand::Export`].
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The directory to make; with --account, the file
    dir: PathBuf,
    /// Write the evidence for one account alone, into one file that `log check-proof` checks
    #[arg(long, value_name = "ID", value_parser = AccountId::parse)]
    #[arg(conflicts_with = "without_sealed")]
    account: Option<AccountId>,
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
    /// An older checkpoint that you kept: the log must have grown out of it
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// An older export: its checkpoint, and its tiles to tell where the log differs
    #[arg(long, value_name = "DIR")]
    older: Vec<PathBuf>,
    /// The log's key, where you know it from elsewhere: NAME+ID+KEY
    #[arg(long, value_name = "VKEY", value_parser = VerifierKey::parse)]
    key: Option<VerifierKey>,
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
    /// Stop after all that this checkpoint covers; it must be the log's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["revision", "at"])]
    checkpoint: Option<PathBuf>,
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
        LogCommand::Recover(args) => {
            drop(out);
            recover::run(args)
        }
        LogCommand::Serve(args) => {
            drop(out);
            serve::run(args)
        }
        LogCommand::Checkpoint(args) => checkpoint::run(args, &mut out),
        LogCommand::Prove(command) => prove::run(command, &mut out),
        LogCommand::CheckProof(args) => check_proof::run(args, &mut out),
        LogCommand::Show(args) => show::run(args, &mut out),
        LogCommand::Diff(args) => diff::run(args, &mut out),
        LogCommand::Watch(args) => watch::run(args, &mut out),
    }
}

fn run_export(args: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    if let Some(account) = args.account {
        return evidence::run(args, account, out);
    }
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
        Ok(exported) if args.json => print_json(out, &exported).map(|()| 0),
        Ok(exported) => print_exported(out, &args.dir, &exported).map(|()| 0),
        Err(error @ ExportError::Exists(_)) => complain(&error, EXIT_USAGE),
        Err(
            error @ (ExportError::Source(_)
            | ExportError::Io { .. }
            | ExportError::NoCheckpoint(_)
            | ExportError::CheckpointUnreadable(_)),
        ) => complain(&error, EXIT_INCOMPLETE),
        Err(error) => complain(&error, Verdict::Tampered.exit_code()),
    }
}

fn run_verify(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let source = match open(&args.dir)? {
        Ok(source) => source,
        Err(code) => return Ok(code),
    };
    let against = Against {
        root: args.size.zip(args.root).map(|(size, root)| KnownRoot { size, root }),
        key: args.key.clone(),
        checkpoints: args.checkpoint.clone(),
        older: args.older.clone(),
    };
    let bar = bar("verifying");
    let report =
        verify::verify_against(source, &against, &mut |done, all| advance(&bar, done, all));
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
    let until = match (args.revision, args.at, &args.checkpoint) {
        (Some(revision), _, _) => Until::Revision(Revision::new(revision)),
        (None, Some(at), _) => Until::At(at),
        (None, None, Some(checkpoint)) => match before_end_of(checkpoint, &args.data) {
            Ok(until) => until,
            Err(error) => return refuse(&error),
        },
        (None, None, None) => Until::End,
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

/// All that a checkpoint covers, once the log is known to begin with that.
fn before_end_of(checkpoint: &Path, log: &Path) -> Result<Until, SignedLogError> {
    let signed = signed::read_checkpoint(checkpoint)?;
    let bar = bar("comparing");
    let begins = signed::begins_with(log, &signed, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    begins.map(|()| Until::Before(Position::new(signed.checkpoint.size)))
}

/// Tells why a log and its checkpoint are of no use.
fn refuse(error: &SignedLogError) -> anyhow::Result<u8> {
    let code = match error {
        SignedLogError::Source(SourceError::NotALog { .. }) => EXIT_USAGE,
        error if error.is_tampering() => Verdict::Tampered.exit_code(),
        _ => EXIT_INCOMPLETE,
    };
    complain(error, code)
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

/// Bytes as they are, for a file or a pipe; on a screen, with nothing in them that it obeys.
fn print_verbatim(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return out.write_all(shown(&String::from_utf8_lossy(bytes)).as_bytes());
    }
    out.write_all(bytes)
}

fn print_exported(out: &mut dyn Write, dir: &Path, exported: &Exported) -> anyhow::Result<()> {
    let manifest = &exported.manifest;
    writeln!(out, "exported {} entries to {}", manifest.size, dir.display())?;
    writeln!(out, "root     {}", manifest.root)?;
    if exported.newer > 0 {
        writeln!(out, "newer    {} entries, which no checkpoint covers yet", exported.newer)?;
    }
    writeln!(out, "Keep the file checkpoint somewhere else: it proves later that nothing was")?;
    writeln!(out, "cut off or changed.").context("stdout")
}

fn print_report(out: &mut dyn Write, report: &Report) -> anyhow::Result<()> {
    writeln!(out, "entries  {} in {} streams", report.size, report.streams)?;
    writeln!(out, "root     {}", report.root)?;
    if let (Some(log), Some(origin)) = (report.log, &report.origin) {
        writeln!(out, "log      {log} {}", shown_in_line(origin))?;
    }
    if let Some(signed) = &report.signed {
        writeln!(out, "signed   {} entries by {}", signed.size, shown_in_line(&signed.key))?;
    }
    if report.newer > 0 {
        writeln!(out, "newer    {} entries, which no checkpoint covers yet", report.newer)?;
    }
    if report.held_to > 0 {
        writeln!(out, "held to  {} earlier states that you know", report.held_to)?;
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
