//! Authenticators. One call, one file.

pub(crate) mod activate;
pub(crate) mod begin;
pub(crate) mod delete;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod resync;
