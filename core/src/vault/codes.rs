//! What is derived instead of stored: e-mail codes, hashes of recovery codes, repeatable tokens.
//!
//! An e-mail code is the RFC 4226 truncation of an HMAC-SHA-256 over everything it is bound to:
//! any node can check it or repeat its sending, and neither log nor vault can leak one. A code of
//! another account, sign-in, purpose, address or request is another code (SR-021).

use countersign_events::account::Purpose;
use countersign_events::id::{AccountId, EventId, HandleHash, Hash32, Nonce};
use zeroize::Zeroizing;

use super::keyring::Keyring;
use crate::domain::recovery_code::NormalRecoveryCode;

/// The key id of the recovery pepper that is in use.
pub const RECOVERY_PEPPER: &str = "p1";

/// The name of a purpose in what a code is derived from: permanent.
const fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign_in",
        Purpose::Enable => "enable",
        Purpose::StepUp => "step_up",
        Purpose::ConfirmEmail => "confirm_email",
        Purpose::ChangeEmail => "change_email",
        Purpose::Resync => "resync",
    }
}

impl Keyring {
    /// The code that a mail carries (SR-020, SR-021).
    #[must_use]
    pub fn email_code(
        &self,
        account: AccountId,
        bound_to: HandleHash,
        purpose: Purpose,
        address: Hash32,
        nonce: Nonce,
        digits: u8,
    ) -> Zeroizing<String> {
        let mac = self.mail_key().mac(
            "countersign e-mail code 1",
            &[
                account.uuid().as_bytes(),
                bound_to.bytes(),
                purpose_name(purpose).as_bytes(),
                address.bytes(),
                nonce.bytes(),
            ],
        );
        let codes = 10_u32.saturating_pow(u32::from(digits));
        let number = truncate(&mac) % codes;
        Zeroizing::new(format!("{number:0width$}", width = usize::from(digits)))
    }

    /// What the log keeps of a recovery code (SR-032): one keyed hash, whatever the slot.
    #[must_use]
    pub fn recovery_hash(&self, account: AccountId, code: &NormalRecoveryCode) -> Hash32 {
        let account = account.uuid();
        let parts: [&[u8]; 2] = [account.as_bytes(), code.canonical().as_bytes()];
        Hash32::new(*self.recovery_key().mac("countersign recovery code 1", &parts))
    }

    /// 32 bytes that the same kind, event and idempotency key give on every node.
    #[must_use]
    pub fn derive(&self, kind: &str, event: EventId, key: &str) -> Zeroizing<[u8; 32]> {
        let event = event.uuid();
        let parts: [&[u8]; 3] = [kind.as_bytes(), event.as_bytes(), key.as_bytes()];
        self.token_key().mac("countersign token 1", &parts)
    }

    /// A keyed hash of the parts, cut to 16 bytes, for idempotency fingerprints.
    #[must_use]
    pub fn fingerprint(&self, domain: &str, parts: &[&[u8]]) -> HandleHash {
        let full = self.fingerprint_key().mac(domain, parts);
        let mut cut = [0; 16];
        cut.copy_from_slice(full.split_at(16).0);
        HandleHash::new(cut)
    }
}

/// RFC 4226, section 5.3: 31 bits from the place that the last four bits name.
fn truncate(mac: &[u8; 32]) -> u32 {
    let offset = usize::from(mac.last().map_or(0, |last| last & 0x0f));
    let word = mac.get(offset..).and_then(|tail| tail.first_chunk::<4>());
    u32::from_be_bytes(word.copied().unwrap_or_default()) & 0x7fff_ffff
}
