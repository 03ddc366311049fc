//! The table: verdicts of the real server beside answers of a bare echo, in one run.

use std::path::Path;
use std::time::Duration;

use super::http::Measured;
use super::load;
use super::prepare::{Preparation, step_now};
use super::say;
use super::server::{Counters, LOOK, Server};

/// How long each measurement asks.
const TIME: Duration = Duration::from_secs(5);
/// How long the echo is asked, right before what is compared with it: a machine may be faster one
/// minute than the next.
const ECHO_TIME: Duration = Duration::from_secs(2);
/// The table's head.
const HEAD: &str = "connections | what        | answers/s  | ratio to echo | p50 ms | p99 ms \
                    | syncs/verdict | CPU us each";

/// What a row measures, and how many of the accounts it takes.
const ROWS: [(usize, Load, usize); 8] = [
    (1, Load::Wrong, 1),
    (1, Load::Right, 1),
    (32, Load::Wrong, 2),
    (32, Load::Right, 4),
    (64, Load::Wrong, 2),
    (64, Load::Right, 4),
    (64, Load::WrongCold, 1),
    (64, Load::RightCold, 3),
];

/// Which codes, and whether the accounts are in memory: in life a sign-in has just begun there;
/// cold, the server was started again in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Wrong,
    Right,
    WrongCold,
    RightCold,
}

impl Load {
    const fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Right => "right",
            Self::WrongCold => "wrong, cold",
            Self::RightCold => "right, cold",
        }
    }

    const fn is_cold(self) -> bool {
        matches!(self, Self::WrongCold | Self::RightCold)
    }
}

/// Measures and prints every row; gives back the server that answered the last.
///
/// # Errors
/// If an answer is not what it must be, or a server does not come up.
pub async fn table(
    program: &Path,
    data: &Path,
    preparation: &Preparation,
) -> anyhow::Result<Server> {
    // The preparation used the code of a step ago: the present one must be another.
    let first = step_now();
    let bare = Server::echo()?;
    let mut server = Server::countersign(program, data)?;
    say(&format!("memory idle: {} MiB", server.resident_mib()?));
    server.settled().await?;
    let mut tick = tokio::time::interval(LOOK);
    while step_now() == first {
        tick.tick().await;
    }
    say(HEAD);
    let parts: usize = ROWS.iter().map(|(_, _, part)| part).sum();
    let mut rest = preparation.accounts.as_slice();
    for (connections, what, part) in ROWS {
        let (share, others) = rest.split_at(preparation.accounts.len() * part / parts);
        rest = others;
        let begun = load::begin(server.public, connections, &preparation.key, share).await?;
        if what.is_cold() {
            server = server.again(program, data)?;
        }
        server.settled().await?;
        let echo = load::echo(bare.public, connections, ECHO_TIME).await?;
        if what == Load::Right {
            row(connections, "vouched", &begun.1, &echo, None);
        }
        let before = server.counters().await?;
        let (address, waiting) = (server.public, begun.0.as_slice());
        let measured = match what {
            Load::Wrong | Load::WrongCold => {
                load::wrong(address, connections, TIME, waiting).await?
            }
            Load::Right | Load::RightCold => {
                load::right(address, connections, TIME, waiting).await?
            }
        };
        let after = server.counters().await?;
        row(connections, what.name(), &measured, &echo, Some((&before, &after)));
    }
    Ok(server)
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
        (syncs, cpu * 1e6 / measured.answers.max(1) as f64)
    });
    say(&format!(
        "{connections:>11} | {what:11} | {:>10.0} | {:>13.3} | {:>6.2} | {:>6.2} | {syncs:>13.3} \
         | {cpu:.0}",
        measured.rate(),
        measured.rate() / echo.rate(),
        millis(measured.quantile(500)),
        millis(measured.quantile(990)),
    ));
}
