//! The decisions: from state and command to events, and from events to state.
//!
//! ```text
//!              Command + Account ──decide──▶ Vec<AccountEvent> │ Refusal
//!   Account + StampedEvent ──evolve──▶ Account
//! ```
//!
//! A wrong code is not a refusal: it is a fact, `CodeRejected`, and the answer is read from it.
//! A refusal is what was not even evaluated.
//!
//! **Architecture Invariant:** pure and synchronous. No I/O, no clock, no randomness, no key:
//! time, random numbers and matched secrets arrive in the command. `evolve` is total and
//! deterministic, and nothing in the state is personal data.

pub mod account;
pub mod command;
pub mod decide;
pub mod email_code;
pub mod evolve;
pub mod explain;
pub mod grant;
pub mod idempotency;
pub mod limits;
pub mod policy;
pub mod recovery_code;
pub mod refusal;
pub mod removal;
pub mod session;
pub mod totp;

pub use account::Account;
pub use command::Command;
pub use decide::decide;
pub use evolve::{StampedEvent, evolve};
