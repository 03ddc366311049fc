//! Handles: what a caller holds to go on with something.
//!
//! A sign-in id, a session token, a device, a setup token or an API key is
//! `base64url(owner id, 16 bytes ‖ secret, 32 bytes)`: any node finds the actor without a lookup.
//! The log keeps only SHA-256 of the 48 bytes, cut to 16. The kinds are different types, and
//! their hashes carry different domains, so that one is never accepted as another (SR-056).

use std::fmt;

use countersign_events::id::{AccountId, ClientId, HandleHash, base64url};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Bytes of the owner's id.
const OWNER_BYTES: usize = 16;
/// Bytes of the secret part.
pub const SECRET_BYTES: usize = 32;
const HANDLE_BYTES: usize = OWNER_BYTES + SECRET_BYTES;
/// Characters of a handle.
pub const HANDLE_CHARS: usize = HANDLE_BYTES / 3 * 4;

/// The text is no handle of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid handle")]
pub struct InvalidHandle;

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident of $owner:ident($field:ident), $domain:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<[u8; HANDLE_BYTES]>);

        impl $name {
            /// Joins the owner and the secret.
            #[must_use]
            pub fn new(owner: $owner, secret: &[u8; SECRET_BYTES]) -> Self {
                let mut bytes = Zeroizing::new([0; HANDLE_BYTES]);
                let (head, tail) = bytes.split_at_mut(OWNER_BYTES);
                head.copy_from_slice(owner.uuid().as_bytes());
                tail.copy_from_slice(secret);
                Self(bytes)
            }

            /// Reads the text that a caller sent.
            ///
            /// # Errors
            /// [`InvalidHandle`] for anything that is not 64 base64url characters.
            pub fn parse(text: &str) -> Result<Self, InvalidHandle> {
                let decoded = Zeroizing::new(
                    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| InvalidHandle)?,
                );
                let bytes: [u8; HANDLE_BYTES] =
                    decoded.as_slice().try_into().map_err(|_| InvalidHandle)?;
                Ok(Self(Zeroizing::new(bytes)))
            }

            /// Whose it is.
            #[must_use]
            pub fn $field(&self) -> $owner {
                let mut owner = [0; OWNER_BYTES];
                owner.copy_from_slice(self.0.split_at(OWNER_BYTES).0);
                $owner::new(Uuid::from_bytes(owner))
            }

            /// What the log keeps of it: 16 bytes of `SHA-256(domain ‖ handle)`.
            #[must_use]
            pub fn hash(&self) -> HandleHash {
                let full: [u8; 32] = Sha256::new()
                    .chain_update(concat!("countersign ", $domain, "\0"))
                    .chain_update(self.0.as_slice())
                    .finalize()
                    .into();
                let mut cut = [0; 16];
                cut.copy_from_slice(full.split_at(16).0);
                HandleHash::new(cut)
            }

            /// The text to give to the caller, once.
            #[must_use]
            pub fn reveal(&self) -> Zeroizing<String> {
                Zeroizing::new(base64url(self.0.as_slice()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

handle!(
    /// A sign-in in progress: good for its second factor and nothing else.
    SignInHandle of AccountId(account),
    "sign-in"
);
handle!(
    /// A session.
    SessionToken of AccountId(account),
    "session"
);
handle!(
    /// What a device holds: it grants a lane of its own for guesses, and nothing else.
    DeviceHandle of AccountId(account),
    "device"
);
handle!(
    /// A grant: with it a client app finds out, once, who is signed in.
    GrantCode of AccountId(account),
    "grant"
);
handle!(
    /// What a redeemed grant led to: with it the client app may ask again who that is.
    AccessToken of AccountId(account),
    "access token"
);
handle!(
    /// What a browser holds at a host that asks here whom to let in.
    PassToken of AccountId(account),
    "pass"
);
handle!(
    /// The one-time token of a new operator.
    SetupToken of AccountId(account),
    "setup"
);
handle!(
    /// What the second of two people confirms with that an operator is let in anew.
    UnlockCode of AccountId(account),
    "operator unlock"
);
handle!(
    /// The key of a client app.
    ApiKey of ClientId(client),
    "api key"
);

#[cfg(test)]
mod tests {
    use super::{ApiKey, HANDLE_CHARS, SessionToken, SignInHandle};
    use countersign_events::id::AccountId;
    use uuid::Uuid;

    #[test]
    fn a_handle_reads_back_and_knows_its_owner() {
        let owner = AccountId::new(Uuid::from_u128(42));
        let token = SessionToken::new(owner, &[7; 32]);
        let text = token.reveal();
        assert_eq!(text.len(), HANDLE_CHARS);
        let read = SessionToken::parse(&text).unwrap();
        assert_eq!(read, token);
        assert_eq!(read.account(), owner);
    }

    /// SR-056: a sign-in handle is no session token, even with the same bytes.
    #[test]
    fn sr_056_the_same_bytes_hash_differently_as_another_kind() {
        let owner = AccountId::new(Uuid::from_u128(42));
        let session = SessionToken::new(owner, &[7; 32]);
        let sign_in = SignInHandle::new(owner, &[7; 32]);
        assert_ne!(session.hash(), sign_in.hash());
    }

    #[test]
    fn other_text_is_refused() {
        let good = SessionToken::new(AccountId::new(Uuid::from_u128(1)), &[7; 32]).reveal();
        for bad in ["", "abc", &good[1..], &format!("{}=", *good), &good.replace('A', "+")] {
            assert!(SessionToken::parse(bad).is_err(), "{bad}");
            assert!(ApiKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let token = SessionToken::new(AccountId::new(Uuid::from_u128(1)), &[7; 32]);
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
    }
}
