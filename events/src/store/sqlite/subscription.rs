//! Following the log: pages of what is there, then what comes, with no seam between the two.
//!
//! There is only one way to get an entry, and that is to read the next page from the file. The
//! watch on the head says no more than *look again*: it is marked as seen before the page is read,
//! so that a commit between the two is never slept through.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::watch;

use super::super::{Recorded, StoreError};
use super::reader::Readers;
use crate::id::Position;

/// Entries that a subscription reads at once.
pub const SUBSCRIPTION_PAGE: usize = 256;

struct Subscription {
    readers: Arc<Readers>,
    head: watch::Receiver<Option<u64>>,
    next: Position,
    page: VecDeque<Recorded>,
    ended: bool,
}

/// All entries from `from` on. Every entry of a position below `from` is left out.
pub(super) fn subscribe(
    readers: Arc<Readers>,
    head: watch::Receiver<Option<u64>>,
    from: Position,
) -> BoxStream<'static, Result<Recorded, StoreError>> {
    let start = Subscription { readers, head, next: from, page: VecDeque::new(), ended: false };
    // `unfold` keeps the step under way: a caller that stops waiting for it loses nothing.
    stream::unfold(start, |mut subscription| async move {
        if subscription.ended {
            return None;
        }
        let item = subscription.step().await;
        subscription.ended = item.is_err();
        Some((item, subscription))
    })
    .boxed()
}

impl Subscription {
    async fn step(&mut self) -> Result<Recorded, StoreError> {
        loop {
            if let Some(entry) = self.page.pop_front() {
                self.next = entry.position.next();
                return Ok(entry);
            }
            let next = self.next.get();
            if self.head.borrow_and_update().is_some_and(|head| head >= next) {
                self.page = self.readers.scan(self.next, SUBSCRIPTION_PAGE).await?.into();
                if self.page.is_empty() {
                    let lost = format!("position {next} is not there, though it was recorded");
                    return Err(StoreError::Damaged(lost));
                }
                continue;
            }
            self.head
                .changed()
                .await
                .map_err(|_| StoreError::Unavailable("the log was closed".to_owned()))?;
        }
    }
}
