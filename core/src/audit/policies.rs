//! The versions of the policy that a log has had so far, as an auditor learns them on the way.
//!
//! Entries come in the order of the log, so that a version stands here before anything was decided
//! under it. What was decided under a version that this program cannot follow is judged by the
//! standard numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_events::id::PolicyVersion;
use countersign_events::policy::{PolicyEvent, Set};

use super::conduct::Breach;
use super::finding::Rule;
use crate::actors::policy::policy_in;
use crate::domain::policy::Policy;

/// The versions so far.
#[derive(Debug, Default)]
pub(super) struct Policies {
    known: BTreeMap<PolicyVersion, Arc<Policy>>,
    last: Option<Set>,
    standard: Arc<Policy>,
}

impl Policies {
    /// Takes the next event of the stream, and says which rules it breaks.
    pub(super) fn take(&mut self, event: &PolicyEvent) -> Vec<Breach> {
        let PolicyEvent::Set(set) = event;
        let mut breaches = vec![];
        let next = self.last.as_ref().map_or(PolicyVersion::new(1), |last| last.version.next());
        if set.version != next {
            let detail = format!("version {} where {next} was to follow", set.version);
            breaches.push((Rule::PolicyNotNext, detail));
        }
        breaches.extend(self.last.as_ref().and_then(|last| untrue_change(last, set)));
        let policy = policy_in(set);
        if let Ok(policy) = &policy {
            let named = |key: &&str| set.accepted_risks.iter().any(|risk| risk == key);
            breaches.extend(policy.loosened().into_iter().filter(|key| !named(key)).map(|key| {
                let detail = format!("{key} is looser than the standard, and nobody accepts it");
                (Rule::RiskNotAccepted, detail)
            }));
        }
        let policy = policy.map(|policy| Arc::new(as_it_was(policy, set)));
        let policy = policy.unwrap_or_else(|_| Arc::clone(&self.standard));
        self.known.insert(set.version, policy);
        self.last = Some(set.clone());
        breaches
    }

    /// The policy of a version that an entry names, and what is wrong with naming it.
    pub(super) fn of(&self, version: PolicyVersion) -> (Arc<Policy>, Option<Breach>) {
        match self.known.get(&version) {
            Some(policy) => (Arc::clone(policy), None),
            // A log from before policies were recorded.
            None if self.known.is_empty() => (Arc::clone(&self.standard), None),
            None => {
                let detail = format!("decided under version {version}, which was not set before");
                (Arc::clone(&self.standard), Some((Rule::PolicyNotSet, detail)))
            }
        }
    }
}

/// A version from before operators' sessions had limits of their own was kept with everybody's.
fn as_it_was(policy: Policy, set: &Set) -> Policy {
    let Policy { mut staff_session_overall, mut staff_session_idle, .. } = policy;
    if !set.settings.contains_key("support.session_overall") {
        staff_session_overall = policy.session_overall;
    }
    if !set.settings.contains_key("support.session_idle") {
        staff_session_idle = policy.session_idle;
    }
    Policy { staff_session_overall, staff_session_idle, ..policy }
}

/// What a version says of its changes must be what it changes.
fn untrue_change(last: &Set, set: &Set) -> Option<Breach> {
    let keys = last.settings.keys().chain(set.settings.keys());
    let value = |of: &Set, key: &String| of.settings.get(key).cloned().unwrap_or_default();
    let untrue = keys.chain(set.changed.keys()).find(|key| {
        let (before, after) = (value(last, key), value(set, key));
        match set.changed.get(*key) {
            None => before != after,
            Some(said) => before == after || said.before != before || said.after != after,
        }
    });
    untrue.map(|key| (Rule::PolicyNotNext, format!("what it says of {key} is not what changes")))
}
