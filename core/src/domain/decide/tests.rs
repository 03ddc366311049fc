//! What every command produces, when it refuses, and when it stays quiet.
//!
//! One form for all: `given(events).when(command).then(events)`. The facts on both sides are
//! written out, so that a test reads as the rule it shows.

#![allow(clippy::too_many_lines, reason = "a table of cases is read from top to bottom")]

mod address_change;
mod asked_by_mail;
mod codes;
mod devices;
mod drift;
mod email_codes;
mod enrolling;
mod factors;
mod facts;
mod forgiving;
mod grants;
mod harness;
mod histories;
mod limits;
mod many_sessions;
mod pace;
mod recovery_codes;
mod registration;
mod removal;
mod resync;
mod sessions;
mod sign_in;
mod simulations;
mod state_machine;
mod support;
mod suspension;
mod unlock;
mod victims;
mod vouched;
mod world;
