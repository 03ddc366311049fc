//! Enrolment: what an authenticator app is shown, as a URI, a QR code and a key to type.
//!
//! The URI follows the Key URI format, in the strict reading that all known apps share: the issuer
//! stands in the label and in its own parameter and is the same in both, every part is
//! percent-encoded (all but RFC 3986's unreserved characters), the secret is base32 without
//! padding, and no part has a colon, which is the label's own separator (SR-004). `algorithm`,
//! `digits` and `period` are written out although they are the defaults (SR-003): apps differ in
//! what they assume, and none minds being told.
//!
//! **Architecture Invariant:** all that is returned holds the secret, and is wiped when dropped.

use data_encoding::BASE32_NOPAD;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use crate::domain::totp::{DIGITS, PERIOD_SECONDS, SECRET_BYTES};

/// The algorithm of new authenticators, as the Key URI format writes it.
pub const ALGORITHM: &str = "SHA1";
/// Bytes of a percent-encoded issuer: it stands twice in a URI.
pub const ISSUER_ENCODED_BYTES_MAX: usize = 192;
/// Bytes of a percent-encoded account name. With the longest issuer, the QR code still has at
/// most 133 modules a side, and a phone reads it from a screen.
pub const NAME_ENCODED_BYTES_MAX: usize = 768;
/// Pixels of a QR code's side, unless it needs more: a phone reads it at arm's length.
const QR_PIXELS_MIN: u32 = 240;
/// The name of an account whose own has no character that can be shown.
const NAMELESS: &str = "account";
/// Bytes of a URI around its issuer, name and secret.
const FRAME_BYTES: usize = 80;

/// What cannot be shown to an authenticator app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// A part of the label is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// A part has a colon, which separates issuer and account name.
    #[error("the {0} has a colon")]
    Colon(&'static str),
    /// A part has a control character.
    #[error("the {0} has a control character")]
    Control(&'static str),
    /// A part is too long for a QR code that a phone can read.
    #[error("the {part} is longer than {max} bytes, percent-encoded")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// The limit.
        max: usize,
    },
    /// The secret has not the length of one.
    #[error("the secret has {0} bytes")]
    SecretLength(usize),
    /// The text does not fit into a QR code.
    #[error("the text does not fit into a qr code")]
    Qr,
}

/// The `otpauth://totp/…` URI of an authenticator.
///
/// `issuer` is the name of the service as the phone shows it; `account_name` tells its holder's
/// accounts apart, for which [`account_label`] makes any text fit.
///
/// # Errors
/// [`EnrolmentError`] for a part that is empty, has a colon or control character, or is too long,
/// and for a secret that is not [`SECRET_BYTES`] long.
pub fn otpauth_uri(
    issuer: &str,
    account_name: &str,
    secret: &[u8],
) -> Result<Zeroizing<String>, EnrolmentError> {
    if secret.len() != SECRET_BYTES {
        return Err(EnrolmentError::SecretLength(secret.len()));
    }
    let issuer = part("issuer", issuer, ISSUER_ENCODED_BYTES_MAX)?;
    let name = part("account name", account_name, NAME_ENCODED_BYTES_MAX)?;
    let secret = base32(secret);
    // Sized once: a string that grows leaves copies of the secret behind.
    let bytes = 2 * issuer.len() + name.len() + secret.len() + FRAME_BYTES;
    let mut uri = Zeroizing::new(String::with_capacity(bytes));
    let parts = ["otpauth://totp/", &issuer, ":", &name, "?secret=", &secret, "&issuer=", &issuer];
    parts.iter().for_each(|part| uri.push_str(part));
    uri.push_str(&format!("&algorithm={ALGORITHM}&digits={DIGITS}&period={PERIOD_SECONDS}"));
    Ok(uri)
}

/// The secret as people type it: base32 (RFC 4648) without padding.
#[must_use]
pub fn base32(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE32_NOPAD.encode(secret))
}

/// The QR code of a URI: an SVG document, with a quiet zone, error correction level M.
///
/// # Errors
/// [`EnrolmentError::Qr`] where the text is longer than a QR code holds.
pub fn qr_svg(uri: &str) -> Result<Zeroizing<String>, EnrolmentError> {
    let code = QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M)
        .map_err(|_| EnrolmentError::Qr)?;
    let mut renderer = code.render::<svg::Color<'_>>();
    renderer.quiet_zone(true).min_dimensions(QR_PIXELS_MIN, QR_PIXELS_MIN);
    Ok(Zeroizing::new(renderer.build()))
}

/// Any name, made fit for [`otpauth_uri`]: colons and control characters become spaces, space at
/// the ends goes, and what is too long is cut.
#[must_use]
pub fn account_label(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if is_unfit(c) { ' ' } else { c }).collect();
    let mut bytes = 0;
    let fitting = spaced.trim().chars().take_while(|c| {
        bytes += encoded_bytes(*c);
        bytes <= NAME_ENCODED_BYTES_MAX
    });
    let label: String = fitting.collect();
    match label.trim_end() {
        "" => NAMELESS.to_owned(),
        label => label.to_owned(),
    }
}

fn part(what: &'static str, text: &str, max: usize) -> Result<String, EnrolmentError> {
    if text.is_empty() {
        return Err(EnrolmentError::Empty(what));
    }
    if text.contains(':') {
        return Err(EnrolmentError::Colon(what));
    }
    if text.contains(is_unfit) {
        return Err(EnrolmentError::Control(what));
    }
    if text.chars().map(encoded_bytes).sum::<usize>() > max {
        return Err(EnrolmentError::TooLong { part: what, max });
    }
    Ok(percent_encoded(text))
}

fn is_unfit(c: char) -> bool {
    c == ':' || c.is_control()
}

/// RFC 3986, 2.3.
const fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

const fn encoded_bytes(c: char) -> usize {
    if is_unreserved(c) { 1 } else { 3 * c.len_utf8() }
}

pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match char::from(byte) {
            c if is_unreserved(c) => encoded.push(c),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests;
