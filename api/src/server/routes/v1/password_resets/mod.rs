//! New passwords by mail. One call, one file.

pub(crate) mod request;
pub(crate) mod reset;
