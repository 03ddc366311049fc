//! The decisions, actors, vault, read models, mail and audit of Countersign.
//!
//! The centre is [`domain`]: pure functions from an account's state and a command to events, and
//! from events to state. Around it, [`actors`] give every account one queue and append what was
//! decided before anything is answered; [`vault`] keeps the secrets that the log only names;
//! [`sources`] counts where guesses come from; [`projections`] and [`mail`] follow the log;
//! [`webhooks`] tell client apps; [`audit`] checks and replays it; [`migration`] reads what other
//! systems hand over.
//!
//! **Architecture Invariant:** nothing here knows HTTP. Nothing but [`clock::SystemClock`] and
//! [`entropy::OsEntropy`] asks the machine for time or randomness.

pub mod accounts;
pub mod actors;
pub mod assertion;
pub mod audit;
pub mod clock;
pub mod domain;
pub mod enrolment;
pub mod entropy;
pub mod handle;
pub mod mail;
pub mod migration;
pub mod projections;
pub mod sources;
pub mod vault;
pub mod webhooks;
