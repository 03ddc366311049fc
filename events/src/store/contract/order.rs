//! The one order of the log: dense, final, and the order of every stream (P4).

use std::collections::HashMap;
use std::sync::Arc;

use super::fixture::{Fixture, after, new};
use super::list_cases;
use crate::id::StreamId;
use crate::store::{Expected, READ_LIMIT_MAX, Recorded};

list_cases!(Order:
    an_empty_log_has_no_head,
    the_head_is_the_last_entry,
    positions_are_dense_in_the_order_of_the_appends,
    the_log_reads_the_same_from_every_cut,
    pages_of_every_size_make_the_same_log,
    a_read_of_the_log_beyond_its_head_is_empty,
    the_log_keeps_the_order_of_every_stream,
    a_reader_never_later_finds_anything_before_its_position,
);

async fn an_empty_log_has_no_head(f: Fixture) {
    assert_eq!(f.head().await, None);
    assert_eq!(f.log().await, []);
}

async fn the_head_is_the_last_entry(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    assert_eq!(f.head().await, Some(f.position(0)));
    f.write(2, Expected::NoStream, 2, 200).await;
    assert_eq!(f.head().await, Some(f.position(200)));
    assert_eq!(f.log().await.last().map(|entry| entry.position), f.head().await);
}

async fn positions_are_dense_in_the_order_of_the_appends(f: Fixture) {
    let log = mixed(&f).await;
    for (number, entry) in (0..).zip(&log) {
        assert_eq!(entry.position, f.position(number));
    }
}

async fn the_log_reads_the_same_from_every_cut(f: Fixture) {
    let log = mixed(&f).await;
    for cut in 0..=log.len() {
        let from = f.position(cut as u64);
        let rest = f.store.read_all(from, READ_LIMIT_MAX).await.unwrap();
        assert_eq!(rest, log[cut..], "from {cut}");
    }
}

async fn pages_of_every_size_make_the_same_log(f: Fixture) {
    let log = mixed(&f).await;
    for limit in 1..=log.len() + 1 {
        let mut pages: Vec<Recorded> = Vec::new();
        loop {
            let from = f.position(pages.len() as u64);
            let page = f.store.read_all(from, limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, log, "pages of {limit}");
    }
}

async fn a_read_of_the_log_beyond_its_head_is_empty(f: Fixture) {
    f.fill(1, 0..2).await;
    for from in [2, 1_000, 1 << 40] {
        assert_eq!(f.store.read_all(f.position(from), 10).await.unwrap(), []);
    }
}

async fn the_log_keeps_the_order_of_every_stream(f: Fixture) {
    let log = mixed(&f).await;
    let mut revisions: HashMap<StreamId, u64> = HashMap::new();
    for entry in &log {
        let next = revisions.entry(entry.stream).or_default();
        assert_eq!(entry.revision.get(), *next, "{}", entry.stream);
        *next += 1;
    }
    assert_eq!(revisions.len(), 7);
    for stream in 0..7 {
        let of_stream: Vec<_> =
            log.iter().filter(|entry| entry.stream == f.stream(stream)).cloned().collect();
        assert_eq!(f.entries(stream).await, of_stream);
    }
}

/// Eight writers at once, and a reader that polls as fast as it can: what it has seen of the log
/// at any time is the log from its start, without a gap that is filled later.
async fn a_reader_never_later_finds_anything_before_its_position(f: Fixture) {
    const WRITERS: u64 = 8;
    const APPENDS: u64 = 40;
    let f = Arc::new(f);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let f = Arc::clone(&f);
            tokio::spawn(async move {
                let mut expected = Expected::NoStream;
                for append in 0..APPENDS {
                    let placed = f.write(writer, expected, writer * APPENDS + append, 2).await;
                    expected = Expected::Revision(placed.last);
                }
            })
        })
        .collect();
    let mut seen: Vec<Recorded> = Vec::new();
    while (seen.len() as u64) < WRITERS * APPENDS * 2 {
        let from = f.position(seen.len() as u64);
        let page = f.store.read_all(from, 64).await.unwrap();
        for (number, entry) in (seen.len() as u64..).zip(&page) {
            assert_eq!(entry.position, f.position(number), "a gap");
        }
        seen.extend(page);
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(f.log().await, seen);
}

/// A log of seven streams whose appends of one to three entries take turns.
async fn mixed(f: &Fixture) -> Vec<Recorded> {
    let mut ends = [None; 7];
    for key in 0..30 {
        let stream = (key * key + key) % 7;
        let count = 1 + key as usize % 3;
        let at = stream as usize;
        let expected = ends[at].map_or(Expected::NoStream, after);
        let append = f.append(stream, expected, key, count);
        ends[at] = Some(new(f.store.append(append).await).last.get());
    }
    for (stream, end) in (0..).zip(ends) {
        if end.is_none() {
            f.write(stream, Expected::NoStream, 100 + stream, 1).await;
        }
    }
    f.log().await
}
