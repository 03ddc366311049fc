//! Following the log by reading it page by page.
//!
//! Positions are dense and a page starts where the one before ended, so nothing can be lost or come
//! twice. What has caught up looks again after a while; the server's own subscriptions would only
//! make that while shorter.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::{Shared, lost};
use crate::id::Position;
use crate::store::{Recorded, StoreError};

/// How often a subscription that has caught up looks for more.
pub const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Entries that a subscription reads at once.
pub const SUBSCRIPTION_PAGE: usize = 256;

/// All entries from `from` on; ends only with an error.
pub(super) fn subscribe(
    shared: Arc<Shared>,
    from: Position,
) -> BoxStream<'static, Result<Recorded, StoreError>> {
    let pages = stream::unfold(Some((shared, from)), |state| async move {
        let (shared, from) = state?;
        let page = lost(shared.run(next_page(Arc::clone(&shared), from)).await);
        let next = page.as_ref().ok().and_then(|page| page.last()).map(|e| e.position.next());
        let items: Vec<_> = match page {
            Ok(page) => page.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        Some((stream::iter(items), next.map(|next| (shared, next))))
    });
    pages.flatten().boxed()
}

async fn next_page(shared: Arc<Shared>, from: Position) -> Result<Vec<Recorded>, StoreError> {
    loop {
        let page = shared.read_all(from, SUBSCRIPTION_PAGE).await?;
        if !page.is_empty() {
            return Ok(page);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
