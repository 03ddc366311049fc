//! The live tail under load, against the real server: nothing is lost, memory has a bound, and keys
//! are answered meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::ensure;
use countersign_tests::bench::http::{Connection, Shot};
use countersign_tests::bench::prepare::prepare;
use countersign_tests::console::{Console, Key};
use countersign_tests::server::Server;
use serde_json::json;

use crate::MEMORY_KIB;
use crate::holder::post;
use crate::staff::{SMALL, Staff, url};

/// Events a second.
const RATE: u32 = 500;
/// Seconds of them.
const SECONDS: u32 = 5;
/// Who makes them at once.
const CONNECTIONS: u32 = 4;
/// Lines that the console keeps.
const KEPT: u64 = 2_000;
/// How much longer a key may take under load: so many times, and so long besides.
const SLOWER: u32 = 10;
const SLOWER_BY: Duration = Duration::from_millis(100);
/// Presses whose median is compared.
const PRESSES: usize = 15;

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> T {
    actix_rt::System::new().block_on(work).unwrap()
}

/// A connection, and a sign-in that a client app vouches for, each time an event.
async fn subject(
    to: SocketAddr,
    key: &Arc<str>,
    number: u32,
) -> anyhow::Result<(Connection, Shot)> {
    let mut connection = Connection::open(to).await?;
    let shot = |path: &str, body: serde_json::Value, expected| Shot {
        path: path.to_owned(),
        body: body.to_string(),
        bearer: Some(Arc::clone(key)),
        expected,
    };
    let subject = format!("subject-{number}");
    let register = shot("/v1/accounts", json!({ "subject": subject }), 201);
    let status = connection.post(&register).await?.status;
    ensure!(status == register.expected, "a registration was answered {status}");
    let context = json!({ "ip": "192.0.2.7" });
    let vouch = json!({ "subject": subject, "first_factor": "vouched", "context": context });
    Ok((connection, shot("/v1/sign-ins", vouch, 200)))
}

/// So many events a second for so long; says how long it took.
fn load(to: SocketAddr, key: Arc<str>) -> JoinHandle<Duration> {
    std::thread::spawn(move || {
        block_on(async {
            let started = Instant::now();
            let each = (0..CONNECTIONS).map(async |number| {
                let (mut connection, shot) = subject(to, &key, number).await?;
                let mut tick = tokio::time::interval(Duration::from_secs(1) * CONNECTIONS / RATE);
                for _ in 0..RATE * SECONDS / CONNECTIONS {
                    tick.tick().await;
                    let status = connection.post(&shot).await?.status;
                    ensure!(status == shot.expected, "a sign-in was answered {status}");
                }
                Ok(())
            });
            futures::future::try_join_all(each).await?;
            Ok(started.elapsed())
        })
    })
}

/// How long it takes from a key to what it shows.
fn help_is_shown(console: &mut Console) -> Duration {
    let pressed = Instant::now();
    console.press(Key::Function(1)).unwrap();
    console.wait_for_text("┌ Keys").unwrap();
    let took = pressed.elapsed();
    console.press(Key::Enter).unwrap();
    console.wait_until_gone("┌ Keys").unwrap();
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The position of the selected line, from the dialog that shows it whole.
fn position_of_selected(console: &mut Console) -> u64 {
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("Position ").unwrap();
    let position = screen.split("Position ").nth(1).unwrap().split_whitespace().next().unwrap();
    let position = position.replace(',', "").parse().unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_until_gone("Position ").unwrap();
    position
}

/// Lines in view, and lines that fell out of it.
fn counts(screen: &str) -> (u64, u64) {
    let line = screen.lines().find(|line| line.contains("fallen out of view")).unwrap();
    let numbers: Vec<u64> =
        line.split_whitespace().filter_map(|word| word.replace(',', "").parse().ok()).collect();
    (numbers[0], numbers[2])
}

#[test]
fn at_500_events_a_second_no_line_is_lost_and_keys_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let key = block_on(prepare(&data, 0, 0)).key;
    let server = Server::start(&data).unwrap();
    let olga = Staff::set_up(&server, &data, "olga", "support");
    let mut console = olga.at_a_console(&url(&server), SMALL);
    console.press(Key::Function(6)).unwrap();
    // The look itself is the first line.
    console.wait_for_text("this operator followed the log").unwrap();
    let unloaded = median((0..PRESSES).map(|_| help_is_shown(&mut console)).collect());

    // From here on every line is counted: those before the last one are forgotten.
    let before = position_of_selected(&mut console);
    console.type_text("x ").unwrap();
    console.wait_for_text("Live: following").unwrap();
    console.wait_for_text(" 0 shown, 0 hidden by the filter, 0 fallen out").unwrap();
    let loading = load(server.public, key);
    let mut pressed = vec![];
    while !loading.is_finished() {
        pressed.push(help_is_shown(&mut console));
    }
    let took = loading.join().unwrap();
    let loaded = median(pressed);
    assert!(took < Duration::from_secs(1) * SECONDS * 2, "the load itself took {took:?}");
    assert!(loaded < unloaded * SLOWER + SLOWER_BY, "{loaded:?} under load, {unloaded:?} without");

    // The last event: whoever shows it has seen all before it.
    let nobody = json!({ "login": "nobody.at.all", "password": "no password of anybody" });
    assert_eq!(post(server.public, "/v1/sign-ins", None, &nobody).status, 401);
    console.wait_for_text("unknown login").unwrap();
    let newest = position_of_selected(&mut console);
    let (shown, fallen) = counts(&console.screen());
    assert_eq!(shown, KEPT, "the bound of what is kept");
    assert!(shown + fallen > u64::from(RATE * SECONDS));
    assert_eq!(shown + fallen, newest - before, "each line since then is shown or counted");
    console.type_text(&"\x1b[6~".repeat(usize::try_from(KEPT / 10).unwrap())).unwrap();
    let oldest = position_of_selected(&mut console);
    assert_eq!(newest - oldest, shown - 1, "and what is shown has no gap");
    let peak = console.peak_memory_kib().unwrap();
    assert!(peak < MEMORY_KIB, "{peak} KiB");
}
