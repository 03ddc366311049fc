//! Recovery codes. One call, one file.

pub(crate) mod renew;
