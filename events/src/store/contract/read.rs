//! Reading streams: cuts, limits, and one's own writes (P5).

use uuid::Uuid;

use super::fixture::{Fixture, after, contents, entry, new};
use super::list_cases;
use crate::id::{AccountId, ClientId, Revision, StreamId};
use crate::store::{Append, Expected, READ_LIMIT_MAX};

list_cases!(Read:
    a_stream_that_does_not_exist_reads_empty,
    a_stream_reads_the_same_from_every_cut,
    pages_of_every_size_make_the_same_stream,
    a_read_of_nothing_is_empty,
    a_read_beyond_the_end_is_empty,
    a_stream_is_read_up_to_the_limit_of_one_read,
    own_writes_are_read_at_once,
    streams_of_one_id_and_different_kinds_are_apart,
    what_was_read_never_changes,
);

async fn a_stream_that_does_not_exist_reads_empty(f: Fixture) {
    f.fill(1, 0..2).await;
    assert_eq!(f.entries(2).await, []);
    assert_eq!(f.stream_head(2).await, None);
    let read = f.store.read_stream(f.stream(2), Revision::new(5), 10).await.unwrap();
    assert_eq!(read, []);
}

async fn a_stream_reads_the_same_from_every_cut(f: Fixture) {
    f.fill(1, 0..30).await;
    let all = f.entries(1).await;
    assert_eq!(all.len(), 30);
    for cut in 0..=30 {
        let from = Revision::new(cut as u64);
        let rest = f.store.read_stream(f.stream(1), from, READ_LIMIT_MAX).await.unwrap();
        assert_eq!(rest, all[cut..]);
    }
}

async fn pages_of_every_size_make_the_same_stream(f: Fixture) {
    for key in 0..20 {
        let expected = if key == 0 { Expected::NoStream } else { after(key - 1) };
        f.write(1, expected, key, 1).await;
        f.write(2 + key, Expected::NoStream, key, 1).await;
    }
    let all = f.entries(1).await;
    for limit in 1..=21 {
        let mut pages = Vec::new();
        loop {
            let from = Revision::new(pages.len() as u64);
            let page = f.store.read_stream(f.stream(1), from, limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, all, "pages of {limit}");
    }
}

async fn a_read_of_nothing_is_empty(f: Fixture) {
    f.fill(1, 0..2).await;
    let read = f.store.read_stream(f.stream(1), Revision::new(0), 0).await.unwrap();
    assert_eq!(read, []);
    assert_eq!(f.store.read_all(f.position(0), 0).await.unwrap(), []);
}

async fn a_read_beyond_the_end_is_empty(f: Fixture) {
    f.fill(1, 0..2).await;
    for from in [2, 3, 1_000, u64::MAX / 2, u64::MAX] {
        let read = f.store.read_stream(f.stream(1), Revision::new(from), 10).await.unwrap();
        assert_eq!(read, [], "from {from}");
    }
}

async fn a_stream_is_read_up_to_the_limit_of_one_read(f: Fixture) {
    let mut expected = Expected::NoStream;
    for key in 0..17 {
        expected = Expected::Revision(f.write(1, expected, key, 256).await.last);
    }
    let read = f.store.read_stream(f.stream(1), Revision::new(0), usize::MAX).await.unwrap();
    assert_eq!(read.len(), READ_LIMIT_MAX);
    let read = f.store.read_all(f.position(0), usize::MAX).await.unwrap();
    assert_eq!(read.len(), READ_LIMIT_MAX);
}

async fn own_writes_are_read_at_once(f: Fixture) {
    for key in 0..50 {
        let expected = if key == 0 { Expected::NoStream } else { after(key - 1) };
        let placed = f.write(1, expected, key, 1).await;
        assert_eq!(f.stream_head(1).await, Some(key));
        assert_eq!(f.head().await, Some(placed.position));
        let read = f.store.read_stream(f.stream(1), placed.first, 9).await.unwrap();
        assert_eq!(contents(&read), [entry(key, 0)]);
        let read = f.store.read_all(placed.position, 9).await.unwrap();
        assert_eq!(contents(&read), [entry(key, 0)]);
    }
}

async fn streams_of_one_id_and_different_kinds_are_apart(f: Fixture) {
    let StreamId::Account(account) = f.stream(1) else { panic!("an account was asked for") };
    let uuid: Uuid = account.uuid();
    let streams = [
        StreamId::Account(account),
        StreamId::Operator(AccountId::new(uuid)),
        StreamId::Client(ClientId::new(uuid)),
    ];
    for (key, stream) in (1..).zip(streams) {
        let entries = vec![entry(key, 0)];
        let append = Append { stream, expected: Expected::NoStream, entries, key: f.key(1) };
        new(f.store.append(append).await);
    }
    for (key, stream) in (1..).zip(streams) {
        let read = f.store.read_stream(stream, Revision::new(0), 9).await.unwrap();
        assert_eq!(contents(&read), [entry(key, 0)], "{stream}");
    }
}

async fn what_was_read_never_changes(f: Fixture) {
    f.fill(1, 0..10).await;
    let (stream, log) = (f.entries(1).await, f.log().await);
    f.write(1, after(9), 10, 200).await;
    f.write(2, Expected::NoStream, 11, 200).await;
    f.store.append(f.append(1, after(3), 12, 1)).await.unwrap_err();
    assert_eq!(f.entries(1).await[..10], stream);
    assert_eq!(f.log().await[..10], log);
}
