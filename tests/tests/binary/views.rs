//! What support waits for, on a log of a smaller size than `scripts/bench support` fills.

use std::time::Duration;

use countersign_tests::bench::bulk::{Size, fill};
use countersign_tests::bench::views::Desk;
use tempfile::TempDir;

const SIZE: Size = Size { accounts: 1_000, events: 12, known: 12, busy: 5_000 };

/// Every view within its time, and a tail that loses nothing at 500 events a second, nor when
/// nobody reads it for a while.
#[test]
fn every_view_opens_at_once_and_the_tail_keeps_up() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    let filled = actix_rt::System::new().block_on(fill(&data, SIZE)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let desk = Desk::open(&data, filled, 6).await.unwrap();
        desk.views().await.unwrap();
        desk.tail(Duration::from_secs(2)).await.unwrap();
    });
}
