//! What a client app is told about who signed in, as it is answered.

use countersign_events::account::Assurance;
use countersign_events::id::AccountId;
use jiff::SignedDuration;

use crate::handle::{AccessToken, PassToken};

/// A grant was redeemed.
#[derive(Debug, Clone)]
pub struct GrantTold {
    /// With it the app may ask again who it is.
    pub access_token: AccessToken,
    /// For how long.
    pub lives_for: SignedDuration,
    /// Who signed in, signed.
    pub assertion: String,
    /// What the app asked for, as far as it is known here.
    pub scopes: Vec<String>,
}

/// A browser may pass at a host.
#[derive(Debug, Clone)]
pub struct PassGiven {
    /// What it holds there.
    pub pass: PassToken,
    /// For how long at most.
    pub lives_for: SignedDuration,
}

/// Who passes at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassView {
    /// The account.
    pub account: AccountId,
    /// How sure its session is.
    pub assurance: Assurance,
    /// Whether the host wants it surer than that.
    pub is_too_little: bool,
}

/// Who signed in, as far as the app asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderTold {
    /// The account.
    pub account: AccountId,
    /// The login, for `profile`.
    pub login: Option<String>,
    /// The address, for `email`, and whether it was proven.
    pub email: Option<(String, bool)>,
}
