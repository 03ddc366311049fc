//! The session that asks. One call, one file.

pub(crate) mod prove;
pub(crate) mod show;
pub(crate) mod sign_out;
