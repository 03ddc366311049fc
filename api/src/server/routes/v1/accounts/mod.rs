//! Accounts: making one, and looking at it. One call, one file.

pub(crate) mod history;
pub(crate) mod register;
pub(crate) mod show;
