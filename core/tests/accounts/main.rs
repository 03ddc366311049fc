//! Accounts, tested through the door that the server uses: store, vault, actors, read model.
//!
//! No HTTP and no machine clock. What is answered here is what the server answers; whatever fails
//! here fails for everybody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod break_glass;
mod client_apps;
mod client_keys;
mod codes;
mod cost;
mod directory;
mod golden_streams;
mod house;
mod idempotency;
mod import;
mod journey;
mod mail;
mod many;
mod once;
mod other_names;
mod policy;
mod population;
mod replays;
mod rules;
mod shared_store;
mod sources;
mod staff;
mod staff_again;
mod time_travel;
