//! The mint: fresh secrets for an answer, the same again when the request is repeated.
//!
//! Without an idempotency key they are random. With one they are derived from a key that only the
//! vault's keyring holds, the id of the request's first event and the idempotency key itself, so
//! that any node can give the same answer again and nothing secret is stored for it.

use countersign_events::id::{AccountId, EventId};
use zeroize::Zeroizing;

use crate::domain::command::RecoveryMinted;
use crate::domain::policy::RECOVERY_CODES;
use crate::domain::recovery_code::recovery_code_from;
use crate::entropy::{self, Entropy, NoEntropy};
use crate::handle::{
    AccessToken, DeviceHandle, GrantCode, PassToken, SECRET_BYTES, SessionToken, SignInHandle,
};
use crate::vault::Secrets;

/// Bytes of a recovery code before it is written: 125 bits are used.
const RECOVERY_BYTES: usize = 16;

/// Mints what one request gives out.
pub struct Mint {
    /// The first event of the request.
    pub event: EventId,
    key: Option<Zeroizing<String>>,
    session: Zeroizing<[u8; SECRET_BYTES]>,
    sign_in: Zeroizing<[u8; SECRET_BYTES]>,
    device: Zeroizing<[u8; SECRET_BYTES]>,
}

/// A set of recovery codes, fresh or made again.
pub struct Recovery {
    /// As they are written down.
    pub codes: Vec<Zeroizing<String>>,
    /// Hashed for the log.
    pub minted: RecoveryMinted,
}

impl Mint {
    /// Mints for a request whose first event has this id.
    ///
    /// # Errors
    /// [`NoEntropy`] where there is no idempotency key and no randomness either.
    pub fn new(
        secrets: &Secrets,
        entropy: &dyn Entropy,
        event: EventId,
        key: Option<&str>,
    ) -> Result<Self, NoEntropy> {
        let secret = |kind: &str| secret(secrets, entropy, event, key, kind);
        let (session, sign_in) = (secret("session")?, secret("sign-in")?);
        let device = secret("device")?;
        let key = key.map(|key| Zeroizing::new(key.to_owned()));
        Ok(Self { event, session, sign_in, device, key })
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.as_str())
    }

    /// The token of the session that may start.
    #[must_use]
    pub fn session(&self, account: AccountId) -> SessionToken {
        SessionToken::new(account, &self.session)
    }

    /// The id of the sign-in that may begin.
    #[must_use]
    pub fn sign_in(&self, account: AccountId) -> SignInHandle {
        SignInHandle::new(account, &self.sign_in)
    }

    /// What the device may hold from now on.
    #[must_use]
    pub fn device(&self, account: AccountId) -> DeviceHandle {
        DeviceHandle::new(account, &self.device)
    }

    /// The grant that may be issued.
    ///
    /// # Errors
    /// [`NoEntropy`] where there is no idempotency key and no randomness either.
    pub fn grant(
        &self,
        secrets: &Secrets,
        entropy: &dyn Entropy,
        account: AccountId,
    ) -> Result<GrantCode, NoEntropy> {
        let secret = secret(secrets, entropy, self.event, self.key(), "grant")?;
        Ok(GrantCode::new(account, &secret))
    }

    /// The token that a grant may lead to.
    ///
    /// # Errors
    /// [`NoEntropy`] where there is no idempotency key and no randomness either.
    pub fn access(
        &self,
        secrets: &Secrets,
        entropy: &dyn Entropy,
        account: AccountId,
    ) -> Result<AccessToken, NoEntropy> {
        let secret = secret(secrets, entropy, self.event, self.key(), "access token")?;
        Ok(AccessToken::new(account, &secret))
    }

    /// The pass that a grant may lead to.
    ///
    /// # Errors
    /// [`NoEntropy`] where there is no idempotency key and no randomness either.
    pub fn pass(
        &self,
        secrets: &Secrets,
        entropy: &dyn Entropy,
        account: AccountId,
    ) -> Result<PassToken, NoEntropy> {
        let secret = secret(secrets, entropy, self.event, self.key(), "pass")?;
        Ok(PassToken::new(account, &secret))
    }

    /// The recovery codes that may be issued.
    ///
    /// # Errors
    /// [`NoEntropy`] where there is no idempotency key and no randomness either.
    pub fn recovery(
        &self,
        secrets: &Secrets,
        entropy: &dyn Entropy,
        account: AccountId,
    ) -> Result<Recovery, NoEntropy> {
        let pepper = secrets.recovery_pepper().to_owned();
        let mut recovery =
            Recovery { codes: vec![], minted: RecoveryMinted { pepper, hashes: vec![] } };
        for index in 0..RECOVERY_CODES {
            let kind = format!("recovery code {index}");
            let full = secret(secrets, entropy, self.event, self.key(), &kind)?;
            let mut bytes = Zeroizing::new([0; RECOVERY_BYTES]);
            bytes.copy_from_slice(full.split_at(RECOVERY_BYTES).0);
            let (code, normal) = recovery_code_from(&bytes);
            recovery.minted.hashes.push(secrets.recovery_hash(account, &normal));
            recovery.codes.push(code);
        }
        Ok(recovery)
    }
}

/// 32 bytes for one use: random, or with an idempotency key the same for the same event and kind.
pub(crate) fn secret(
    secrets: &Secrets,
    entropy: &dyn Entropy,
    event: EventId,
    key: Option<&str>,
    kind: &str,
) -> Result<Zeroizing<[u8; SECRET_BYTES]>, NoEntropy> {
    match key {
        Some(key) => Ok(secrets.derive(kind, event, key)),
        None => entropy::bytes::<SECRET_BYTES>(entropy),
    }
}
