//! The portal as people use it: a real browser, a QR code read from its picture, codes of somebody
//! else's authenticator.
#![cfg(feature = "external")]

mod accessible;
mod person;
mod walks;
