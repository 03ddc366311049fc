//! Log lines: JSON on standard error, one line each, whatever is in them (SR-146).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Log;

/// What the server library says of its threads is of no use to whoever runs the service.
const QUIET_THREADS: &str = "actix_server=warn";
/// For every connection that brings no well-formed request (400, 408, 431) the server library
/// writes an ERROR, so that anybody at all could fill the log and set off alarms. What goes wrong
/// in a call of ours is logged where it happens; these lines are there from `debug` on.
const QUIET_CONNECTIONS: &str = "actix_http::h1::dispatcher=off";
/// The levels at which somebody looks into connections.
const LOOKING_CLOSELY: &[&str] = &["debug", "trace"];

/// Logs from now on, panics too: with their place and without their values (SR-076).
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::new(filter(&log.level));
    let started = if log.json {
        let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
        tracing_subscriber::registry().with(filter).with(lines).try_init()
    } else {
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        tracing_subscriber::registry().with(filter).with(lines).try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: "countersign::panic", place, "panicked");
        }));
    }
}

/// What is logged at a level.
fn filter(level: &str) -> String {
    let close = LOOKING_CLOSELY.contains(&level);
    let quiet = if close {
        QUIET_THREADS.to_owned()
    } else {
        format!("{QUIET_THREADS},{QUIET_CONNECTIONS}")
    };
    format!("{level},{quiet}")
}
