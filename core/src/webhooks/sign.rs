//! Signatures of deliveries: Standard Webhooks, the symmetric scheme `v1`.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use zeroize::Zeroizing;

use countersign_events::id::EventId;

/// What a secret begins with where it is shown.
const SECRET_PREFIX: &str = "whsec_";
/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// A secret that signs.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecret {
    bytes: Zeroizing<[u8; SECRET_BYTES]>,
    until: Option<Timestamp>,
}

impl std::fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

impl HookSecret {
    /// A secret, and until when it signs where another has taken over.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; SECRET_BYTES]>, until: Option<Timestamp>) -> Self {
        Self { bytes, until }
    }

    /// As it is shown, once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{SECRET_PREFIX}{}", BASE64.encode(self.bytes.as_slice())))
    }

    fn signs_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn sign(&self, id: EventId, seconds: i64, body: &[u8]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.bytes.as_slice()).expect("any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

/// The signatures of an attempt, of every secret that signs now, the newest first.
#[must_use]
pub fn signatures(secrets: &[HookSecret], id: EventId, at: Timestamp, body: &[u8]) -> String {
    let signing = secrets.iter().filter(|secret| secret.signs_at(at));
    let made: Vec<_> = signing.map(|secret| secret.sign(id, at.as_second(), body)).collect();
    made.join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    use super::{HookSecret, signatures};
    use countersign_events::id::EventId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_674_087_231 + second).unwrap()
    }

    /// What `openssl dgst -sha256 -mac HMAC -binary | base64` makes of it.
    #[test]
    fn a_signature_is_that_of_the_scheme() {
        let secret = HookSecret::new(Zeroizing::new([7; 32]), None);
        assert_eq!(secret.reveal().as_str(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        let id = EventId::new(Uuid::from_u128(1));
        let made = signatures(&[secret], id, at(0), b"{\"a\":1}");
        assert_eq!(made, "v1,BK7a5TfZXOb6M1cQ0Xovv0iEtkAKvo+SqRNaYSRNVQ4=");
    }

    #[test]
    fn while_secrets_overlap_both_sign_and_then_the_new_one_alone() {
        let newest = HookSecret::new(Zeroizing::new([1; 32]), None);
        let old = HookSecret::new(Zeroizing::new([2; 32]), Some(at(10)));
        let both = [newest.clone(), old];
        let id = EventId::new(Uuid::from_u128(1));
        let of = |second| signatures(&both, id, at(second), b"{}");
        assert_eq!(of(9).split(' ').count(), 2);
        assert_eq!(of(10), signatures(&[newest], id, at(10), b"{}"));
    }
}
