//! `countersign log serve`: an export, to be looked through with the support console.

use std::future::pending;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use countersign_core::audit::archive::{Archive, ArchiveError};
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::source::SourceError;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::{EXIT_INCOMPLETE, EXIT_USAGE, advance, bar, complain};
use crate::cli::{EXIT_FINE, logging, output};
use crate::config::Log as Logging;
use crate::server::archive::Reading;

/// See [`LogCommand::Serve`](super::LogCommand::Serve).
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The export
    dir: PathBuf,
    /// Where to listen, on this machine alone; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// End when standard input ends: whoever started this is gone
    #[arg(long)]
    attended: bool,
    /// Print where it is served, and what opens it, as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ServeArgs) -> anyhow::Result<u8> {
    // Whoever has the token reads the log; in clear it stays on this machine.
    if !args.addr.ip().is_loopback() {
        bail!("--addr {}: an export is served on loopback alone", args.addr);
    }
    // Whoever attends has the screen: nothing may be written over it.
    let level = if args.attended { "off" } else { "warn" };
    logging::start(&Logging { level: level.to_owned(), ..Logging::default() });
    let bar = bar("opening");
    let opened = Archive::open(&args.dir, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    match opened {
        Ok(archive) => {
            actix_rt::System::new().block_on(serve(args, archive))?;
            Ok(EXIT_FINE)
        }
        Err(error @ ArchiveError::NotAnExport { .. }) => complain(&error, EXIT_USAGE),
        Err(error @ ArchiveError::Source(SourceError::NotALog { .. })) => {
            complain(&error, EXIT_USAGE)
        }
        Err(error @ (ArchiveError::Source(_) | ArchiveError::Empty)) => {
            complain(&error, EXIT_INCOMPLETE)
        }
        Err(error @ (ArchiveError::Entry { .. } | ArchiveError::Other { .. })) => {
            complain(&error, Verdict::Tampered.exit_code())
        }
    }
}

async fn serve(args: &ServeArgs, archive: Archive) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A terminal that is closed ends it like any other, or its directory would stay behind.
    let mut hangup = signal(SignalKind::hangup())?;
    let (manifest, ends_at) = (archive.manifest().clone(), archive.ends_at());
    let reading = Reading::start(archive, args.addr).await?;
    let operator = format!("http://{}", reading.address);
    let token = reading.token.reveal();
    let ready = json!({
        "operator": operator, "token": token.as_str(), "origin": manifest.origin,
        "size": manifest.size, "root": manifest.root, "ends_at": ends_at,
    });
    let text = format!(
        "{} entries up to {ends_at}, root {}\n\
         \n  served at   {operator}\
         \n  bearer      {}\n\
         \nNothing can be done here, and nobody is told who looks. Ctrl-C ends it.\n",
        manifest.size,
        manifest.root,
        token.as_str(),
    );
    output::fact(args.json, &ready, &text)?;
    let left = async { if args.attended { left_alone().await } else { pending().await } };
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            () = left => {}
        }
    };
    reading.run_until(stopped).await.context("serving the export")
}

/// Ends with standard input, which a thread of its own waits for.
async fn left_alone() {
    let (left, alone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while io::stdin().read(&mut nothing).is_ok_and(|read| read > 0) {}
        drop(left);
    });
    // The sender goes without a word.
    let _ = alone.await;
}
