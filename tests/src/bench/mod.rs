//! What `scripts/bench` measures: durable verdicts as a ratio to a bare echo, starts, memory,
//! replay and verification.
//!
//! Absolute figures belong to a machine; ratios carry over. Everything that is compared is
//! measured in one run on one machine.

pub mod http;
pub mod load;
pub mod prepare;
pub mod server;
