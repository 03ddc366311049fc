//! Appending: places, bounds, bytes that come back verbatim (P3, P7, P9).

use uuid::Uuid;

use super::fixture::{Fixture, after, contents, entry, every_byte, new, plain, sealed};
use super::list_cases;
use crate::entry::ENTRY_BYTES_MAX;
use crate::id::{AccountId, ClientId, Hash32, Revision, StreamId};
use crate::store::{
    Append, AppendError, ENTRIES_PER_APPEND_MAX, Expected, NewEntry, SEALED_BYTES_MAX,
};

list_cases!(Append:
    the_first_append_makes_the_stream,
    the_entries_of_an_append_stand_next_to_each_other,
    revisions_are_dense_across_appends,
    an_append_of_256_entries_is_accepted,
    an_append_of_257_entries_is_refused,
    an_append_of_no_entry_is_refused,
    an_empty_entry_is_refused,
    an_entry_of_one_byte_is_accepted,
    an_entry_at_the_size_limit_is_accepted,
    an_entry_one_byte_over_the_limit_is_refused,
    a_sealed_part_at_the_size_limit_is_accepted,
    a_sealed_part_one_byte_over_the_limit_is_refused,
    the_largest_append_of_all_is_accepted,
    one_bad_entry_refuses_the_whole_append,
    a_refused_append_leaves_no_trace,
    every_byte_value_comes_back_verbatim,
    bytes_that_look_like_text_are_not_touched,
    sealed_parts_come_back_verbatim,
    no_sealed_part_and_an_empty_one_are_told_apart,
    every_kind_of_stream_can_be_written_and_read,
);

async fn the_first_append_makes_the_stream(f: Fixture) {
    assert_eq!(f.stream_head(1).await, None);
    assert_eq!(f.write(1, Expected::NoStream, 1, 1).await, f.placed(0, 0, 1));
    assert_eq!(f.stream_head(1).await, Some(0));
    assert_eq!(contents(&f.entries(1).await), [entry(1, 0)]);
}

async fn the_entries_of_an_append_stand_next_to_each_other(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    assert_eq!(f.write(2, Expected::NoStream, 2, 2).await, f.placed(0, 1, 2));
    let entries = f.entries(2).await;
    assert_eq!(contents(&entries), [entry(2, 0), entry(2, 1)]);
    let places: Vec<_> = entries.iter().map(|e| (e.revision.get(), e.position)).collect();
    assert_eq!(places, [(0, f.position(1)), (1, f.position(2))]);
}

async fn revisions_are_dense_across_appends(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 3).await;
    f.write(2, Expected::NoStream, 2, 1).await;
    assert_eq!(f.write(1, after(2), 3, 2).await, f.placed(3, 4, 2));
    let revisions: Vec<_> = f.entries(1).await.iter().map(|e| e.revision.get()).collect();
    assert_eq!(revisions, [0, 1, 2, 3, 4]);
}

async fn an_append_of_256_entries_is_accepted(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, ENTRIES_PER_APPEND_MAX).await;
    assert_eq!(placed, f.placed(0, 0, 256));
    let written: Vec<_> = (0..256).map(|index| entry(1, index)).collect();
    assert_eq!(contents(&f.entries(1).await), written);
}

async fn an_append_of_257_entries_is_refused(f: Fixture) {
    let refused = f.append(1, Expected::NoStream, 1, ENTRIES_PER_APPEND_MAX + 1);
    assert_eq!(f.store.append(refused).await, Err(AppendError::EntryCount(257)));
    assert_eq!(f.head().await, None);
}

async fn an_append_of_no_entry_is_refused(f: Fixture) {
    let refused = f.append(1, Expected::NoStream, 1, 0);
    assert_eq!(f.store.append(refused).await, Err(AppendError::EntryCount(0)));
    assert_eq!(f.stream_head(1).await, None);
}

async fn an_empty_entry_is_refused(f: Fixture) {
    refuses(&f, plain(""), 0, 0).await;
}

async fn an_entry_of_one_byte_is_accepted(f: Fixture) {
    accepts(&f, plain([0])).await;
}

async fn an_entry_at_the_size_limit_is_accepted(f: Fixture) {
    accepts(&f, plain(vec![b'x'; ENTRY_BYTES_MAX])).await;
}

async fn an_entry_one_byte_over_the_limit_is_refused(f: Fixture) {
    refuses(&f, plain(vec![b'x'; ENTRY_BYTES_MAX + 1]), ENTRY_BYTES_MAX + 1, 0).await;
}

async fn a_sealed_part_at_the_size_limit_is_accepted(f: Fixture) {
    accepts(&f, sealed("{}", vec![7; SEALED_BYTES_MAX])).await;
}

async fn a_sealed_part_one_byte_over_the_limit_is_refused(f: Fixture) {
    let over = SEALED_BYTES_MAX + 1;
    refuses(&f, sealed("{}", vec![7; over]), 2, over).await;
}

async fn the_largest_append_of_all_is_accepted(f: Fixture) {
    let largest = sealed(vec![1; ENTRY_BYTES_MAX], vec![2; SEALED_BYTES_MAX]);
    let entries = vec![largest; ENTRIES_PER_APPEND_MAX];
    new(f.store.append(f.append_of(1, Expected::NoStream, 1, entries.clone())).await);
    assert!(contents(&f.entries(1).await) == entries, "entries differ");
}

async fn one_bad_entry_refuses_the_whole_append(f: Fixture) {
    let entries = vec![entry(1, 0), plain(""), entry(1, 2)];
    let outcome = f.store.append(f.append_of(1, Expected::NoStream, 1, entries)).await;
    assert_eq!(outcome, Err(AppendError::EntrySize { bytes: 0, sealed: 0 }));
    assert_eq!(f.head().await, None);
}

async fn a_refused_append_leaves_no_trace(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    f.store.append(f.append(1, after(0), 2, 0)).await.unwrap_err();
    f.store.append(f.append(1, after(0), 3, 257)).await.unwrap_err();
    f.store.append(f.append_of(1, after(0), 4, vec![plain("")])).await.unwrap_err();
    assert_eq!(f.stream_head(1).await, Some(0));
    // Neither a gap nor a key: the same key is free for a sound append.
    assert_eq!(f.write(1, after(0), 4, 1).await, f.placed(1, 1, 1));
}

async fn every_byte_value_comes_back_verbatim(f: Fixture) {
    accepts(&f, plain(every_byte())).await;
    let one_each: Vec<_> = every_byte().into_iter().map(|byte| plain([byte])).collect();
    new(f.store.append(f.append_of(2, Expected::NoStream, 2, one_each.clone())).await);
    assert_eq!(contents(&f.entries(2).await), one_each);
}

async fn bytes_that_look_like_text_are_not_touched(f: Fixture) {
    let texts = [
        "{\"b\":1,\"a\":2, \"a\":3}\n",
        "\u{feff}{}",
        "1e400",
        "\"\\u0000\\ud800\"",
        "\r\n\t \0",
        "é is not e\u{301}",
        "'; DROP TABLE entries; --",
    ];
    let entries: Vec<_> = texts.into_iter().map(plain).collect();
    new(f.store.append(f.append_of(1, Expected::NoStream, 1, entries.clone())).await);
    assert_eq!(contents(&f.entries(1).await), entries);
    assert_eq!(contents(&f.log().await), entries);
}

async fn sealed_parts_come_back_verbatim(f: Fixture) {
    let entries = vec![sealed("{}", every_byte()), plain("{}"), sealed("{}", [0])];
    new(f.store.append(f.append_of(1, Expected::NoStream, 1, entries.clone())).await);
    assert_eq!(contents(&f.entries(1).await), entries);
    assert_eq!(contents(&f.log().await), entries);
}

async fn no_sealed_part_and_an_empty_one_are_told_apart(f: Fixture) {
    let entries = vec![sealed("{}", ""), plain("{}")];
    new(f.store.append(f.append_of(1, Expected::NoStream, 1, entries.clone())).await);
    assert_eq!(contents(&f.entries(1).await), entries);
}

async fn every_kind_of_stream_can_be_written_and_read(f: Fixture) {
    let StreamId::Account(account) = f.stream(1) else { panic!("an account was asked for") };
    let uuid: Uuid = account.uuid();
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(uuid.as_bytes());
    let streams = [
        StreamId::Account(AccountId::new(uuid)),
        StreamId::Operator(AccountId::new(uuid)),
        StreamId::Client(ClientId::new(uuid)),
        StreamId::Unknown(Hash32::new(hash)),
        StreamId::Policy,
        StreamId::Log,
    ];
    for (key, stream) in (1..).zip(streams) {
        let last = f.store.stream_head(stream).await.unwrap();
        let entries = vec![entry(key, 0)];
        let expected = Expected::at(last);
        let append = Append { stream, expected, entries, key: f.key(key) };
        new(f.store.append(append).await);
        let read = f.store.read_stream(stream, expected.first(), 9).await.unwrap();
        assert_eq!(contents(&read), [entry(key, 0)], "{stream}");
        assert_eq!(read[0].stream, stream);
    }
    let log: Vec<_> = f.log().await.iter().map(|entry| entry.stream).collect();
    assert_eq!(log, streams);
}

async fn accepts(f: &Fixture, entry: NewEntry) {
    new(f.store.append(f.append_of(1, Expected::NoStream, 1, vec![entry.clone()])).await);
    assert!(contents(&f.entries(1).await) == [entry.clone()], "read from the stream");
    assert!(contents(&f.log().await) == [entry], "read from the log");
}

async fn refuses(f: &Fixture, entry: NewEntry, bytes: usize, sealed: usize) {
    let outcome = f.store.append(f.append_of(1, Expected::NoStream, 1, vec![entry])).await;
    assert_eq!(outcome, Err(AppendError::EntrySize { bytes, sealed }));
    assert_eq!(f.store.stream_head(f.stream(1)).await.unwrap().map(Revision::get), None);
}
