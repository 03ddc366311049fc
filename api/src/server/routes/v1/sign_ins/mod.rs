//! Sign-ins. One call, one file.

pub(crate) mod answer;
pub(crate) mod email_code;
pub(crate) mod start;
