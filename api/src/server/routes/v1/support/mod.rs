//! Support: look, and end a lockout. One call, one file.

pub(crate) mod changes;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod log_health;
pub(crate) mod reset_lockout;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod stats;
