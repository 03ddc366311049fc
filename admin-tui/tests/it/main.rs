//! The console, driven by messages and looked at in frames: no terminal, no clock, no network.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod acts;
mod archive;
mod driver;
mod forms;
mod frames;
mod live;
mod mistakes;
mod requests;
mod samples;
mod screens;
mod sign_in;
mod support;
mod unfinished;
