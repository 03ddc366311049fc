//! Read models: what the log says, arranged for questions.
//!
//! One SQLite file, [`ReadModel`], follows the log behind the writers. It is a cache: it can be
//! deleted at any time and is built again from position 0. Its tables carry the version of their
//! shape in their names; another shape is other tables and a replay, never a migration.
//!
//! The questions that are answered: which accounts there are and what is locked ([`accounts`]),
//! which of them an operator looked at ([`looks`]), where in a stream the events of a kind stand
//! ([`time_line`]), what happened in each minute ([`statistics`]), which mail is due ([`outbox`]),
//! what support asked for and did lately ([`support`]), which events a client app may be told
//! ([`app_events`]), and what this program did not understand.
//!
//! **What must stay true.** The position is written in the transaction that writes the rows, so
//! that the file is always exactly the log up to its position. A row depends on the log alone; only
//! the courier's attempts, in a table of their own, are lost with the file. No personal data is
//! kept in clear: an address is there as its keyed hash, for exact lookups (SR-143).

pub mod accounts;
pub mod admins;
pub mod app_events;
mod fact;
mod locks;
pub mod looks;
pub mod mail_due;
pub mod outbox;
mod personal;
mod read_model;
mod schema;
mod staff;
pub mod statistics;
pub mod support;
pub mod time_line;

pub use fact::{AccountFact, Fact, FactKind};
pub use personal::{Opened, PersonalData};
pub use read_model::{BATCH_MAX, Progress, ReadModel, ReadModelError, UnknownType};
