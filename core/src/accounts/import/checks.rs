//! Whether there can be an account as a line has it: by the rules of every registration.

use countersign_events::id::{ClientId, Hash32};

use super::super::factors::check_name;
use super::super::identity::Identity;
use super::super::registration::{
    SUBJECT_CHARS, check_email, check_login, check_own_address, check_text,
};
use crate::domain::refusal::Refusal;
use crate::migration::{Row, Why};
use crate::vault::Secrets;

/// A line that can become an account.
pub(super) struct Checked {
    /// The keyed hash of its name.
    pub(super) name: Hash32,
    /// Who it is.
    pub(super) identity: Identity,
}

impl Checked {
    pub(super) fn of(row: &Row, client: Option<ClientId>, secrets: &Secrets) -> Result<Self, Why> {
        let name = row.name.to_string();
        let email = row.email.as_ref().map(|email| email.to_string());
        fine(email.as_deref().map_or(Ok(()), check_email))?;
        fine(check_name(&row.authenticator))?;
        if let Some(client) = client {
            fine(check_text("subject", &name, SUBJECT_CHARS))?;
            let hash = secrets.subject_hash(client, &name);
            let identity = Identity { subject: Some(name), email, ..Identity::default() };
            return Ok(Self { name: hash, identity });
        }
        fine(check_login(&name))?;
        // A login that reads like an address is its holder's own, as for whoever registers.
        let email = email.or_else(|| name.contains('@').then(|| name.clone()));
        if let Some(email) = &email {
            fine(check_email(email).and_then(|()| check_own_address(&name, email)))?;
        }
        let hash = secrets.login_hash(&name);
        let identity = Identity { login: Some(name), email, ..Identity::default() };
        Ok(Self { name: hash, identity })
    }
}

fn fine(checked: Result<(), Refusal>) -> Result<(), Why> {
    checked.map_err(|refusal| match refusal {
        Refusal::Invalid { field, reason } => Why::Invalid { field, reason },
        _ => Why::Conflict("it cannot be registered"),
    })
}
