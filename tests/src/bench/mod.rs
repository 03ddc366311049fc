//! What `scripts/bench` measures: durable verdicts as a ratio to a bare echo, starts, memory,
//! replay and verification.
//!
//! Absolute figures belong to a machine; ratios carry over. Everything that is compared is
//! measured in one run on one machine.

pub mod age;
pub mod audit;
pub mod bulk;
pub mod costs;
pub mod disk;
pub mod http;
pub mod import;
pub mod load;
pub mod prepare;
pub mod server;
pub mod table;
pub mod views;
pub mod whole;

/// Says a line of the report.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
pub fn say(line: &str) {
    println!("{line}");
}
