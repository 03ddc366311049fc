//! The replacement of a lost authenticator. One call, one file.

pub(crate) mod cancel;
pub(crate) mod request;
