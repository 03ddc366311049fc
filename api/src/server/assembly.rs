//! How the parts are put together.

use std::sync::Arc;

use countersign_core::clock::{Clock, SystemClock};
use countersign_core::entropy::{Entropy, OsEntropy};
use countersign_core::mail::Mailer;

use super::Accounts;
use super::data_lock::DataLock;
use super::startup::Parts;
use crate::config::Checked;

/// What the machine gives: in tests something else.
#[derive(Clone)]
pub struct Machine {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Takes mails; what the configuration says without one.
    pub mailer: Option<Arc<dyn Mailer>>,
}

impl Machine {
    /// The machine itself.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), mailer: None }
    }
}

/// Opens everything behind the listeners. Must be called within an actix system.
///
/// # Errors
/// What could not be opened, and why.
pub async fn assemble(
    checked: &Checked,
    machine: Machine,
    lock: DataLock,
) -> anyhow::Result<Parts> {
    let spool = checked.spool.then(|| checked.config.data.join("mail"));
    Ok(Parts {
        accounts: Accounts,
        clock: machine.clock,
        entropy: machine.entropy,
        checks: Vec::new(),
        spool,
        close: Box::new(move || Box::pin(async move { drop(lock) })),
    })
}
