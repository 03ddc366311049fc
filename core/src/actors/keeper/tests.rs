use std::path::Path;
use std::sync::Arc;

use countersign_events::actor::By;
use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, Position, Revision, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::store::EventStore as _;
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::tree::tile::{Holds, Tile, read_bundle};
use countersign_events::tree::{TreeHead, leaf_hash};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{
    CHECKPOINT_FILE, KeepError, Keeper, TREE_DIRECTORY, key_of, must_not_be_behind, recover,
};
use crate::accounts::Fault;
use crate::actors::log::Log;
use crate::clock::{Clock as _, SystemClock};
use crate::entropy::OsEntropy;
use crate::vault::Keyring;
use crate::vault::files::{KEYS_DIR, LOG_FILE};

/// A data directory, opened as a server does.
struct Opened {
    store: Arc<SqliteStore>,
    keyring: Arc<Keyring>,
    log: Log,
}

impl Opened {
    async fn at(place: &Path) -> Self {
        let store = SqliteStore::open(&place.join(LOG_FILE), Arc::new(|| SystemClock.now()));
        let store = Arc::new(store.unwrap());
        let keyring = Keyring::open_or_create(&place.join(KEYS_DIR), &OsEntropy).unwrap();
        let keyring = Arc::new(keyring);
        let log = Log::open(
            Arc::clone(&store) as _,
            keyring.log_public_key(),
            "log.example/1",
            Arc::new(SystemClock),
            Arc::new(OsEntropy),
        );
        let log = log.await.unwrap();
        Self { store, keyring, log }
    }

    async fn keeper(&self, place: &Path) -> Result<Keeper, KeepError> {
        let store = Arc::clone(&self.store) as _;
        Keeper::open(store, Arc::clone(&self.keyring), place, self.log.halt()).await
    }

    /// Records this many more.
    async fn record(&self, many: usize) {
        for number in 0..many {
            let version = format!("0.0.{number}");
            self.log.server_started(&version, Hash32::new([7; 32])).await.unwrap();
        }
    }

    async fn head(&self) -> TreeHead {
        let mut head = TreeHead::default();
        let entries = self.store.read_all(Position::new(0), 4096).await.unwrap();
        entries.iter().for_each(|entry| head.push(leaf_hash(&entry.bytes)));
        head
    }
}

fn kept(place: &Path) -> SignedCheckpoint {
    SignedCheckpoint::parse(&std::fs::read(place.join(CHECKPOINT_FILE)).unwrap()).unwrap()
}

/// A log of so many entries, signed and closed.
async fn signed(many: usize) -> TempDir {
    let place = TempDir::new().unwrap();
    let opened = Opened::at(place.path()).await;
    opened.record(many - 1).await;
    opened.keeper(place.path()).await.unwrap().advance().await.unwrap();
    place
}

/// Changes the database as whoever owns the disk can.
fn tamper(place: &Path, sql: &str) {
    let db = Connection::open(place.join(LOG_FILE)).unwrap();
    let triggers: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        db.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
}

/// SR-104: what is signed is the root of the log, and it lies outside the database.
#[tokio::test]
async fn sr_104_a_checkpoint_is_signed_over_all_there_is_and_only_where_something_is_new() {
    let place = TempDir::new().unwrap();
    let opened = Opened::at(place.path()).await;
    let mut keeper = opened.keeper(place.path()).await.unwrap();
    for more in [1, 0, 3, 300] {
        opened.record(more).await;
        keeper.advance().await.unwrap();
        let (kept, head) = (kept(place.path()), opened.head().await);
        assert_eq!((kept.checkpoint.size, kept.checkpoint.root), (head.size(), head.root()));
        kept.check(&key_of(opened.store.as_ref()).await.unwrap()).unwrap();
        assert_eq!(keeper.checkpoints().latest().as_deref(), Some(&kept));
    }
    let written = std::fs::metadata(place.path().join(CHECKPOINT_FILE)).unwrap().modified();
    keeper.advance().await.unwrap();
    let again = std::fs::metadata(place.path().join(CHECKPOINT_FILE)).unwrap().modified();
    assert_eq!(written.unwrap(), again.unwrap());
}

#[tokio::test]
async fn tiles_are_those_of_the_tree_that_was_signed_last() {
    let place = TempDir::new().unwrap();
    let opened = Opened::at(place.path()).await;
    opened.record(299).await;
    let mut keeper = opened.keeper(place.path()).await.unwrap();
    keeper.advance().await.unwrap();
    opened.record(10).await;
    let checkpoints = keeper.checkpoints();
    let entries = opened.store.read_all(Position::new(256), 44).await.unwrap();
    let tile = |holds, index, width| checkpoints.tile(Tile { holds, index, width });
    let bundle = tile(Holds::Entries, 1, 44).await.unwrap().unwrap();
    let bytes: Vec<&[u8]> = entries.iter().map(|entry| entry.bytes.as_slice()).collect();
    assert_eq!(read_bundle(&bundle).unwrap(), bytes);
    let leaves: Vec<u8> = bytes.iter().flat_map(|entry| *leaf_hash(entry).bytes()).collect();
    assert_eq!(tile(Holds::Hashes(0), 1, 44).await.unwrap(), Some(leaves));
    assert!(tile(Holds::Hashes(1), 0, 1).await.unwrap().is_some());
    for (holds, index, width) in
        [(Holds::Entries, 1, 45), (Holds::Hashes(0), 1, 45), (Holds::Hashes(1), 0, 2)]
    {
        assert_eq!(tile(holds, index, width).await.unwrap(), None, "{holds:?} {index} {width}");
    }
}

/// AT-54: the hand of whoever owns the disk. A start names the position, and nothing is written.
#[tokio::test]
async fn at_54_a_log_that_was_changed_is_named_by_its_position() {
    for sql in [
        "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '0.0.3', '0.0.4') AS BLOB) \
         WHERE position = 4",
        "DELETE FROM entries WHERE position = 4",
    ] {
        let place = signed(20).await;
        tamper(place.path(), sql);
        let opened = Opened::at(place.path()).await;
        let refused = opened.keeper(place.path()).await.err().unwrap();
        let at_4 = Some(Position::new(4));
        assert!(
            matches!(refused, KeepError::Differs { signed: 20, position } if position == at_4)
                && refused.is_alarm(),
            "{sql}: {refused}"
        );
    }
}

#[tokio::test]
async fn without_the_tree_the_root_alone_tells_that_a_log_was_changed() {
    let place = signed(20).await;
    std::fs::remove_dir_all(place.path().join(TREE_DIRECTORY)).unwrap();
    {
        let opened = Opened::at(place.path()).await;
        opened.keeper(place.path()).await.unwrap();
    }
    std::fs::write(place.path().join(TREE_DIRECTORY).join("level-0"), [0; 640]).unwrap();
    let change = "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '0.0.3', '0.0.4') \
                  AS BLOB) WHERE position = 4";
    tamper(place.path(), change);
    let opened = Opened::at(place.path()).await;
    let refused = opened.keeper(place.path()).await.err().unwrap();
    assert!(matches!(refused, KeepError::Differs { signed: 20, position: None }), "{refused}");
}

#[tokio::test]
async fn a_log_that_lies_behind_is_not_written_to_not_even_begun() {
    let place = signed(20).await;
    tamper(place.path(), "DELETE FROM entries WHERE position > 14");
    let opened = Opened::at(place.path()).await;
    let refused = must_not_be_behind(opened.store.as_ref(), place.path()).await.err().unwrap();
    assert!(matches!(refused, KeepError::Behind { size: 15, signed: 20 }), "{refused}");
    drop(opened);
    let empty = SqliteStore::open(&place.path().join("other.db"), Arc::new(|| SystemClock.now()));
    let refused = must_not_be_behind(&empty.unwrap(), place.path()).await.err().unwrap();
    assert!(matches!(refused, KeepError::Behind { size: 0, signed: 20 }), "{refused}");
}

#[tokio::test]
async fn a_checkpoint_of_another_key_or_in_other_words_is_not_taken_for_ours() {
    let place = signed(20).await;
    let other = signed(20).await;
    let file = place.path().join(CHECKPOINT_FILE);
    for content in [std::fs::read(other.path().join(CHECKPOINT_FILE)).unwrap(), b"20\n".to_vec()] {
        std::fs::write(&file, content).unwrap();
        let opened = Opened::at(place.path()).await;
        let refused = opened.keeper(place.path()).await.err().unwrap();
        assert!(matches!(refused, KeepError::NotOurs { .. }) && refused.is_alarm(), "{refused}");
    }
}

/// Entries that the start left for later are compared while the server works, and the pen is
/// halted where they differ.
#[tokio::test]
async fn what_is_found_later_halts_the_pen_and_stops_the_signing() {
    let place = signed(20).await;
    let opened = Opened::at(place.path()).await;
    let mut keeper = opened.keeper(place.path()).await.unwrap();
    keeper.unseen = 20;
    tamper(
        place.path(),
        "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '0.0.3', '0.0.4') AS BLOB) \
         WHERE position = 4",
    );
    opened.record(1).await;
    let before = kept(place.path());
    let (stop, stopping) = tokio::sync::watch::channel(false);
    keeper.keep(stopping).await;
    drop(stop);
    assert!(opened.log.halt().why().unwrap().contains("position 4"));
    assert_eq!(kept(place.path()), before);
    let refused = opened.log.server_started("1", Hash32::new([0; 32])).await;
    assert!(matches!(refused, Err(Fault::Unavailable(_))), "{refused:?}");
    assert!(opened.log.takes_entries().await.is_err());
    assert_eq!(opened.head().await.size(), 21);
}

#[tokio::test]
async fn recovering_says_what_was_lost_keeps_it_and_goes_on() {
    let place = signed(20).await;
    tamper(place.path(), "DELETE FROM entries WHERE position > 14");
    let lost = kept(place.path());
    let opened = Opened::at(place.path()).await;
    let by = By::Console { user: "root".to_owned() };
    let go_on = |reason: &'static str| {
        recover(&opened.log, Arc::clone(&opened.keyring), place.path(), by.clone(), reason)
    };
    assert!(go_on("").await.is_err() && go_on("two\nlines").await.is_err());
    let recovered = go_on("restored from last night").await.unwrap().unwrap();
    assert_eq!((recovered.size, recovered.lost), (15, Some(lost.checkpoint.clone())));
    let aside = std::fs::read(&recovered.set_aside).unwrap();
    assert_eq!(SignedCheckpoint::parse(&aside).unwrap(), lost);
    let last = opened.log.read_from(StreamId::Log, Revision::new(0));
    let last = last.await.unwrap().pop().unwrap();
    let entry = Entry::parse(&last.bytes).unwrap();
    let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get()).unwrap();
    let LogEvent::Recovered(event) = event else { panic!("{event:?}") };
    assert_eq!((event.lost_size, event.size, entry.by), (Some(20), 15, by.clone()));
    assert_eq!((kept(place.path()).checkpoint.size, opened.head().await.size()), (16, 16));
    assert_eq!(go_on("again").await.unwrap(), None);
    opened.keeper(place.path()).await.unwrap().advance().await.unwrap();
}
