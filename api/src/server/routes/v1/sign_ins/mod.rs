//! Sign-ins. One call, one file.

pub(crate) mod activate_factor;
pub(crate) mod answer;
pub(crate) mod begin_factor;
pub(crate) mod email_code;
pub(crate) mod email_code_state;
pub(crate) mod password;
pub(crate) mod start;
