use jiff::Timestamp;
use uuid::Uuid;

use super::{Draft, ENTRY_BYTES_MAX, Entry, EntryError, SealClass, SealedPart, read_sealed};
use crate::actor::By;
use crate::id::{
    AccountId, CorrelationId, EventId, HandleHash, Hash32, LogId, PolicyVersion, Revision, StreamId,
};
use crate::tree;

fn draft(data: &str) -> Draft {
    Draft {
        id: EventId::new(Uuid::from_u128(7)),
        at: Timestamp::from_second(1_700_000_000).unwrap(),
        event_type: "account.disabled",
        version: 1,
        by: By::Holder,
        correlation: CorrelationId::new(Uuid::from_u128(8)),
        causation: None,
        policy: PolicyVersion::new(1),
        idempotency: None,
        data: data.to_owned(),
        sealed: vec![],
    }
}

fn stream() -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(1)))
}

#[test]
fn an_entry_is_one_line_with_its_fields_in_a_fixed_order() {
    let mut full = draft("{}");
    full.causation = Some(EventId::new(Uuid::from_u128(6)));
    full.idempotency =
        Some(super::Idempotency { key: HandleHash::new([1; 16]), body: HandleHash::new([2; 16]) });
    full.sealed =
        vec![SealedPart { class: SealClass::Pii, key: "k1".into(), ciphertext: vec![1, 2, 3] }];
    let written = full
        .write(
            LogId::new(Uuid::from_u128(9)),
            stream(),
            Revision::new(3),
            Some(Hash32::new([5; 32])),
        )
        .unwrap();
    let text = String::from_utf8(written.bytes.clone()).unwrap();
    let commit = tree::seal_commitment(&[1, 2, 3]);
    let prev = "05".repeat(32);
    let expected = format!(
        "{{\"log\":\"00000000-0000-0000-0000-000000000009\",\
         \"stream\":\"account-00000000-0000-0000-0000-000000000001\",\"rev\":3,\
         \"id\":\"00000000-0000-0000-0000-000000000007\",\"at\":\"2023-11-14T22:13:20Z\",\
         \"type\":\"account.disabled\",\"v\":1,\"by\":{{\"kind\":\"holder\"}},\
         \"cor\":\"00000000-0000-0000-0000-000000000008\",\
         \"cau\":\"00000000-0000-0000-0000-000000000006\",\"pol\":1,\
         \"idem\":{{\"key\":\"01010101010101010101010101010101\",\
         \"body\":\"02020202020202020202020202020202\"}},\
         \"prev\":\"{prev}\",\"data\":{{}},\"sealed\":{{\"pii\":{{\"key\":\"k1\",\
         \"commit\":\"{commit}\"}}}}}}"
    );
    assert_eq!(text, expected);
    assert_eq!(written.leaf, tree::leaf_hash(text.as_bytes()));
    let stored = written.sealed.unwrap();
    assert_eq!(read_sealed(&stored, SealClass::Pii).unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(read_sealed(&stored, SealClass::Net).unwrap(), None);
}

#[test]
fn what_was_written_reads_back_the_same() {
    let written = draft("{\"a\":1}")
        .write(LogId::new(Uuid::from_u128(9)), stream(), Revision::new(0), None)
        .unwrap();
    let entry = Entry::parse(&written.bytes).unwrap();
    assert_eq!(entry.stream, stream());
    assert_eq!(entry.prev, None);
    assert_eq!(entry.data.get(), "{\"a\":1}");
    assert_eq!(serde_json::to_vec(&entry).unwrap(), written.bytes);
}

#[test]
fn an_entry_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let size = |padding: usize| {
        draft(&format!("{{\"p\":\"{}\"}}", "x".repeat(padding))).write(
            LogId::new(Uuid::from_u128(9)),
            stream(),
            Revision::new(0),
            None,
        )
    };
    let base = size(0).unwrap().bytes.len();
    assert_eq!(size(ENTRY_BYTES_MAX - base).unwrap().bytes.len(), ENTRY_BYTES_MAX);
    assert!(matches!(
        size(ENTRY_BYTES_MAX - base + 1),
        Err(EntryError::TooLarge { bytes }) if bytes == ENTRY_BYTES_MAX + 1
    ));
}

#[test]
fn what_is_not_exactly_an_entry_does_not_read() {
    let written = draft("{}")
        .write(LogId::new(Uuid::from_u128(9)), stream(), Revision::new(0), None)
        .unwrap();
    let text = String::from_utf8(written.bytes).unwrap();
    for bad in [
        String::new(),
        text.replace("\"v\":1", "\"v\":1,\"v\":1"),
        text.replace("\"v\":1", "\"v\":1,\"x\":1"),
        text.replace("\"v\":1", "\"v\":-1"),
        format!("{text}{{}}"),
        text.replace("account-", "nobody-"),
    ] {
        assert!(Entry::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}
