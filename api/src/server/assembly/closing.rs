//! Taking it apart again: whoever tells others first, then whoever follows, then the accounts,
//! then what they wrote is signed, then the files, and the directory's lock last.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix_rt::Arbiter;
use countersign_core::actors::courier::{self, Courier};
use countersign_core::actors::directory::Directory;
use countersign_core::actors::dispatcher::{self, Dispatcher};
use countersign_core::actors::keeper::Keeping;
use countersign_core::actors::projector::{self, Projector};
use countersign_core::vault::files::fold_wals;
use countersign_events::store::EventStore;
use futures::future::LocalBoxFuture;

use crate::server::data_lock::DataLock;

/// How long closing waits for the last who hold the log open.
const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// How often closing looks.
const CLOSE_LOOK: Duration = Duration::from_millis(5);

/// What must be closed.
pub(super) struct Open {
    pub(super) courier: Addr<Courier>,
    pub(super) dispatcher: Addr<Dispatcher>,
    pub(super) projector: Addr<Projector>,
    pub(super) directory: Directory,
    pub(super) keeping: (Keeping, Arbiter),
    pub(super) arbiters: [Arbiter; 3],
    pub(super) store: Arc<dyn EventStore>,
    pub(super) data: PathBuf,
    pub(super) lock: DataLock,
}

impl Open {
    /// What closes it, once.
    pub(super) fn closing(self) -> Box<dyn FnOnce() -> LocalBoxFuture<'static, ()>> {
        Box::new(move || Box::pin(self.close()))
    }

    async fn close(self) {
        let (mails, deliveries) = futures::future::join(
            self.courier.send(courier::Stop),
            self.dispatcher.send(dispatcher::Stop),
        )
        .await;
        if !matches!(mails, Ok(0)) {
            tracing::warn!("mails under way are sent again after the next start");
        }
        if !matches!(deliveries, Ok(0)) {
            tracing::warn!("deliveries under way are made again after the next start");
        }
        // An error means that the actor is gone, which is what was asked for.
        let _ = self.projector.send(projector::Stop).await;
        self.directory.drain().await;
        drop(self.directory);
        // What the last of them wrote is signed, too.
        let (keeper, keeping) = self.keeping;
        keeper.stop().await;
        keeping.stop();
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        // The last who drops the log closes it: an arbiter's thread ends a moment after its stop.
        let store = Arc::downgrade(&self.store);
        drop(self.store);
        let closed = tokio::time::timeout(CLOSE_WAIT, async {
            while store.strong_count() > 0 {
                tokio::time::sleep(CLOSE_LOOK).await;
            }
        });
        if closed.await.is_err() {
            tracing::warn!("the log is still held; what was acknowledged is durable all the same");
        }
        // Vault and read model go with those who held the log. What is left then is one file each.
        fold(&self.data).await;
        drop(self.lock);
    }
}

/// Folds the write-ahead logs of a directory as soon as nobody holds its databases any more: a
/// thread that wrote one ends a moment after it was told to.
pub(crate) async fn fold(data: &Path) {
    let folded = tokio::time::timeout(CLOSE_WAIT, async {
        while !matches!(fold_wals(data), Ok(true)) {
            tokio::time::sleep(CLOSE_LOOK).await;
        }
    });
    if folded.await.is_err() {
        tracing::warn!("a database is still held; its -wal file belongs to it");
    }
}
