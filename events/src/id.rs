//! The names of things: accounts, factors, events, streams, positions.
//!
//! Each is a newtype with a `parse`, so that no bare `Uuid`, `String` or `u64` crosses a boundary.
//! Account ids are random (UUIDv4): they tell neither a login nor when the account was made.
//! Event ids are UUIDv7. Handles (sign-in ids, session tokens) are kept in the log only as their
//! hash, cut to 16 bytes.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// What was wrong with the text of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}")]
pub struct InvalidId {
    /// The kind of id that was expected.
    pub what: &'static str,
}

/// Reads a text where it lies: a log has millions of these.
struct Text<T>(fn(&str) -> Result<T, InvalidId>);

impl<T> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let Self(parse) = self;
        parse(text).map_err(E::custom)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the hyphenated lower-case form.
            ///
            /// # Errors
            /// [`InvalidId`] for anything else, upper case and braces included.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let uuid = Uuid::try_parse(text).map_err(|_| InvalidId { what: $what })?;
                let mut canonical = Uuid::encode_buffer();
                if *uuid.hyphenated().encode_lower(&mut canonical) == *text {
                    Ok(Self(uuid))
                } else {
                    Err(InvalidId { what: $what })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

uuid_id!(
    /// An account; also the id of an operator, who is an account with a role. UUIDv4.
    AccountId,
    "account id"
);
uuid_id!(
    /// An authenticator of an account. UUIDv4.
    FactorId,
    "factor id"
);
uuid_id!(
    /// An entry of the log. UUIDv7.
    EventId,
    "event id"
);

impl EventId {
    /// When the id was made, to the millisecond; none for a UUID of another version.
    #[must_use]
    pub fn time(self) -> Option<Timestamp> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
    }
}

uuid_id!(
    /// A client app. UUIDv4.
    ClientId,
    "client id"
);
uuid_id!(
    /// A log: every entry names the one it belongs to. UUIDv4.
    LogId,
    "log id"
);
uuid_id!(
    /// One request, across all the entries it caused. UUIDv7.
    CorrelationId,
    "correlation id"
);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number itself.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// The place of an entry in its stream, dense from 0.
    Revision
);
number_id!(
    /// The place of an entry in the whole log, dense from 0: its leaf index.
    Position
);
number_id!(
    /// The version of a secret in the vault: `(account, kind, version)` names one row, for ever.
    SecretVersion
);
number_id!(
    /// The version of the policy under which a decision was taken.
    PolicyVersion
);

/// `N` bytes that are written as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest<const N: usize>([u8; N]);

/// A handle as the log keeps it: SHA-256, cut to 16 bytes.
pub type HandleHash = Digest<16>;
/// A SHA-256 or HMAC-SHA-256 in full.
pub type Hash32 = Digest<32>;
/// A random number used once: 128 bits.
pub type Nonce = Digest<16>;

impl<const N: usize> Digest<N> {
    /// Wraps the bytes.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// Reads lower-case hexadecimal of exactly `2 * N` digits.
    ///
    /// # Errors
    /// [`InvalidId`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let mut bytes = [0; N];
        let fits = HEXLOWER.decode_len(text.len()) == Ok(N);
        let read = fits.then(|| HEXLOWER.decode_mut(text.as_bytes(), &mut bytes));
        match read {
            Some(Ok(_)) => Ok(Self(bytes)),
            _ => Err(InvalidId { what: "hash" }),
        }
    }
}

impl<const N: usize> fmt::Display for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Serialize for Digest<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Digest<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::parse))
    }
}

/// The stream that an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// `account-<id>`: the life of one account.
    Account(AccountId),
    /// `unknown-<keyed hash>`: what was tried with a login that does not exist.
    Unknown(Hash32),
    /// `operator-<account id>`: the role of an account that may act on others.
    Operator(AccountId),
    /// `client-<id>`: a client app and its keys.
    Client(ClientId),
    /// `policy`: the guess-limit policy in force.
    Policy,
    /// `log`: the log itself, its keys and its servers.
    Log,
}

impl StreamId {
    /// Reads the name of a stream.
    ///
    /// # Errors
    /// [`InvalidId`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { what: "stream" };
        match text {
            "policy" => return Ok(Self::Policy),
            "log" => return Ok(Self::Log),
            _ => {}
        }
        let (kind, id) = text.split_once('-').ok_or(invalid.clone())?;
        match kind {
            "account" => AccountId::parse(id).map(Self::Account),
            "operator" => AccountId::parse(id).map(Self::Operator),
            "client" => ClientId::parse(id).map(Self::Client),
            "unknown" => Hash32::parse(id).map(Self::Unknown),
            _ => Err(invalid),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account-{id}"),
            Self::Unknown(hash) => write!(f, "unknown-{hash}"),
            Self::Operator(id) => write!(f, "operator-{id}"),
            Self::Client(id) => write!(f, "client-{id}"),
            Self::Policy => f.write_str("policy"),
            Self::Log => f.write_str("log"),
        }
    }
}

impl FromStr for StreamId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::parse))
    }
}

/// Encodes bytes as they appear in handles and keys: base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
