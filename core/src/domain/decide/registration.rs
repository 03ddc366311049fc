//! How an account comes to be.

use countersign_events::account::{
    AccountEvent, EnableRequested, Enabled, Origin, PasswordSet, PasswordSetWhy, Registered,
    RegistrationAbandoned,
};
use countersign_events::id::SecretVersion;

use super::factor::offered;
use super::{Decision, existing};
use crate::domain::account::Account;
use crate::domain::command::{Context, Register};
use crate::domain::refusal::Refusal;

/// What names an account, and can be another's already.
#[must_use]
pub const fn named_by(origin: Origin) -> &'static str {
    match origin {
        Origin::Client => "subject",
        Origin::Holder | Origin::Operator => "login",
    }
}

/// A new account; with it what an import brings along: an authenticator that is in use elsewhere is
/// in use here at once, without a code and without recovery codes.
pub(super) fn register(account: &Account, register: &Register, context: &Context<'_>) -> Decision {
    if !account.is_empty() {
        return Err(Refusal::Taken(named_by(register.origin)));
    }
    let registered = AccountEvent::Registered(Registered {
        origin: register.origin,
        client: register.client,
        has_email: register.has_email,
        email_confirmed: register.has_email && register.email_confirmed,
        imported: register.imported.is_some(),
    });
    let password = register.password.map(|version| {
        AccountEvent::PasswordSet(PasswordSet::new(version, PasswordSetWhy::Initial))
    });
    let key = AccountEvent::KeyCreated(register.key.clone());
    let authenticator = register.imported.and_then(|imported| imported.authenticator);
    let enabled = authenticator.into_iter().flat_map(|(factor, secret)| {
        let requested = EnableRequested { imported: true, ..offered(factor, secret, context) };
        let enabled = AccountEvent::Enabled(Enabled { factor });
        [AccountEvent::EnableRequested(requested), enabled]
    });
    Ok([Some(registered), Some(key), password].into_iter().flatten().chain(enabled).collect())
}

/// Only an empty stream can be abandoned: whoever appends at revision 0 wins.
pub(super) fn abandon(account: &Account) -> Decision {
    if account.is_empty() {
        Ok(vec![AccountEvent::RegistrationAbandoned(RegistrationAbandoned {})])
    } else {
        Err(Refusal::Taken("login"))
    }
}

pub(super) fn password(account: &Account, version: SecretVersion, why: PasswordSetWhy) -> Decision {
    let open = existing(account)?;
    let is_refused = match why {
        PasswordSetWhy::Initial => open.has_had_password(),
        // In the place of one that has ended.
        PasswordSetWhy::LetInAnew => open.password.is_some(),
        PasswordSetWhy::Rehashed
        | PasswordSetWhy::Changed
        | PasswordSetWhy::Reset
        | PasswordSetWhy::Demanded => false,
    };
    if is_refused {
        return Err(Refusal::AuthenticationFailed);
    }
    Ok(vec![AccountEvent::PasswordSet(PasswordSet::new(version, why))])
}
