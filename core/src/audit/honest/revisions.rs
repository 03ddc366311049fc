//! A replay to any revision, held against what the server had then.

use countersign_events::id::Revision;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::{COMMANDS, draws, play};
use crate::audit::replay::{Until, replay};
use crate::audit::source::Source;

/// Logs that are looked at.
const LOGS: usize = 8;

/// SR-105: at every revision, and not only at the end.
#[test]
fn sr_105_a_replay_to_every_revision_is_the_state_that_was_decided_on() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..LOGS {
        let world = play(&draws(COMMANDS).new_tree(&mut runner).unwrap().current());
        let place = TempDir::new().unwrap();
        world.log.export(place.path());
        for live in &world.streams {
            for (revision, hash) in (0..).map(Revision::new).zip(&live.hashes) {
                let source = Source::open(place.path()).unwrap();
                let replayed = replay(source, live.stream, Until::Revision(revision)).unwrap();
                assert_eq!(replayed.hash, *hash, "{} revision {revision}", live.stream);
            }
        }
    }
}
