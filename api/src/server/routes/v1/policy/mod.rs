//! The policy, by an admin. One call, one file.

pub(crate) mod set;
pub(crate) mod show;
