//! Looking: time lines, states as of then, live numbers and the log as it grows.
//!
//! A look is recorded before anything is shown (SR-126). Numbers and the health of the log name
//! nobody, and are no look.

mod changes;
mod follow;
mod health;
mod record;
mod replay;
mod state;
mod time_line;

pub use follow::FOLLOWERS_PER_OPERATOR_MAX;
pub(super) use record::{LOOK_LASTS, Look};
pub(super) use replay::Replays;
pub(super) use time_line::history_page;
