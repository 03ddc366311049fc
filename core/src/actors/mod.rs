//! …

pub mod courier;
pub mod projector;
