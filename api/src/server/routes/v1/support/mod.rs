//! Support: look, and end a lockout. One call, one file.

pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod reset_lockout;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod state;
