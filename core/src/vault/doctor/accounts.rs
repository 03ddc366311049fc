//! Account by account: does the vault have what the log names, and nothing that it does not?

use std::collections::{BTreeSet, HashMap};

use countersign_events::id::{AccountId, Hash32, StreamId};
use countersign_events::store::EventStore;
use jiff::Timestamp;

use super::super::named::{Named, NamedError};
use super::super::rows::{PAGE_ROWS_MAX, SecretKind, VaultError};
use super::super::secrets::Secrets;
use super::super::sweep::unnamed;
use super::finding::Finding;
use super::{DoctorError, DoctorReport};
use crate::domain::account::{Open, Standing};
use crate::domain::policy::CLAIM_TTL;

/// The accounts that the log tells of.
#[derive(Default)]
pub(super) struct Streams {
    accounts: BTreeSet<AccountId>,
}

impl Streams {
    pub(super) fn note(&mut self, stream: StreamId) {
        if let StreamId::Account(account) = stream {
            self.accounts.insert(account);
        }
    }
}

/// Compares every account of the log, every claim and every secret of the vault.
pub(super) async fn compare(
    store: &dyn EventStore,
    secrets: &Secrets,
    streams: &Streams,
    now: Timestamp,
    report: &mut DoctorReport,
) -> Result<(), DoctorError> {
    let named = claims(secrets, streams, now, report).await?;
    for account in &streams.accounts {
        report.accounts += 1;
        match Named::read(store, *account).await {
            Ok(stream) => {
                compare_account(secrets, *account, &stream, now, report).await?;
                let name = named.get(account).copied();
                report.findings.extend(compare_name(*account, name, &stream));
            }
            Err(NamedError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let stream = StreamId::Account(*account);
                let finding = Finding::stream_unreadable(stream, &error.to_string());
                report.findings.push(finding);
            }
        }
    }
    secrets_without_account(secrets, streams, report).await
}

/// Goes through the claims; returns the accounts that a name leads to.
async fn claims(
    secrets: &Secrets,
    streams: &Streams,
    now: Timestamp,
    report: &mut DoctorReport,
) -> Result<HashMap<AccountId, Hash32>, DoctorError> {
    let mut named = HashMap::new();
    let mut after = None;
    loop {
        let page = secrets.vault().claims(after).await?;
        for claim in &page {
            report.claims += 1;
            named.insert(claim.account, claim.name);
            if streams.accounts.contains(&claim.account) {
                continue;
            }
            // A younger one may belong to a registration that is under way.
            let is_old = now.duration_since(claim.claimed_at) >= CLAIM_TTL;
            report.findings.push(match is_old {
                true => Finding::name_without_account(claim.name, claim.account),
                false => Finding::name_not_yet_registered(claim, now),
            });
        }
        after = page.last().map(|claim| claim.name);
        if page.len() < PAGE_ROWS_MAX {
            return Ok(named);
        }
    }
}

/// An account has a name, and a name an account. A stream that was abandoned has none: the name
/// goes to whoever abandoned it, or to the next who registers it.
fn compare_name(account: AccountId, name: Option<Hash32>, stream: &Named) -> Option<Finding> {
    match (stream.account.open(), name) {
        (Some(_), None) => {
            let since = stream.key.as_ref().map(|(_, at)| *at);
            Some(Finding::account_without_name(account, since))
        }
        (None, Some(name)) => Some(Finding::name_without_account(name, account)),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

async fn compare_account(
    secrets: &Secrets,
    account: AccountId,
    stream: &Named,
    now: Timestamp,
    report: &mut DoctorReport,
) -> Result<(), DoctorError> {
    let rows = secrets.vault().secrets_of(account).await?;
    report.secrets += rows.len();
    let left = unnamed(&stream.secrets(), &rows, now);
    if !left.is_empty() {
        report.findings.push(Finding::unnamed_secrets(account, left.len()));
    }
    if let Standing::Open(open) = &stream.account.standing
        && compare_key(secrets, account, stream, report).await?
    {
        compare_secrets(secrets, account, open, stream.account.last.map(|last| last.1), report)
            .await?;
    }
    Ok(())
}

/// Whether the account's key is there and the right one; where not, that is the one finding.
async fn compare_key(
    secrets: &Secrets,
    account: AccountId,
    stream: &Named,
    report: &mut DoctorReport,
) -> Result<bool, DoctorError> {
    let Some((created, at)) = &stream.key else {
        // Registered, and the key's event is not there: it is appended with the registration.
        let finding = Finding::stream_unreadable(StreamId::Account(account), "it names no key");
        report.findings.push(finding);
        return Ok(false);
    };
    let finding = match secrets.key_commitment(account).await {
        Ok(Some(commitment)) if commitment == created.commitment => return Ok(true),
        Ok(Some(_)) => Finding::account_key_differs(account, "another key"),
        Ok(None) => Finding::account_key_missing(account, Some(*at)),
        Err(VaultError::Damaged(why)) => Finding::account_key_differs(account, &why),
        Err(error) => return Err(error.into()),
    };
    report.findings.push(finding);
    Ok(false)
}

async fn compare_secrets(
    secrets: &Secrets,
    account: AccountId,
    open: &Open,
    last_at: Option<Timestamp>,
    report: &mut DoctorReport,
) -> Result<(), DoctorError> {
    let password = open.password.map(|version| (SecretKind::Password, version, last_at));
    let factors = open
        .factors
        .values()
        .map(|factor| (SecretKind::Totp, factor.secret, Some(factor.enabled_at)));
    for (kind, version, since) in password.into_iter().chain(factors) {
        match secrets.get(account, kind, version).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                report.findings.push(Finding::secret_missing(account, kind, version, since));
            }
            Err(VaultError::Damaged(_)) => {
                report.findings.push(Finding::secret_unreadable(account, kind, version));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(offer) = &open.offer
        && !matches!(secrets.get(account, SecretKind::Totp, offer.secret).await, Ok(Some(_)))
    {
        report.findings.push(Finding::offer_missing(account, offer.secret));
    }
    Ok(())
}

/// Secrets of accounts that the log does not know: the vault is newer, or a registration broke off.
async fn secrets_without_account(
    secrets: &Secrets,
    streams: &Streams,
    report: &mut DoctorReport,
) -> Result<(), DoctorError> {
    let mut after = None;
    loop {
        let page = secrets.vault().accounts_with_secrets(after).await?;
        for account in page.iter().filter(|account| !streams.accounts.contains(account)) {
            let count = secrets.vault().secrets_of(*account).await?.len();
            report.secrets += count;
            report.findings.push(Finding::secrets_without_account(*account, count));
        }
        after = page.last().copied();
        if page.len() < PAGE_ROWS_MAX {
            return Ok(());
        }
    }
}
