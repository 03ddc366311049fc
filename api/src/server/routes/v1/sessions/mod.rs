//! The holder's sessions. One call, one file.

pub(crate) mod end;
pub(crate) mod end_others;
pub(crate) mod list;
