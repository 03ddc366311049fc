//! `bench`: measures and prints a table; `bench echo` is the bare server it compares with.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, bail};
use countersign_tests::bench::http::Measured;
use countersign_tests::bench::load;
use countersign_tests::bench::prepare::{Prepared, prepare, step_now};
use countersign_tests::bench::server::Server;

/// How long each measurement asks.
const TIME: Duration = Duration::from_secs(5);
/// The numbers of connections that are compared.
const CONNECTIONS: [usize; 3] = [1, 32, 64];
/// Accounts prepared unless told otherwise.
const ACCOUNTS: usize = 100_000;
/// Shares of the prepared accounts that each measurement takes.
const SHARE: usize = 7;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("echo") => actix_rt::System::new().block_on(serve_echo()),
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

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}

fn measure(accounts: usize) -> anyhow::Result<()> {
    let program = sibling("countersign")?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let started = Instant::now();
    let prepared = actix_rt::System::new().block_on(prepare(&data, accounts))?;
    let took = started.elapsed();
    say(&format!("prepared {accounts} accounts in {:.1} s", took.as_secs_f64()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(table(&program, &data, &prepared))
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

async fn table(program: &Path, data: &Path, prepared: &[Prepared]) -> anyhow::Result<()> {
    // The preparation used the code of a step ago: the present one must be another.
    let first = step_now();
    let (mut shares, mut rest) = (vec![], prepared);
    for _ in 0..SHARE {
        let (share, others) = rest.split_at((prepared.len() / SHARE).min(rest.len()));
        shares.push(share);
        rest = others;
    }
    let mut shares = shares.into_iter();
    let echo = Server::echo()?;
    let mut echoes = vec![];
    for connections in CONNECTIONS {
        echoes.push(load::echo(echo.public, connections, TIME).await?);
    }
    drop(echo);
    let server = Server::countersign(program, data)?;
    say(&format!("cold start: ready after {} ms", server.ready_after.as_millis()));
    say(&format!("memory idle: {} MiB", server.resident_mib()?));
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while step_now() == first {
        tick.tick().await;
    }
    say("connections | what  | verdicts/s | ratio to echo | p50 ms | p99 ms | syncs/verdict | CPU");
    for (connections, echo) in CONNECTIONS.into_iter().zip(&echoes) {
        row(connections, "echo", echo, echo, None);
        for what in ["wrong", "right"] {
            let share = shares.next().context("no share left")?;
            let before = Counters::of(&server).await?;
            let measured = match what {
                "wrong" => load::wrong(server.public, connections, TIME, share).await?,
                _ => load::right(server.public, connections, TIME, share).await?,
            };
            let after = Counters::of(&server).await?;
            row(connections, what, &measured, echo, Some((&before, &after)));
        }
    }
    say(&format!("memory loaded: {} MiB", server.resident_mib()?));
    drop(server);
    verify(program, data)
}

/// What the server says of itself.
struct Counters {
    commits: f64,
    cpu: Duration,
}

impl Counters {
    async fn of(server: &Server) -> anyhow::Result<Self> {
        let url = format!("http://{}/metrics", server.ops);
        let text = reqwest::get(url).await?.text().await?;
        let line = text.lines().find(|line| line.starts_with("countersign_log_commits_total "));
        let commits = line.and_then(|line| line.split(' ').nth(1)?.parse().ok());
        Ok(Self { commits: commits.context("no count of commits")?, cpu: server.cpu()? })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn row(
    connections: usize,
    what: &str,
    measured: &Measured,
    echo: &Measured,
    counters: Option<(&Counters, &Counters)>,
) {
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let (syncs, cpu) = counters.map_or((0.0, 0.0), |(before, after)| {
        let syncs = (after.commits - before.commits) / measured.answers.max(1) as f64;
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        (syncs, cpu / measured.took.as_secs_f64())
    });
    say(&format!(
        "{connections:>11} | {what:5} | {:>10.0} | {:>13.3} | {:>6.2} | {:>6.2} | {syncs:>13.3} \
         | {cpu:.2}",
        measured.rate(),
        measured.rate() / echo.rate(),
        millis(measured.quantile(500)),
        millis(measured.quantile(990)),
    ));
}

/// How fast the whole log is checked, by the command that an auditor uses.
fn verify(program: &Path, data: &Path) -> anyhow::Result<()> {
    let started = Instant::now();
    let output =
        std::process::Command::new(program).args(["log", "verify", "--json"]).arg(data).output()?;
    let took = started.elapsed().as_secs_f64();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let size = report.get("size").or_else(|| report.get("entries"));
    let size = size.and_then(serde_json::Value::as_f64).unwrap_or(0.0);
    say(&format!("log verify: {size} entries in {took:.1} s, {:.0} entries/s", size / took));
    if output.status.success() { Ok(()) } else { bail!("the log does not verify: {report}") }
}
