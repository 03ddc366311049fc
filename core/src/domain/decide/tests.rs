//! What every command produces, when it refuses, and when it stays quiet.
//!
//! One form for all: `given(events).when(command).then(events)`. The facts on both sides are
//! written out, so that a test reads as the rule it shows.

#![allow(clippy::too_many_lines, reason = "a table of cases is read from top to bottom")]

mod codes;
mod devices;
mod email_codes;
mod enrolling;
mod factors;
mod facts;
mod harness;
mod histories;
mod limits;
mod recovery_codes;
mod registration;
mod sessions;
mod sign_in;
mod simulations;
mod state_machine;
mod support;
