//! `countersign log prove`: proofs that stand by themselves.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::proof::{
    ConsistencyProof, Earlier, InclusionProof, ProveError, Which,
};
use countersign_core::audit::signed::{SignedLog, read_checkpoint};
use countersign_events::id::EventId;

use super::{
    DEFAULT_DATA, EXIT_INCOMPLETE, EXIT_USAGE, advance, bar, complain, print_verbatim, refuse,
};

/// See [`LogCommand::Prove`](super::LogCommand::Prove).
#[derive(Debug, Subcommand)]
pub enum ProveCommand {
    /// That an entry is in the log (C2SP tlog-proof)
    Inclusion(InclusionArgs),
    /// That the log begins with what it was
    Consistency(ConsistencyArgs),
}

/// See [`ProveCommand::Inclusion`].
#[derive(Debug, Args)]
pub struct InclusionArgs {
    /// An export, or a data directory
    #[arg(default_value = DEFAULT_DATA)]
    dir: PathBuf,
    /// The entry at this position, from 0
    #[arg(long, value_name = "N", required_unless_present = "id", conflicts_with = "id")]
    position: Option<u64>,
    /// The entry with this id
    #[arg(long, value_name = "EVENT", value_parser = EventId::parse)]
    id: Option<EventId>,
    /// Write the proof to this new file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// See [`ProveCommand::Consistency`].
#[derive(Debug, Args)]
pub struct ConsistencyArgs {
    /// An export, or a data directory
    #[arg(default_value = DEFAULT_DATA)]
    dir: PathBuf,
    /// What it is to have grown from: the file of a checkpoint, or a size
    #[arg(long, value_name = "FILE|SIZE")]
    from: String,
    /// Write the proof to this new file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(command: &ProveCommand, out: &mut dyn Write) -> anyhow::Result<u8> {
    match command {
        ProveCommand::Inclusion(args) => inclusion(args, out),
        ProveCommand::Consistency(args) => consistency(args, out),
    }
}

fn inclusion(args: &InclusionArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let which = match (args.position, args.id) {
        (Some(position), _) => Which::Position(position),
        (None, Some(id)) => Which::Event(id),
        (None, None) => anyhow::bail!("say which entry by --position or --id"),
    };
    prove(&args.dir, args.out.as_deref(), out, |log, progress| {
        InclusionProof::make(log, which, progress).map(|proof| proof.to_string())
    })
}

fn consistency(args: &ConsistencyArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    // A file of such a name can be given as ./12.
    let earlier = match args.from.parse() {
        Ok(size) => Earlier::Size(size),
        Err(_) => match read_checkpoint(Path::new(&args.from)) {
            Ok(signed) => Earlier::Checkpoint(Box::new(signed)),
            Err(error) => return complain(&error, EXIT_USAGE),
        },
    };
    prove(&args.dir, args.out.as_deref(), out, |log, progress| {
        ConsistencyProof::make(log, earlier, progress).map(|proof| proof.to_string())
    })
}

fn prove(
    directory: &Path,
    file: Option<&Path>,
    out: &mut dyn Write,
    make: impl FnOnce(&SignedLog, &mut dyn FnMut(u64, Option<u64>)) -> Result<String, ProveError>,
) -> anyhow::Result<u8> {
    let log = match SignedLog::open(directory) {
        Ok(log) => log,
        Err(error) => return refuse(&error),
    };
    let bar = bar("proving");
    let made = make(&log, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    match made {
        Ok(proof) => put(file, proof.as_bytes(), out),
        Err(ProveError::Log(error)) => refuse(&error),
        Err(error @ (ProveError::Earlier(_) | ProveError::OtherRoot { .. })) => {
            complain(&error, Verdict::Tampered.exit_code())
        }
        Err(error) => complain(&error, EXIT_USAGE),
    }
}

/// Puts it into a new file, or on standard output.
pub(super) fn put(file: Option<&Path>, bytes: &[u8], out: &mut dyn Write) -> anyhow::Result<u8> {
    let Some(path) = file else {
        return print_verbatim(out, bytes).context("stdout").map(|()| 0);
    };
    let written = File::create_new(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(0),
        Err(error) => {
            let taken = error.kind() == ErrorKind::AlreadyExists;
            let code = if taken { EXIT_USAGE } else { EXIT_INCOMPLETE };
            complain(&*anyhow::Error::from(error).context(path.display().to_string()), code)
        }
    }
}
