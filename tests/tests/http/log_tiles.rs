//! The log's checkpoint and tiles, as an auditor reads them.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::log_event::LogEvent;
use countersign_events::tree::tile::{Holds, Tile, read_bundle};
use countersign_events::tree::{TreeHead, leaf_hash};
use countersign_tests::app::{Person, TestApp};
use serde_json::json;

/// SR-104: checkpoint, hashes and entries belong together, and to the key that the log names.
#[test]
fn sr_104_an_auditor_reads_the_whole_tree_and_its_signed_root() {
    TestApp::run(async |app| {
        let auditor = app.operator("operator.auditor", Role::Auditor).await;
        app.restart().await.unwrap();
        let auditor = Person { token: app.enter(&auditor).await, ..auditor };
        let read =
            async |path: String| app.get(path).on(Listener::Operator).bearer(&auditor.token).await;
        let note = read("/v1/log/checkpoint".to_owned()).await.is(200);
        assert_eq!(note.headers["content-type"], "text/plain; charset=utf-8");
        let signed = SignedCheckpoint::parse(&note.bytes).unwrap();
        let (size, mut head, mut hashes) = (signed.checkpoint.size, TreeHead::default(), vec![]);
        let mut key = None;
        for tile in Tile::all(size) {
            let answered = read(format!("/v1/log/{tile}")).await.is(200);
            assert_eq!(answered.headers["content-type"], "application/octet-stream");
            if tile.holds == Holds::Hashes(0) {
                let begins = usize::try_from(tile.first()).unwrap() * 32;
                assert_eq!(answered.bytes, hashes[begins..], "{tile}");
            }
            if tile.holds != Holds::Entries {
                continue;
            }
            for entry in read_bundle(&answered.bytes).unwrap() {
                let leaf = leaf_hash(entry);
                head.push(leaf);
                hashes.extend_from_slice(leaf.bytes());
                let entry = Entry::parse(entry).unwrap();
                let (event_type, data) = (&entry.event_type, entry.data.get());
                if let Ok(LogEvent::Created(created)) =
                    LogEvent::decode(event_type, entry.version, data)
                {
                    key = Some(Checkpoint::key(&created.origin, *created.key.bytes()).unwrap());
                }
            }
        }
        assert_eq!((head.size(), head.root()), (size, signed.checkpoint.root));
        signed.check(&key.unwrap()).unwrap();
        for beyond in ["tile/0/999", "tile/1/000.p/200", "tile/entries/x001/000", "tile/0/1", "x"] {
            read(format!("/v1/log/{beyond}")).await.is(404);
        }
    });
}

/// SR-122: entries of all accounts are an auditor's, and those of a key that was made for it.
#[test]
fn sr_122_the_logs_bytes_are_for_auditors_alone() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let key = async |scope: &str| {
            let body = json!({ "name": "reader", "scopes": [scope] });
            let added = app.post("/v1/clients", &body).on(Listener::Operator).bearer(&admin.token);
            let key = added.await.is(201).text_at("/api_key");
            app.plant("API key", key.as_bytes());
            key
        };
        let (reader, other) = (key("log:read").await, key("history:read").await);
        app.restart().await.unwrap();
        let olga = app.enter(&olga).await;
        for path in ["/v1/log/checkpoint", "/v1/log/tile/0/000.p/1", "/v1/log/tile/entries/000.p/1"]
        {
            let get = || app.get(path).on(Listener::Operator);
            get().bearer(&reader).await.is(200);
            get().bearer(&other).await.is(403);
            get().bearer(&olga).await.is(403);
            get().await.is(401);
            app.get(path).bearer(&reader).await.is(404);
        }
    });
}
