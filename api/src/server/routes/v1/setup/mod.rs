//! The first password of an operator. One call, one file.

pub(crate) mod set_up;
