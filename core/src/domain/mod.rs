//! The decisions: from state and command to events, and from events to state.
//!
//! **Architecture Invariant:** pure and synchronous. No I/O, no clock, no randomness, no key:
//! time, random numbers and matched secrets arrive in the command.

pub mod refusal;
