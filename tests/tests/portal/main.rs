//! The portal as people use it: a real browser, a QR code read from its picture, codes of somebody
//! else's authenticator.
#![cfg(feature = "external")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod accessible;
mod authenticators;
mod demanded;
mod forgotten;
mod lost_phone;
mod not_me;
mod person;
mod second_step;
mod served;
mod troubles;
mod walks;
