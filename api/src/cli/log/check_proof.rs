//! `countersign log check-proof`: a proof, or the evidence for an account, checked offline.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use countersign_core::audit::check::{Kind, ProofReport, check};
use countersign_core::audit::evidence::EVIDENCE_BYTES_MAX;
use countersign_core::audit::finding::Verdict;
use countersign_events::entry::ENTRY_BYTES_MAX;
use countersign_events::note::VerifierKey;

use super::{EXIT_INCOMPLETE, EXIT_USAGE, complain, print_json};
use crate::cli::output::shown_in_line;

/// See [`LogCommand::CheckProof`](super::LogCommand::CheckProof).
#[derive(Debug, Args)]
pub struct CheckProofArgs {
    /// A proof of `log prove`, or a file of `log export --account`
    file: PathBuf,
    /// The entry that is to be proven, as the log has it; a last line break is left aside
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// The log's key, from elsewhere (NAME+ID+KEY, as `log checkpoint --key` prints it)
    #[arg(long, value_name = "VKEY", value_parser = VerifierKey::parse)]
    key: Option<VerifierKey>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckProofArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let bytes = match read(&args.file, EVIDENCE_BYTES_MAX)? {
        Ok(bytes) => bytes,
        Err(code) => return Ok(code),
    };
    let entry = match &args.entry {
        None => None,
        Some(path) => match read(path, ENTRY_BYTES_MAX + 1)? {
            Ok(mut bytes) => {
                if bytes.last() == Some(&b'\n') {
                    bytes.pop();
                }
                Some(bytes)
            }
            Err(code) => return Ok(code),
        },
    };
    let Some(kind) = Kind::of(&bytes) else {
        let error = anyhow::anyhow!("{} is neither a proof nor evidence", args.file.display());
        return complain(&*error, EXIT_USAGE);
    };
    let report = check(kind, &bytes, entry.as_deref(), args.key.as_ref());
    if args.json {
        print_json(out, &report)?;
    } else {
        print(out, &report)?;
    }
    Ok(report.verdict.exit_code())
}

fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Result<Vec<u8>, u8>> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = vec![];
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    match read {
        Ok(read) if read <= bytes_max => Ok(Ok(bytes)),
        Ok(_) => {
            let error = io::Error::other(format!("more than {bytes_max} bytes"));
            unreadable(path, error, EXIT_USAGE)
        }
        Err(error) => {
            let missing = error.kind() == ErrorKind::NotFound;
            unreadable(path, error, if missing { EXIT_USAGE } else { EXIT_INCOMPLETE })
        }
    }
}

fn unreadable(path: &Path, error: io::Error, code: u8) -> anyhow::Result<Result<Vec<u8>, u8>> {
    let error = anyhow::Error::from(error).context(format!("cannot read {}", path.display()));
    complain(&*error, code).map(Err)
}

fn print(out: &mut dyn Write, report: &ProofReport) -> anyhow::Result<()> {
    let kind = match report.kind {
        Kind::Inclusion => "an entry is in the log",
        Kind::Consistency => "the log grew out of what it was",
        Kind::Evidence => "what happened to an account",
    };
    writeln!(out, "checked  {kind}")?;
    if let (Some(origin), Some(size), Some(root)) = (&report.origin, report.size, report.root) {
        writeln!(out, "log      {}, {size} entries, root {root}", shown_in_line(origin))?;
    }
    if let Some(key) = &report.key {
        let from = if report.pinned { "given by --key" } else { "out of the file itself" };
        writeln!(out, "key      {} ({from})", shown_in_line(key))?;
    }
    for (word, lines) in [
        ("shows    ", &report.shows),
        ("FOUND    ", &report.findings),
        ("MISSING  ", &report.incomplete),
    ] {
        for line in lines {
            writeln!(out, "{word}{}", shown_in_line(line))?;
        }
    }
    writeln!(out, "This file cannot show")?;
    for line in &report.cannot_show {
        writeln!(out, "  - {}", shown_in_line(line))?;
    }
    let verdict = match report.verdict {
        Verdict::Fine => "fine",
        Verdict::Tampered => "REFUSED",
        Verdict::Incomplete => "INCOMPLETE",
    };
    writeln!(out, "verdict  {verdict}").context("stdout")
}
