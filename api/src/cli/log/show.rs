//! `countersign log show`: entries as they are, one a line.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::selection::Selection;
use countersign_core::audit::source::Line;
use countersign_events::id::StreamId;
use jiff::Timestamp;

use super::{DEFAULT_DATA, EXIT_INCOMPLETE, complain, open, print_verbatim};

/// See [`LogCommand::Show`](super::LogCommand::Show).
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// An export, or a data directory
    #[arg(default_value = DEFAULT_DATA)]
    dir: PathBuf,
    /// Of this stream alone
    #[arg(long, value_parser = StreamId::parse)]
    stream: Option<StreamId>,
    /// Of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// From this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Up to and with this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// At this position, or from N up to M, without M
    #[arg(long, value_name = "N..M", value_parser = range)]
    position: Option<(u64, Option<u64>)>,
    /// So many at most
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Each in `{"position":…,"entry":…}`
    #[arg(long)]
    with_position: bool,
}

/// `N`, `N..`, `..M`, `N..M`.
fn range(text: &str) -> Result<(u64, Option<u64>), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    let Some((begin, end)) = text.split_once("..") else {
        let position = number(text)?;
        return Ok((position, position.checked_add(1)));
    };
    let begin = if begin.is_empty() { 0 } else { number(begin)? };
    let end = if end.is_empty() { None } else { Some(number(end)?) };
    Ok((begin, end))
}

pub(super) fn run(args: &ShowArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let source = match open(&args.dir)? {
        Ok(source) => source,
        Err(code) => return Ok(code),
    };
    let (begin, end) = args.position.unwrap_or_default();
    let selection = Selection {
        stream: args.stream,
        types: args.types.iter().cloned().collect(),
        from: args.from,
        to: args.to,
        begin,
        end,
        limit: args.limit,
    };
    let mut buffered = io::BufWriter::new(out);
    let mut failed = None;
    let selected =
        selection.of(source, &mut |line| match print(&mut buffered, line, args.with_position) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
    let flushed = failed.map_or_else(|| buffered.flush(), Err);
    match flushed {
        // Whoever reads may stop whenever it is enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(0),
        flushed => flushed.context("stdout")?,
    }
    match selected {
        Ok(selected) if selected.unreadable == 0 => Ok(0),
        Ok(selected) => {
            let error = anyhow::anyhow!("{} lines are no entries", selected.unreadable);
            complain(&*error, Verdict::Tampered.exit_code())
        }
        Err(error) => complain(&error, EXIT_INCOMPLETE),
    }
}

fn print(out: &mut dyn Write, line: &Line, with_position: bool) -> io::Result<()> {
    let mut bytes = vec![];
    if with_position {
        write!(bytes, "{{\"position\":{},\"entry\":", line.position)?;
    }
    bytes.extend_from_slice(&line.bytes);
    bytes.extend_from_slice(if with_position { b"}\n" } else { b"\n" });
    print_verbatim(out, &bytes)
}
