//! The loads: connections that ask as fast as they are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::http::{Connection, Measured};
use super::prepare::{Prepared, step_now};

/// What a request looks like: path, body, and the status that it must get.
type Shot = (String, String, u16);

/// Runs `connections` connections until `until` or until there is nothing left to ask.
async fn run(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    next: Arc<dyn Fn() -> Option<Shot>>,
) -> anyhow::Result<Measured> {
    let local = tokio::task::LocalSet::new();
    let started = Instant::now();
    let parts = local
        .run_until(async {
            let tasks: Vec<_> = (0..connections)
                .map(|_| {
                    let next = Arc::clone(&next);
                    tokio::task::spawn_local(one(address, started + time, next))
                })
                .collect();
            let mut parts = vec![];
            for task in tasks {
                parts.push(task.await??);
            }
            anyhow::Ok(parts)
        })
        .await?;
    Ok(Measured::of(started, &parts))
}

async fn one(
    address: SocketAddr,
    until: Instant,
    next: Arc<dyn Fn() -> Option<Shot>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let mut latencies = vec![];
    while Instant::now() < until {
        let Some((path, body, expected)) = next() else { break };
        let asked = Instant::now();
        let answer = connection.post(&path, &body).await?;
        latencies.push(asked.elapsed());
        let (status, said) = (answer.status, String::from_utf8_lossy(answer.body).into_owned());
        ensure!(status == expected, "{path} gave {status}, not {expected}: {said}");
    }
    Ok(latencies)
}

/// The echo of an answer's JSON.
///
/// # Errors
/// If an answer is not 200.
pub async fn echo(
    address: SocketAddr,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Measured> {
    let body = r#"{"method":"totp","code":"000000"}"#.to_owned();
    let shot = move || Some(("/echo".to_owned(), body.clone(), 200));
    run(address, connections, time, Arc::new(shot)).await
}

/// Wrong codes: up to four for each sign-in, so that nothing cools down.
///
/// # Errors
/// If an answer is not 401.
pub async fn wrong(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    prepared: &[Prepared],
) -> anyhow::Result<Measured> {
    const PER_SIGN_IN: usize = 4;
    let shots: Vec<String> =
        prepared.iter().map(|one| format!("/v1/sign-ins/{}/answers", one.sign_in)).collect();
    let taken = AtomicUsize::new(0);
    let shot = move || {
        let number = taken.fetch_add(1, Ordering::Relaxed);
        let path = shots.get(number / PER_SIGN_IN)?;
        // No real code has this shape often enough to matter: one in a million is right.
        let body = format!(r#"{{"method":"totp","code":"{:06}"}}"#, number % 1_000_000);
        Some((path.clone(), body, 401))
    };
    run(address, connections, time, Arc::new(shot)).await
}

/// Right codes: one for each sign-in.
///
/// # Errors
/// If an answer is not 200.
pub async fn right(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    prepared: &[Prepared],
) -> anyhow::Result<Measured> {
    let step = step_now();
    let shots: anyhow::Result<Vec<(String, String)>> = prepared
        .iter()
        .map(|one| {
            let code = one.code(step)?;
            let body = format!(r#"{{"method":"totp","code":"{code}"}}"#);
            Ok((format!("/v1/sign-ins/{}/answers", one.sign_in), body))
        })
        .collect();
    let shots = shots?;
    let taken = AtomicUsize::new(0);
    let shot = move || {
        let (path, body) = shots.get(taken.fetch_add(1, Ordering::Relaxed))?;
        Some((path.clone(), body.clone(), 200))
    };
    run(address, connections, time, Arc::new(shot)).await
}
