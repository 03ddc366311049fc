//! `countersign log diff`: what is not the same in two logs, and for whom.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use countersign_core::audit::diff::{Apart, Difference, Outcome, Told, diff};
use countersign_core::audit::source::SourceError;

use super::{EXIT_INCOMPLETE, EXIT_USAGE, advance, bar, complain, print_json};
use crate::cli::output::shown_in_line;

/// They differ.
const EXIT_DIFFERENT: u8 = 1;

/// See [`LogCommand::Diff`](super::LogCommand::Diff).
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// An export, or a data directory
    a: PathBuf,
    /// Another
    b: PathBuf,
    /// Print what differs as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DiffArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let bar = bar("comparing");
    let compared = diff(&args.a, &args.b, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    let difference = match compared {
        Ok(difference) => difference,
        Err(error @ SourceError::NotALog { .. }) => return complain(&error, EXIT_USAGE),
        Err(error) => return complain(&error, EXIT_INCOMPLETE),
    };
    if args.json {
        print_json(out, &difference)?;
    } else {
        print(out, args, &difference)?;
    }
    Ok(if difference.outcome == Outcome::Diverged { EXIT_DIFFERENT } else { 0 })
}

fn print(out: &mut dyn Write, args: &DiffArgs, found: &Difference) -> anyhow::Result<()> {
    for (name, path, side) in [("A", &args.a, &found.a), ("B", &args.b, &found.b)] {
        let path = shown_in_line(&path.display().to_string());
        writeln!(out, "{name}  {path}: {} entries, root {}", side.size, side.root)?;
    }
    let (a, b) = (found.a.size, found.b.size);
    match found.outcome {
        Outcome::Same => writeln!(out, "the same, entry by entry")?,
        Outcome::FirstIsBeginning => {
            writeln!(out, "A is the beginning of B, which has {} more", b.saturating_sub(a))?;
        }
        Outcome::SecondIsBeginning => {
            writeln!(out, "B is the beginning of A, which has {} more", a.saturating_sub(b))?;
        }
        Outcome::Diverged => writeln!(out, "DIFFERENT")?,
    }
    if let Some(divergence) = &found.divergence {
        writeln!(out, "the same up to position {}; there", divergence.position)?;
        told(out, "A", &divergence.a, true)?;
        told(out, "B", &divergence.b, true)?;
        writeln!(out, "{} entries behind it stand in both", found.shared_behind)?;
    }
    for apart in &found.streams {
        stream(out, apart)?;
    }
    let listed = u64::try_from(found.streams.len()).unwrap_or(u64::MAX);
    if found.streams_total > listed {
        writeln!(out, "and {} more streams", found.streams_total - listed)?;
    }
    if found.cut_off {
        writeln!(out, "more differs than can be told apart: what is listed is the first of it")?;
    }
    out.flush().context("stdout")
}

fn stream(out: &mut dyn Write, apart: &Apart) -> anyhow::Result<()> {
    let (name, a, b) = (shown_in_line(&apart.stream), apart.only_a, apart.only_b);
    writeln!(out, "\n{name}: {a} only in A, {b} only in B")?;
    for (side, list, all) in [("A", &apart.a, a), ("B", &apart.b, b)] {
        for one in list {
            told(out, side, one, false)?;
        }
        let listed = u64::try_from(list.len()).unwrap_or(u64::MAX);
        if all > listed {
            writeln!(out, "  {side}  and {} more", all - listed)?;
        }
    }
    Ok(())
}

fn told(out: &mut dyn Write, side: &str, told: &Told, with_stream: bool) -> anyhow::Result<()> {
    let event_type = told.event_type.as_deref().unwrap_or("?");
    let at = told.at.map_or_else(|| "?".to_owned(), |at| at.to_string());
    let revision = told.revision.map_or_else(|| "?".to_owned(), |revision| revision.to_string());
    let stream = match &told.stream {
        Some(stream) if with_stream => format!("{stream} "),
        _ => String::new(),
    };
    let (position, explanation) = (told.position, &told.explanation);
    let line = format!(
        "  {side}  {position} {stream}revision {revision} {at} {event_type}: {explanation}"
    );
    writeln!(out, "{}", shown_in_line(&line)).context("stdout")
}
