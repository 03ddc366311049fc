//! `otpauth://totp/Issuer:login?secret=…&algorithm=SHA1&digits=6&period=30`, the Key URI format.
//!
//! What is not said is the format's default. A parameter that changes nothing about codes is not
//! looked at.

use zeroize::Zeroizing;

use super::{NAMELESS, Row, Seed, Why};

const SCHEME: &str = "otpauth://";

/// Whether a text is meant to be one.
pub(super) fn is_one(text: &str) -> bool {
    after(text, SCHEME).is_some()
}

/// What follows a beginning, in whatever case that is written.
pub(super) fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// The account of a URI: its label names it.
pub(super) fn row(uri: &str) -> Result<Row, Why> {
    let seed = seed(uri)?;
    let (label, _) = parts(uri)?;
    let label = decoded(label).ok_or(Why::NotText)?;
    of(seed, &label)
}

/// An account of which a phone knows no more than the label and the seed.
pub(super) fn of(seed: Seed, label: &str) -> Result<Row, Why> {
    let name = label.split_once(':').map_or(label, |(_issuer, name)| name).trim();
    if name.is_empty() {
        return Err(Why::Nameless("login in the label"));
    }
    Ok(Row {
        name: Zeroizing::new(name.to_owned()),
        email: None,
        email_verified: false,
        seed: Some(seed),
        authenticator: NAMELESS.to_owned(),
        password_hash: None,
    })
}

/// The seed of a URI whose codes can be served.
pub(super) fn seed(uri: &str) -> Result<Seed, Why> {
    let (_, query) = parts(uri)?;
    let mut seed = None;
    for (key, value) in query.split('&').filter_map(|one| one.split_once('=')) {
        let value = decoded(value).ok_or(Why::NotText)?;
        match key.to_ascii_lowercase().as_str() {
            "secret" if seed.is_some() => return Err(Why::NotAUri),
            "secret" => seed = Some(value),
            "algorithm" => is_sha1(&value)?,
            "digits" if value.as_str() != "6" => return Err(Why::Digits),
            "period" if value.as_str() != "30" => return Err(Why::Period),
            _ => {}
        }
    }
    let seed = seed.filter(|seed| !seed.is_empty()).ok_or(Why::NoSeed)?;
    Seed::parse(&seed)
}

fn is_sha1(named: &str) -> Result<(), Why> {
    let is_it = ["SHA1", "SHA-1", "HMACSHA1"].iter().any(|name| name.eq_ignore_ascii_case(named));
    if is_it { Ok(()) } else { Err(Why::Algorithm) }
}

/// The label and the query.
fn parts(uri: &str) -> Result<(&str, &str), Why> {
    let rest = after(uri, SCHEME).ok_or(Why::NotAUri)?;
    if after(rest, "hotp/").is_some() {
        return Err(Why::Hotp);
    }
    let rest = after(rest, "totp/").ok_or(Why::NotAUri)?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
    rest.split_once('?').ok_or(Why::NoSeed)
}

/// A text of which some bytes are written as `%41`.
pub(super) fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        let byte = match byte {
            b'%' => (hex(left.next()?)? << 4) | hex(left.next()?)?,
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
