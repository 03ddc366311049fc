//! The real binary, stopped and killed at bad moments, with nothing but itself on the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod archive;
mod clock;
mod crash;
mod export;
mod import;
mod log_lines;
mod lost;
mod policy;
mod proofs;
mod replays;
mod signed;
mod stop;
mod unlock;
mod verbs;
mod views;
mod watching;
mod webhooks;
