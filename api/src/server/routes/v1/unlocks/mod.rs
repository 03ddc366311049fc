//! A password that guesses have closed, asked for again. One call, one file.

pub(crate) mod unlock;
