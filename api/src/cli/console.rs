//! What the command line does to a log: operators and client apps.
//!
//! A verb is a value, so that it can be performed here or handed to the server that owns the data
//! directory. Its event names the system user.

mod clients;
mod webhooks;

use std::sync::Arc;

use countersign_core::accounts::Verdict;
use countersign_core::accounts::request::{Call, Net};
use countersign_core::clock::Clock;
use countersign_core::entropy::{self, Entropy, NoEntropy};
use countersign_core::handle::UnlockCode;
use countersign_events::actor::By;
use countersign_events::id::CorrelationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::clients::ClientVerb;
pub use self::webhooks::WebhookVerb;
use super::policy::Applied;
use crate::contract::id::AccountId;
use crate::contract::kind::Role;
use crate::contract::policy::{Policy, SetPolicy};
use crate::contract::secret::Secret;
use crate::server::{Accounts, answers};

/// The address of whoever sits at the machine itself.
const LOCAL: &str = "local";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verb {
    /// Add an operator.
    OperatorAdd {
        /// The login.
        login: String,
        /// The role.
        role: Role,
    },
    /// List the operators.
    OperatorList,
    /// Disable an operator.
    OperatorDisable {
        /// The operator's account.
        account_id: AccountId,
    },
    /// Enable a disabled operator.
    OperatorEnable {
        /// The operator's account.
        account_id: AccountId,
    },
    /// Ask for an operator to be let in anew.
    OperatorUnlock {
        /// The login.
        login: String,
        /// Why.
        reason: String,
        /// The ticket.
        ticket: String,
        /// The system user that root acts for, by number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acts_for: Option<u32>,
    },
    /// Confirm, as the second person, that an operator is let in anew.
    OperatorUnlockConfirm {
        /// The login.
        login: String,
        /// The code that the first person was told.
        code: Secret,
        /// The system user that root acts for, by number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acts_for: Option<u32>,
    },
    /// Something with client apps.
    Client {
        /// What.
        act: ClientVerb,
    },
    /// Show the policy.
    PolicyShow {
        /// An earlier version.
        version: Option<u64>,
    },
    /// Put a policy in force.
    PolicyApply {
        /// The whole of it.
        asked: SetPolicy,
        /// Whether what is looser than the standard is accepted.
        accept_risk: bool,
    },
}

/// An unlocking that waits for its second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlockAsked {
    /// The code for the other.
    pub code: Secret,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done, with what there is to tell.
    Done(serde_json::Value),
    /// Refused or not possible, in words.
    Failed(String),
}

/// The system user who calls, as the kernel says.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The number.
    pub uid: u32,
    /// The name of a number; the number where there is none.
    pub name_of: fn(u32) -> String,
}

/// Root.
const ROOT: u32 = 0;

impl Caller {
    /// The person behind the call: root may say whom it acts for (as `sudo` does), nobody else.
    #[must_use]
    pub fn person(&self, acts_for: Option<u32>) -> u32 {
        if self.uid == ROOT { acts_for.unwrap_or(ROOT) } else { self.uid }
    }
}

/// Performs verbs on an open log.
#[derive(Clone)]
pub struct Console {
    /// The core's door.
    pub accounts: Accounts,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl Console {
    /// Performs one, in the name of a system user.
    pub async fn perform(&self, caller: Caller, verb: Verb) -> Reply {
        let person = match &verb {
            Verb::OperatorUnlock { acts_for, .. }
            | Verb::OperatorUnlockConfirm { acts_for, .. } => caller.person(*acts_for),
            _ => caller.uid,
        };
        match self.call((caller.name_of)(person)) {
            Ok(call) => self.do_it(&call, person, verb).await,
            Err(error) => Reply::Failed(error.to_string()),
        }
    }

    /// The call of a system user at the machine itself.
    ///
    /// # Errors
    /// Without randomness for its id.
    pub fn call(&self, user: String) -> Result<Call, NoEntropy> {
        let uuid = entropy::uuid_v7(self.entropy.as_ref(), self.clock.now())?;
        let net = Net { ip: LOCAL.to_owned(), user_agent: None, language: None };
        let by = By::Console { user };
        Ok(Call { by, net, ..Call::of_service(CorrelationId::new(uuid)) })
    }

    async fn do_it(&self, call: &Call, person: u32, verb: Verb) -> Reply {
        match verb {
            Verb::OperatorAdd { login, role } => {
                let role = answers::core_role(role);
                let added = self.accounts.add_operator(call, login, role).await;
                reply(added, |added| answers::operator_added(&added))
            }
            Verb::OperatorList => reply(self.accounts.operators(call).await, |operators| {
                operators.into_iter().map(answers::operator_listed).collect::<Vec<_>>()
            }),
            Verb::OperatorDisable { account_id } => {
                let account = countersign_events::id::AccountId::new(account_id.uuid());
                reply(self.accounts.disable_operator(call, account).await, |()| ())
            }
            Verb::OperatorEnable { account_id } => {
                let account = countersign_events::id::AccountId::new(account_id.uuid());
                reply(self.accounts.enable_operator(call, account).await, |()| ())
            }
            Verb::OperatorUnlock { login, reason, ticket, .. } => {
                let why = (reason, ticket);
                let asked = self.accounts.request_unlock(call, &login, person, why).await;
                reply(asked, |asked| UnlockAsked {
                    code: Secret::new(asked.code.reveal().to_string()),
                    expires_at: asked.expires_at,
                })
            }
            Verb::OperatorUnlockConfirm { login, code, .. } => {
                let Ok(code) = UnlockCode::parse(code.reveal()) else {
                    return Reply::Failed("that is no code of an unlocking".to_owned());
                };
                let added = self.accounts.confirm_unlock(call, &login, person, &code).await;
                reply(added, |added| answers::operator_added(&added))
            }
            Verb::Client { act } => self.do_with_clients(call, act).await,
            Verb::PolicyShow { version } => {
                reply(self.policy(call, version).await, |policy| policy)
            }
            Verb::PolicyApply { asked, accept_risk } => {
                reply(self.apply(call, &asked, accept_risk).await, |applied| applied)
            }
        }
    }
}

impl Console {
    async fn policy(&self, call: &Call, version: Option<u64>) -> Verdict<Policy> {
        let records = self.accounts.policy_versions(call).await?;
        Ok(records.and_then(|records| answers::policy::policy(&records, version)))
    }

    async fn apply(&self, call: &Call, asked: &SetPolicy, accepts: bool) -> Verdict<Applied> {
        let wanted = match answers::policy::wanted(asked) {
            Ok(wanted) => wanted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let before = self.accounts.policy().version;
        match self.accounts.set_policy(call, &wanted, accepts).await? {
            Ok(record) => {
                let policy = self.policy(call, None).await?;
                Ok(policy.map(|policy| Applied { policy, is_new: record.set.version > before }))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

fn reply<T, U: Serialize>(verdict: Verdict<T>, told: impl FnOnce(T) -> U) -> Reply {
    match verdict {
        Ok(Ok(answer)) => match serde_json::to_value(told(answer)) {
            Ok(value) => Reply::Done(value),
            Err(error) => Reply::Failed(error.to_string()),
        },
        Ok(Err(refusal)) => Reply::Failed(refusal.to_string()),
        Err(fault) => Reply::Failed(fault.to_string()),
    }
}
