//! From a [`Mail`] to the bytes of RFC 5322.
//!
//! The same mail gives the same bytes, so that a second sending is recognised as such. `lettre`
//! parses addresses and encodes headers; a line break in either is refused or encoded, never sent.

use std::time::SystemTime;

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use zeroize::Zeroizing;

use super::letterhead::Letterhead;
use super::{Mail, SendError, SendErrorClass};

/// Puts a mail together.
///
/// # Errors
/// [`SendErrorClass::Permanent`] where the stored address is none.
pub(super) fn compose(mail: &Mail, head: &Letterhead) -> Result<Message, SendError> {
    let cannot = |what: &str| SendError::new(SendErrorClass::Permanent, what);
    let to = mail.to.parse().map_err(|_| cannot("the stored address is no mail address"))?;
    let from = Mailbox::new(Some(head.brand().to_owned()), head.from().clone());
    let parts = MultiPart::alternative()
        .boundary(boundary(mail))
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &mail.html)?);
    Message::builder()
        .date(SystemTime::from(mail.at))
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.subject.clone())
        .message_id(Some(mail.message_id.to_string()))
        // RFC 3834: no out-of-office reply, please.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(parts)
        .map_err(|_| cannot("the mail cannot be put together"))
}

/// Text that is not ASCII goes as quoted-printable, which keeps lines as they are: the code stays
/// alone on its own.
fn part(content_type: ContentType, text: &Zeroizing<String>) -> Result<SinglePart, SendError> {
    let body = if text.is_ascii() {
        Body::new(text.as_str().to_owned())
    } else {
        Body::new_with_encoding(text.as_str().to_owned(), ContentTransferEncoding::QuotedPrintable)
            .map_err(|_| SendError::new(SendErrorClass::Permanent, "the text cannot be encoded"))?
    };
    Ok(SinglePart::builder().header(content_type).body(body))
}

/// Made from the event's id, in letters: no number in a mail but the code.
fn boundary(mail: &Mail) -> String {
    let letters = mail.message_id.event().uuid().simple().to_string();
    let letters = letters.chars().map(|c| match c.to_digit(16) {
        Some(digit) => char::from(b'a' + u8::try_from(digit).unwrap_or(0)),
        None => c,
    });
    format!("part-{}", letters.collect::<String>())
}
