//! `bench`: measures and prints a table; `bench age` measures only what an account's past costs,
//! `bench support` only what support waits for, `bench import` only how long an import takes, and
//! `bench echo` is the bare server that the table compares with.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, bail};
use countersign_tests::bench::bulk::{Size, fill};
use countersign_tests::bench::prepare::prepare;
use countersign_tests::bench::views::Desk;
use countersign_tests::bench::{age, audit, disk, import, say, table, whole};

/// Accounts prepared unless told otherwise: in the end, their log has more than a million entries.
const ACCOUNTS: usize = 140_000;
/// Sign-ins of the one account whose stream is replayed.
const SIGN_INS: usize = 20_000;
/// What support's views are measured on: 100,000 accounts, two million events.
const SUPPORT: Size = Size { accounts: 100_000, events: 20, known: 200, busy: 50_000 };
/// Accounts that are imported.
const IMPORTED: usize = 100_000;
/// How often each view is measured.
const VIEW_ROUNDS: usize = 50;
/// How long the tail is measured.
const TAIL_TIME: Duration = Duration::from_secs(20);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("echo") => actix_rt::System::new().block_on(serve_echo()),
        Some("age") => measure_age(),
        Some("support") => measure_support(),
        Some("import") => measure_import(),
        Some(number) => measure(number.parse().context("the number of accounts")?),
        None => measure(ACCOUNTS),
    }
}

async fn serve_echo() -> anyhow::Result<()> {
    let echo = |body: web::Json<serde_json::Value>| async move { HttpResponse::Ok().json(body.0) };
    let server = HttpServer::new(move || App::new().route("/echo", web::post().to(echo)))
        .workers(2)
        .bind(("127.0.0.1", 0))?;
    let address = server.addrs().first().copied().context("no address")?;
    say(&format!("{{\"public\":\"http://{address}\"}}"));
    Ok(server.run().await?)
}

fn measure(accounts: usize) -> anyhow::Result<()> {
    let program = sibling("countersign")?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    disk::syncs(directory.path())?;
    let started = Instant::now();
    let preparation = actix_rt::System::new().block_on(prepare(&data, accounts, SIGN_INS))?;
    let took = started.elapsed();
    say(&format!("prepared {accounts} accounts in {:.1} s", took.as_secs_f64()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = table::table(&program, &data, &preparation).await?;
        whole::memory(server, &preparation).await?;
        whole::starts(&program, &data).await
    })?;
    audit::verify(&program, &data)?;
    audit::replay(&program, &data, &preparation)?;
    measure_import()?;
    measure_age()
}

fn measure_import() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    import::measure(&sibling("countersign")?, directory.path(), IMPORTED)
}

fn measure_age() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    actix_rt::System::new().block_on(age::measure(directory.path()))
}

fn measure_support() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let started = Instant::now();
    let filled = actix_rt::System::new().block_on(fill(&data, SUPPORT))?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("filled {} entries in {took:.1} s", filled.entries));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let desk = Desk::open(&data, filled, VIEW_ROUNDS).await?;
        desk.views().await?;
        desk.tail(TAIL_TIME).await
    })
}

/// A program that was built beside this one.
fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        Ok(path)
    } else {
        bail!("{} is not built: cargo build --release --workspace", path.display())
    }
}
