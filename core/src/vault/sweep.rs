//! The sweeper: removes secrets that no event makes current, and requests that are forgotten.
//!
//! A secret is written before the event that names it, and destroyed after the event that ends
//! it. A crash in between leaves a row that nothing points to. After 24 hours no append that could
//! still name it is under way, and it goes.
//!
//! **What must stay true.** What was written before this log began is not this log's to judge:
//! where the log was lost and another begun in its place, the vault keeps everything.

use std::collections::BTreeSet;

use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, Position, SecretVersion};
use countersign_events::store::EventStore;
use jiff::{SignedDuration, Timestamp};

use super::named::{Named, NamedError};
use super::rows::{PAGE_ROWS_MAX, SecretId, SecretKind, SecretRow, Vault, VaultError};
use crate::domain::policy::IDEMPOTENCY_TTL;

/// How old a secret that nothing names must be.
pub const UNNAMED_AGE: SignedDuration = SignedDuration::from_hours(24);

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Accounts looked at.
    pub accounts: usize,
    /// Secrets removed.
    pub removed: Vec<SecretId>,
    /// Accounts whose stream does not read: nothing of theirs was touched.
    pub skipped: Vec<AccountId>,
    /// Requests removed, whose idempotency keys are no longer remembered.
    pub requests: usize,
}

/// Which of an account's secrets may go: old enough, and not among those that its stream names.
#[must_use]
pub fn unnamed(
    named: &BTreeSet<(SecretKind, SecretVersion)>,
    rows: &[SecretRow],
    now: Timestamp,
) -> Vec<SecretId> {
    rows.iter()
        .filter(|row| now.duration_since(row.written_at) >= UNNAMED_AGE)
        .map(|row| row.id)
        .filter(|id| !named.contains(&(id.kind, id.version)))
        .collect()
}

/// Sweeps every account that has secrets.
///
/// # Errors
/// What the vault says; a log that does not answer ends the sweep as unavailable. What was
/// removed until then stays removed: a sweep can be begun again at any time.
pub async fn sweep(
    vault: &dyn Vault,
    store: &dyn EventStore,
    now: Timestamp,
) -> Result<Swept, VaultError> {
    let forgotten = now.checked_sub(IDEMPOTENCY_TTL).unwrap_or(Timestamp::MIN);
    let requests = vault.delete_requests(forgotten).await?;
    let mut swept = Swept { requests, ..Swept::default() };
    let Some(since) = beginning(store).await? else {
        return Ok(swept);
    };
    let mut after = None;
    loop {
        let page = vault.accounts_with_secrets(after).await?;
        for account in &page {
            sweep_account(vault, store, *account, (since, now), &mut swept).await?;
        }
        after = page.last().copied();
        if page.len() < PAGE_ROWS_MAX {
            return Ok(swept);
        }
    }
}

/// When the log's first entry was written; none where it is empty.
async fn beginning(store: &dyn EventStore) -> Result<Option<Timestamp>, VaultError> {
    let first = store.read_all(Position::new(0), 1).await;
    let first = first.map_err(|error| VaultError::Unavailable(error.to_string()))?;
    let begun = first.first().map(|first| Entry::parse(&first.bytes).map(|entry| entry.at));
    begun.transpose().map_err(|error| VaultError::Damaged(error.to_string()))
}

async fn sweep_account(
    vault: &dyn Vault,
    store: &dyn EventStore,
    account: AccountId,
    (since, now): (Timestamp, Timestamp),
    swept: &mut Swept,
) -> Result<(), VaultError> {
    // The rows first: what is named only after this look was not among them, or is young.
    let mut rows = vault.secrets_of(account).await?;
    rows.retain(|row| row.written_at >= since);
    let named = match Named::read(store, account).await {
        Ok(named) => named,
        Err(NamedError::Store(error)) => return Err(VaultError::Unavailable(error.to_string())),
        Err(error) => {
            tracing::warn!(%account, %error, "not swept");
            swept.skipped.push(account);
            return Ok(());
        }
    };
    swept.accounts += 1;
    for id in unnamed(&named.secrets(), &rows, now) {
        vault.delete_secret(id).await?;
        swept.removed.push(id);
    }
    Ok(())
}
