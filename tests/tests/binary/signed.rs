//! A log that is not the one that was signed: nobody writes to it until somebody says so.

use std::path::{Path, PathBuf};

use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::tree::leaf_hash;
use countersign_tests::phone::App;
use countersign_tests::server::{Server, add_client, call, into_file, verb};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// A directory that was served, and somebody's wrong code in it.
struct Place {
    directory: TempDir,
}

impl Place {
    fn made() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        let server = Server::start(&place.data()).unwrap();
        let app = App { public: server.public, key: add_client(&place.data()).unwrap() };
        let user = app.user("somebody").unwrap();
        let sign_in = app.sign_in(&user).unwrap();
        let answer = serde_json::json!({ "method": "totp", "code": "000000" });
        let path = format!("/v1/sign-ins/{sign_in}/answers");
        let refused = call(server.public, "POST", &path, Some(&app.key), Some(&answer)).unwrap();
        assert_eq!(refused.status, 401, "{refused:?}");
        app.sign_in(&user).unwrap();
        assert!(server.terminate().unwrap().0.success());
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn signed(&self) -> SignedCheckpoint {
        let bytes = std::fs::read(self.data().join("checkpoint")).unwrap();
        SignedCheckpoint::parse(&bytes).unwrap()
    }

    /// The log without what keeps it from being changed.
    fn opened(&self) -> Connection {
        let log = Connection::open(self.data().join("log.db")).unwrap();
        let sql = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema \
                   WHERE type = 'trigger'";
        let drop: String = log.query_row(sql, [], |row| row.get(0)).unwrap();
        log.execute_batch(&drop).unwrap();
        log
    }

    /// Tries to serve it: what it says. Nothing may be written.
    fn refused(&self) -> String {
        let before = std::fs::read(self.data().join("log.db")).unwrap();
        let path = self.directory.path().join("stderr");
        let served = Server::start_telling(&[], &self.data(), into_file(&path).unwrap());
        assert!(served.is_err(), "it is served");
        assert!(add_client(&self.data()).is_err(), "a verb writes to it");
        assert_eq!(std::fs::read(self.data().join("log.db")).unwrap(), before, "it was written to");
        std::fs::read_to_string(path).unwrap()
    }

    fn recover(&self) -> serde_json::Value {
        let data = self.data();
        let reason = ["--reason", "last night's backup", "--json"];
        let words = [&["log", "recover", "--data", data.to_str().unwrap()], &reason[..]].concat();
        let (code, out, err) = verb(&words).unwrap();
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str(&out).unwrap()
    }
}

/// Turns the one refused code into an accepted one, and chains what follows in its stream anew, as
/// whoever owns the disk and has our code can: the position of the entry.
fn forge(log: &Connection) -> i64 {
    let sql = "SELECT position, stream, entry FROM entries ORDER BY position";
    let mut statement = log.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let entries: Vec<(i64, i64, Vec<u8>)> = rows.map(Result::unwrap).collect();
    let text = |entry: &[u8]| String::from_utf8(entry.to_vec()).unwrap();
    let (forged, stream, _) = entries
        .iter()
        .find(|(.., entry)| text(entry).contains("\"type\":\"account.code_rejected\""))
        .unwrap();
    let mut chain: Option<(String, String)> = None;
    for (position, _, entry) in entries.iter().filter(|(at, of, _)| at >= forged && of == stream) {
        let mut changed = text(entry);
        if position == forged {
            changed = changed.replace("code_rejected", "code_verified");
        }
        if let Some((was, is)) = &chain {
            assert!(changed.contains(was), "{changed}");
            changed = changed.replace(was, is);
        }
        chain = Some((leaf_hash(entry).to_string(), leaf_hash(changed.as_bytes()).to_string()));
        let sql = "UPDATE entries SET entry = ?1 WHERE position = ?2";
        log.execute(sql, params![changed.into_bytes(), position]).unwrap();
    }
    *forged
}

/// SR-104, AT-54: a refused code turned into an accepted one, with every hash made anew.
#[test]
fn sr_104_at_54_a_log_that_was_chained_anew_is_not_written_to() {
    let place = Place::made();
    let position = forge(&place.opened());
    let told = place.refused();
    assert!(told.contains(&format!("it differs from position {position} on")), "{told}");
    assert!(told.contains("countersign log recover"), "{told}");
}

/// A backup of yesterday in the place of the log: what was signed since says so.
#[test]
fn sr_104_a_log_that_lies_behind_is_not_written_to_until_it_is_recovered() {
    let place = Place::made();
    let signed = place.signed().checkpoint;
    let kept = signed.size - 3;
    let sql = format!("DELETE FROM entries WHERE position >= {kept}");
    assert_eq!(place.opened().execute(&sql, []).unwrap(), 3);
    let told = place.refused();
    let (has, were) =
        (format!("the log has {kept} entries"), format!("{} were signed", signed.size));
    assert!(told.contains(&has) && told.contains(&were), "{told}");

    let recovered = place.recover();
    assert_eq!(
        (recovered["entries"].as_u64(), recovered["recovered"].as_bool()),
        (Some(kept), Some(true))
    );
    let lost = std::fs::read(recovered["set_aside"].as_str().unwrap()).unwrap();
    assert_eq!(SignedCheckpoint::parse(&lost).unwrap().checkpoint, signed);
    let server = Server::start(&place.data()).unwrap();
    assert!(server.terminate().unwrap().0.success());
    assert!(place.signed().checkpoint.size > kept);
    assert_eq!(place.recover()["recovered"].as_bool(), Some(false));
}

/// Whatever writes, a server or a verb, leaves a checkpoint over all of it.
#[test]
fn what_stops_has_signed_all_that_there_is() {
    let place = Place::made();
    let entries = |data: &Path| -> u64 {
        let log = Connection::open(data.join("log.db")).unwrap();
        let count = log.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0));
        count.unwrap().try_into().unwrap()
    };
    assert_eq!(place.signed().checkpoint.size, entries(&place.data()));
    add_client(&place.data()).unwrap();
    assert_eq!(place.signed().checkpoint.size, entries(&place.data()));
}
