//! The policy in force, and its stream: every version there was.
//!
//! Whoever decides takes one snapshot and decides under it to the end; whoever sets another records
//! it first and puts it in force afterwards, so that no entry names a version that the log does not
//! explain. What is looser than the standard profile is set only by whoever accepts that risk, and
//! the event says so (SR-096); what was accepted once is kept without being accepted again.

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{CorrelationId, PolicyVersion, Revision, StreamId};
use countersign_events::policy::{Changed, PolicyEvent, Set};
use jiff::Timestamp;

use super::account::CONFLICTS_MAX;
use super::log::{Head, Log, Planned, Stamp, Wrote};
use crate::accounts::Fault;
use crate::domain::policy::settings::SETTINGS;
use crate::domain::policy::{Policy, Profile};

/// The policy in force, shared by all who decide. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PolicyInForce(Arc<RwLock<Arc<Policy>>>);

impl PolicyInForce {
    /// Puts a policy in force.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(policy))))
    }

    /// The policy in force now.
    #[must_use]
    pub fn now(&self) -> Arc<Policy> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a later version in force; an earlier one changes nothing.
    fn replace(&self, policy: Policy) {
        let mut stands = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if stands.version < policy.version {
            *stands = Arc::new(policy);
        }
    }
}

/// A version of the policy, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRecord {
    /// Since when it is, or was, in force.
    pub at: Timestamp,
    /// Who set it.
    pub by: By,
    /// What it was.
    pub set: Set,
}

/// Why a policy is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "looser than the profile `standard` allows: {}; only the command line takes that, with \
     --accept-risk, and the log says so",
    told(.0)
)]
pub struct Loosened(pub Vec<Looser>);

/// A setting that is looser than the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looser {
    /// Its name.
    pub key: &'static str,
    /// What it would be.
    pub value: String,
    /// What the standard is.
    pub standard: String,
}

fn told(all: &[Looser]) -> String {
    let mut text = String::new();
    for Looser { key, value, standard } in all {
        let gap = if text.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(text, "{gap}{key} = {value} instead of {standard}");
    }
    text
}

/// Every version there was, the first first.
///
/// # Errors
/// [`Fault`] where the log does not answer or holds what this program does not know.
pub async fn versions(log: &Log) -> Result<Vec<PolicyRecord>, Fault> {
    Ok(read(log).await?.0)
}

/// The policy that the log says is in force; none in a log without one.
///
/// # Errors
/// [`Fault`] where the log does not answer, or holds a policy that this program cannot follow.
pub async fn in_force(log: &Log) -> Result<Option<Policy>, Fault> {
    versions(log).await?.last().map(policy_of).transpose()
}

/// Records a policy, unless it is the one in force; gives what is in force then.
///
/// # Errors
/// [`Fault`] where it could not be recorded. [`Loosened`] where it is looser than the standard, and
/// neither `accepts_risk` nor the policy in force says that somebody accepts that.
pub async fn set(
    log: &Log,
    by: &By,
    correlation: CorrelationId,
    wanted: &Policy,
    accepts_risk: bool,
) -> Result<Result<PolicyRecord, Loosened>, Fault> {
    for _ in 0..CONFLICTS_MAX {
        let (records, head) = read(log).await?;
        let before = records.last().map(policy_of).transpose()?;
        if let (Some(record), Some(before)) = (records.last(), &before)
            && before.profile == wanted.profile
            && wanted.changes_since(before).is_empty()
        {
            return Ok(Ok(record.clone()));
        }
        let looser = new_risks(wanted, before.as_ref());
        if !looser.is_empty() && !accepts_risk {
            return Ok(Err(Loosened(looser)));
        }
        let set = set_of(wanted, before.as_ref());
        let at = head.not_before(log.now());
        let policy = before.map_or(PolicyVersion::new(0), |before| before.version);
        let stamp = Stamp { by: by.clone(), correlation, idempotency: None, policy, at };
        let event = PolicyEvent::Set(set.clone());
        let planned = Planned {
            id: log.event_id()?,
            event_type: event.event_type(),
            version: event.version(),
            data: event.to_json().map_err(|error| Fault::Internal(error.to_string()))?,
            sealed: vec![],
        };
        match log.append(StreamId::Policy, head, &stamp, vec![planned]).await? {
            Wrote::Placed(..) => return Ok(Ok(PolicyRecord { at, by: by.clone(), set })),
            Wrote::Conflict => {}
        }
    }
    Err(Fault::Unavailable(format!("{CONFLICTS_MAX} conflicts on {}", StreamId::Policy)))
}

/// Records a policy, and puts it in force for all who share this one.
///
/// # Errors
/// As of [`set`].
pub async fn put_in_force(
    log: &Log,
    shared: &PolicyInForce,
    by: &By,
    correlation: CorrelationId,
    wanted: &Policy,
    accepts_risk: bool,
) -> Result<Result<PolicyRecord, Loosened>, Fault> {
    let record = set(log, by, correlation, wanted, accepts_risk).await?;
    if let Ok(record) = &record {
        shared.replace(policy_of(record)?);
    }
    Ok(record)
}

/// The policy of a version.
///
/// # Errors
/// [`Fault::FailsClosed`] where this program cannot follow it: it has another set of settings, or
/// other bounds. Deciding under anything else would not be what the log says.
pub fn policy_of(record: &PolicyRecord) -> Result<Policy, Fault> {
    policy_in(&record.set).map_err(Fault::FailsClosed)
}

/// The policy of an event; in words why not, where there is none.
pub(crate) fn policy_in(set: &Set) -> Result<Policy, String> {
    let cannot = |why: String| format!("policy version {}: {why}", set.version);
    let profile = Profile::named(&set.profile)
        .ok_or_else(|| cannot(format!("there is no profile {}", set.profile)))?;
    let policy = Policy::with(profile, &set.settings).map_err(|error| cannot(error.to_string()))?;
    Ok(Policy { version: set.version, ..policy })
}

async fn read(log: &Log) -> Result<(Vec<PolicyRecord>, Head), Fault> {
    let recorded = log.read_from(StreamId::Policy, Revision::new(0)).await?;
    let mut records = Vec::with_capacity(recorded.len());
    for recorded in &recorded {
        let entry = Entry::parse(&recorded.bytes)?;
        let event = PolicyEvent::decode(&entry.event_type, entry.version, entry.data.get())?;
        let PolicyEvent::Set(set) = event;
        records.push(PolicyRecord { at: entry.at, by: entry.by.clone(), set });
    }
    let head = recorded.last().map(Head::of).transpose()?.unwrap_or_default();
    Ok((records, head))
}

/// What is looser than the standard and was not so before.
fn new_risks(wanted: &Policy, before: Option<&Policy>) -> Vec<Looser> {
    let standard = Policy::of(Profile::Standard);
    let looser = SETTINGS.iter().filter(|setting| setting.is_looser(wanted, &standard));
    let is_new = looser.filter(|setting| {
        before.is_none_or(|before| setting.value(before) != setting.value(wanted))
    });
    let each = is_new.map(|setting| Looser {
        key: setting.key,
        value: setting.value(wanted).to_string(),
        standard: setting.value(&standard).to_string(),
    });
    each.collect()
}

fn set_of(wanted: &Policy, before: Option<&Policy>) -> Set {
    let version = before.map_or(PolicyVersion::new(1), |before| before.version.next());
    let changes = before.map(|before| wanted.changes_since(before)).unwrap_or_default();
    let changed = changes.into_iter().map(|change| {
        let (before, after) = (change.before, change.after);
        (change.key.to_owned(), Changed { before, after })
    });
    Set {
        version,
        profile: wanted.profile.name().to_owned(),
        settings: wanted.settings(),
        changed: changed.collect(),
        accepted_risks: wanted.loosened().into_iter().map(str::to_owned).collect(),
        // The first is what the service began with.
        tells_admins: version != PolicyVersion::new(1),
    }
}
