//! Mail and the read models behind it: the log in a file, projector and courier on their arbiters,
//! a real SMTP client, and a mail server that can be told to fail. The clock is moved by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod contact;
mod courier;
mod house;
mod quiet;
mod read_models;
