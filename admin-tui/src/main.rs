//! `countersign-admin`: the support console.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use countersign_admin_tui::archive;
use countersign_admin_tui::runtime::{self, Start};
use countersign_admin_tui::theme::Theme;
use countersign_api::client::Client;

/// The support console of Countersign: look an account up, read its time line, unlock it.
#[derive(Debug, Parser)]
#[command(name = "countersign-admin", version)]
struct Arguments {
    /// The base URL of the server's operator listener.
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTERSIGN_ADMIN_SERVER",
        default_value = "http://127.0.0.1:8781"
    )]
    server: String,
    /// Allow plain http to another machine: passwords and codes can then be read on the way.
    #[arg(long)]
    plain_http: bool,
    /// Look through an exported log instead, read only.
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let start = match &arguments.log {
        Some(directory) => Start::Archive(archive::open(directory)?),
        None => Start::Server(client(&arguments)?),
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(runtime::WORKERS)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    tokio.block_on(runtime::run(start, Theme::from_environment()))
}

/// A client of the server that was named.
fn client(arguments: &Arguments) -> anyhow::Result<Client> {
    let client =
        Client::new(&arguments.server).with_context(|| format!("--server {}", arguments.server))?;
    if client.sends_in_clear() && !arguments.plain_http {
        bail!("plain http would show passwords and codes on the way: use https, or --plain-http");
    }
    Ok(client)
}
