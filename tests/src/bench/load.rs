//! The loads: connections that ask as fast as they are answered.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::http::{Connection, Measured, Shot};
use super::prepare::{Prepared, step_now};

/// Wrong codes for each sign-in: one less than lets the authenticator cool down.
const WRONG_PER_SIGN_IN: usize = 4;

/// What lies between two codes of one sign-in.
const APART: Duration = Duration::from_secs(1);

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub struct Waiting<'a> {
    /// Where it is answered.
    pub path: String,
    /// Whose it is.
    pub of: &'a Prepared,
}

/// Fires the shots over `connections` connections, until there are none or `time` is over. What was
/// answered is handed to `seen` with the number of its shot.
async fn fire(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    shots: impl Iterator<Item = Shot> + 'static,
    seen: impl Fn(usize, &[u8]) + 'static,
) -> anyhow::Result<Measured> {
    let shots = Rc::new(RefCell::new(shots.enumerate()));
    let seen = Rc::new(seen);
    let local = tokio::task::LocalSet::new();
    let started = Instant::now();
    let parts = local
        .run_until(async {
            let tasks: Vec<_> = (0..connections)
                .map(|_| {
                    let (shots, seen) = (Rc::clone(&shots), Rc::clone(&seen));
                    tokio::task::spawn_local(async move {
                        let next = || shots.borrow_mut().next();
                        one(address, started + time, next, &*seen).await
                    })
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
    next: impl Fn() -> Option<(usize, Shot)>,
    seen: &impl Fn(usize, &[u8]),
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let mut latencies = vec![];
    while Instant::now() < until {
        let Some((number, shot)) = next() else { break };
        let asked = Instant::now();
        let answer = connection.post(&shot).await?;
        latencies.push(asked.elapsed());
        let (status, said) = (answer.status, answer.body);
        ensure!(
            status == shot.expected,
            "{} gave {status}, not {}: {}",
            shot.path,
            shot.expected,
            String::from_utf8_lossy(said)
        );
        seen(number, said);
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
    let shot = Shot { path: "/echo".into(), body, bearer: None, expected: 200 };
    fire(address, connections, time, std::iter::repeat(shot), |_, _| {}).await
}

/// Begins a sign-in for each account, vouched for by the client app that has this key.
///
/// # Errors
/// If an answer is not 200 or has no id.
pub async fn begin<'a>(
    address: SocketAddr,
    connections: usize,
    key: &Arc<str>,
    prepared: &'a [Prepared],
) -> anyhow::Result<(Vec<Waiting<'a>>, Measured)> {
    /// However slow it is, it ends.
    const TIME_MAX: Duration = Duration::from_secs(300);
    let bodies: Vec<String> = prepared
        .iter()
        .map(|one| {
            let context = r#"{"ip":"203.0.113.7"}"#;
            let subject = &one.subject;
            format!(r#"{{"subject":"{subject}","first_factor":"vouched","context":{context}}}"#)
        })
        .collect();
    let key = Arc::clone(key);
    let shots = bodies.into_iter().map(move |body| Shot {
        path: "/v1/sign-ins".into(),
        body,
        bearer: Some(Arc::clone(&key)),
        expected: 200,
    });
    let answers: Rc<RefCell<Vec<Option<String>>>> =
        Rc::new(RefCell::new(vec![None; prepared.len()]));
    let kept = Rc::clone(&answers);
    let keep = move |number: usize, body: &[u8]| {
        if let Some(place) = kept.borrow_mut().get_mut(number) {
            *place = sign_in_id(body);
        }
    };
    let measured = fire(address, connections, TIME_MAX, shots, keep).await?;
    let ids = answers.take();
    let waiting: anyhow::Result<Vec<_>> = prepared
        .iter()
        .zip(ids)
        .map(|(of, id)| {
            let id = id.context("an answer without the id of a sign-in")?;
            Ok(Waiting { path: format!("/v1/sign-ins/{id}/answers"), of })
        })
        .collect();
    Ok((waiting?, measured))
}

fn sign_in_id(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    answer.get("id")?.as_str().map(str::to_owned)
}

/// Wrong codes: up to four for each sign-in, so that nothing cools down.
///
/// # Errors
/// If an answer is not 401.
pub async fn wrong(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    waiting: &[Waiting<'_>],
) -> anyhow::Result<Measured> {
    let step = step_now();
    let shots: anyhow::Result<Vec<Shot>> = waiting
        .iter()
        .map(|one| Ok(answer(one.path.clone(), &one.of.wrong_code(step)?, 401)))
        .collect();
    // Round after round over all sign-ins, as they would come: never two at once of one account,
    // nor two of one sign-in within a second.
    let (shots, mut left) = (shots?, time);
    let (mut took, mut latencies) = (Duration::ZERO, vec![]);
    for _ in 0..WRONG_PER_SIGN_IN {
        let round = tokio::time::Instant::now();
        let fired = fire(address, connections, left, shots.clone().into_iter(), |_, _| {}).await?;
        took += fired.took;
        left = left.saturating_sub(fired.took);
        latencies.extend(fired.latencies);
        if left.is_zero() {
            break;
        }
        tokio::time::sleep_until(round + fired.took + APART).await;
    }
    latencies.sort_unstable();
    Ok(Measured { answers: latencies.len(), took, latencies })
}

/// Right codes: one for each sign-in.
///
/// # Errors
/// If an answer is not 200.
pub async fn right(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    waiting: &[Waiting<'_>],
) -> anyhow::Result<Measured> {
    let step = step_now();
    let shots: anyhow::Result<Vec<Shot>> =
        waiting.iter().map(|one| Ok(answer(one.path.clone(), &one.of.code(step)?, 200))).collect();
    fire(address, connections, time, shots?.into_iter(), |_, _| {}).await
}

fn answer(path: String, code: &str, expected: u16) -> Shot {
    let body = format!(r#"{{"method":"totp","code":"{code}"}}"#);
    Shot { path, body, bearer: None, expected }
}
