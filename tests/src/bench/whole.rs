//! What the server needs as a whole: memory, and time to start.

use std::path::Path;

use super::load;
use super::prepare::Preparation;
use super::say;
use super::server::Server;

/// Accounts that are to be live when memory is measured.
const LIVE: usize = 100_000;
/// Connections that bring accounts to life.
const CONNECTIONS: usize = 64;

/// Prints the memory with many accounts live: a sign-in waits in each.
///
/// # Errors
/// If the server does not answer.
pub async fn memory(server: Server, preparation: &Preparation) -> anyhow::Result<()> {
    let accounts = preparation.accounts.iter().take(LIVE);
    let accounts: Vec<_> = accounts.cloned().collect();
    load::begin(server.public, CONNECTIONS, &preparation.key, &accounts).await?;
    server.settled().await?;
    let live = server.counters().await?.live;
    say(&format!("memory with {live} accounts live: {} MiB", server.resident_mib()?));
    Ok(())
}

/// Prints how long a start takes: after a kill, and once more with the read models lost.
///
/// # Errors
/// If the server does not come up.
pub async fn starts(program: &Path, data: &Path) -> anyhow::Result<()> {
    let server = Server::countersign(program, data)?;
    let (ready, entries) = (server.ready_after.as_millis(), server.counters().await?.size);
    say(&format!("cold start, {entries} entries: ready after {ready} ms"));
    drop(server);
    for file in ["read.db", "read.db-wal", "read.db-shm"] {
        // What is not there need not be removed.
        let _absent = std::fs::remove_file(data.join(file));
    }
    let started = std::time::Instant::now();
    let server = Server::countersign(program, data)?;
    let ready = server.ready_after.as_millis();
    server.settled().await?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("the same without read models: ready after {ready} ms, built in {took:.1} s"));
    Ok(())
}
