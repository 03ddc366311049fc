//! Support: look, end a lockout, and what else it may do. One call, one file.

pub(crate) mod approve_address_change;
pub(crate) mod approve_removal;
pub(crate) mod ask_address_change;
pub(crate) mod ask_removal;
pub(crate) mod cancel_address_change;
pub(crate) mod cancel_removal;
pub(crate) mod changes;
pub(crate) mod end_sessions;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod log_health;
pub(crate) mod mail_password;
pub(crate) mod removals;
pub(crate) mod reset_lockout;
pub(crate) mod resume;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod stats;
pub(crate) mod suspend;
