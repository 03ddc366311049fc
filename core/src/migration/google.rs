//! `otpauth-migration://offline?data=…`: what Google Authenticator shows as QR codes for another
//! phone, up to ten authenticators in each.
//!
//! The payload is a protocol buffer that is described nowhere by its maker; the fields are the ones
//! that everybody reads. Two bytes are enough for an authenticator that says nothing, so that a
//! line could stand for thousands of refusals: more than [`PARTS_MAX`] are one.

use std::fmt;

use data_encoding::BASE64;
use prost::Message;
use zeroize::Zeroizing;

use super::otpauth::{after, decoded, of};
use super::{Row, Seed, Why};

const SCHEME: &str = "otpauth-migration://offline?";

/// Accounts of a line at most: ten times what the app puts into a picture.
pub const PARTS_MAX: usize = 100;
/// As [`Authenticator::algorithm`], `digits` and `kind` have them; nothing said is the default.
const ALGORITHMS: [i32; 2] = [0, 1];
const DIGITS: [i32; 2] = [0, 1];
const HOTP: i32 = 1;
const TOTP: i32 = 2;

/// The payload.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Payload {
    #[prost(message, repeated, tag = "1")]
    pub(super) authenticators: Vec<Authenticator>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub(super) struct Authenticator {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) secret: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) issuer: String,
    #[prost(int32, tag = "4")]
    pub(super) algorithm: i32,
    #[prost(int32, tag = "5")]
    pub(super) digits: i32,
    #[prost(int32, tag = "6")]
    pub(super) kind: i32,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator(…)")
    }
}

/// Whether a text is meant to be one.
pub(super) fn is_one(text: &str) -> bool {
    after(text, SCHEME).is_some()
}

/// The accounts of an export, or why it does not read.
pub(super) fn rows(uri: &str) -> Result<Vec<Result<Row, Why>>, Why> {
    let query = after(uri, SCHEME).ok_or(Why::NotAUri)?;
    let data = query.split('&').find_map(|one| after(one, "data=")).ok_or(Why::Payload)?;
    let data = decoded(data).ok_or(Why::Payload)?;
    let bytes = BASE64.decode(data.as_bytes()).map_err(|_| Why::Payload)?;
    let bytes = Zeroizing::new(bytes);
    let payload = Payload::decode(bytes.as_slice()).map_err(|_| Why::Payload)?;
    if payload.authenticators.is_empty() {
        return Err(Why::Payload);
    }
    if payload.authenticators.len() > PARTS_MAX {
        return Err(Why::Parts);
    }
    Ok(payload.authenticators.into_iter().map(row).collect())
}

fn row(one: Authenticator) -> Result<Row, Why> {
    // From here on it is wiped.
    let secret = Zeroizing::new(one.secret);
    match one.kind {
        TOTP => {}
        HOTP => return Err(Why::Hotp),
        _ => return Err(Why::Payload),
    }
    if !ALGORITHMS.contains(&one.algorithm) {
        return Err(Why::Algorithm);
    }
    if !DIGITS.contains(&one.digits) {
        return Err(Why::Digits);
    }
    of(Seed::new(secret)?, &one.name)
}
