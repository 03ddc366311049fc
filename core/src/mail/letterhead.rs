//! The letterhead: who writes, from which address, and with which links.
//!
//! All of it is configuration, checked when it is read, so that rendering a mail can put it
//! anywhere: no control character (no header can be injected), and no six digits in a row (nothing
//! in a notice can be taken for a code).

use std::fmt;

use askama::Template;
use countersign_events::account::Notice;
use countersign_events::id::EventId;
use jiff::Timestamp;
use lettre::Address;
use zeroize::Zeroizing;

use super::ledger::{Addressee, CodeMail, LinkMail};
use super::wording::{self, Letter, NoticeFacts};
use super::{Mail, MessageId};

/// The longest brand name, in characters.
pub const BRAND_CHARS_MAX: usize = 64;
/// The longest contact line, in characters.
pub const CONTACT_CHARS_MAX: usize = 200;
/// The longest public URL, in characters.
pub const PUBLIC_URL_CHARS_MAX: usize = 200;
/// The longest name that a mail greets, in characters.
const GREETED_CHARS_MAX: usize = 40;
/// Columns of the plain text.
const COLUMNS: usize = 72;

/// Why a letterhead was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidLetterhead {
    /// The field of the configuration.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A mail could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("cannot render a mail")]
pub struct RenderError(#[from] askama::Error);

/// What every mail carries.
#[derive(Clone, PartialEq, Eq)]
pub struct Letterhead {
    brand: String,
    public_url: String,
    from: Address,
    contact: Option<String>,
}

impl Letterhead {
    /// Checks what the configuration says: the brand's name, the public URL of the service, the
    /// sender's address (its domain also ends the `Message-ID`s) and how people reach the staff.
    ///
    /// # Errors
    /// [`InvalidLetterhead`] names the field and what is wrong with it.
    pub fn new(
        brand: &str,
        public_url: &str,
        from: &str,
        contact: Option<&str>,
    ) -> Result<Self, InvalidLetterhead> {
        let from: Address = from.parse().map_err(|_| InvalidLetterhead {
            field: "smtp.from",
            reason: "not an address such as no-reply@example.com",
        })?;
        if !from.domain().is_ascii() {
            return Err(InvalidLetterhead {
                field: "smtp.from",
                reason: "write the domain in its ASCII form",
            });
        }
        Ok(Self {
            brand: line("brand.name", brand, BRAND_CHARS_MAX)?,
            public_url: public_url_of(public_url)?,
            from,
            contact: contact
                .map(|contact| line("brand.contact", contact, CONTACT_CHARS_MAX))
                .transpose()?,
        })
    }

    /// The brand's name.
    #[must_use]
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// The public URL, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// How people reach the staff.
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }

    pub(super) const fn from(&self) -> &Address {
        &self.from
    }

    /// The mail that carries a code. `request` and `at` are those of the `EmailCodeRequested`.
    ///
    /// # Errors
    /// [`RenderError`] if the template fails.
    pub fn code_mail(
        &self,
        request: EventId,
        at: Timestamp,
        code: &CodeMail,
    ) -> Result<Mail, RenderError> {
        self.mail(request, at, &code.to, &wording::code(self, at, code))
    }

    /// The mail with a link to a new password. `request` and `at` are those of the
    /// `PasswordResetRequested`.
    ///
    /// # Errors
    /// [`RenderError`] if the template fails.
    pub fn link_mail(
        &self,
        request: EventId,
        at: Timestamp,
        link: &LinkMail,
    ) -> Result<Mail, RenderError> {
        self.mail(request, at, &link.to, &wording::link(self, at, link))
    }

    /// The mail that tells of an event. `cause` and `at` are the event's own.
    ///
    /// # Errors
    /// [`RenderError`] if the template fails.
    pub fn notice_mail(
        &self,
        cause: EventId,
        at: Timestamp,
        to: &Addressee,
        notice: Notice,
        facts: &NoticeFacts,
    ) -> Result<Mail, RenderError> {
        self.mail(cause, at, to, &wording::notice(self, at, to, notice, facts))
    }

    fn mail(
        &self,
        event: EventId,
        at: Timestamp,
        to: &Addressee,
        letter: &Letter<'_>,
    ) -> Result<Mail, RenderError> {
        let text = Text { letter, head: self }.render()?;
        let html = Html { letter, head: self }.render()?;
        Ok(Mail {
            message_id: MessageId::new(event, to.whose, self.from.domain()),
            at,
            to: to.email.clone(),
            subject: letter.subject.clone(),
            text: Zeroizing::new(text),
            html: Zeroizing::new(html),
        })
    }
}

impl fmt::Debug for Letterhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letterhead({}, {})", self.brand, self.public_url)
    }
}

/// The plain text. The code stands alone on its line, so that phones and people find it.
#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    letter: &'a Letter<'a>,
    head: &'a Letterhead,
}

/// The same as HTML: no picture, no script, nothing that is loaded from anywhere.
#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter<'a>,
    head: &'a Letterhead,
}

impl Addressee {
    /// The name that a mail greets. A display name is somebody's own text: it is greeted only where
    /// it is plainly a name, so that nobody can have us send his words, links or numbers to a
    /// stranger.
    pub(super) fn greeted(&self) -> Option<&str> {
        let plain = |name: &&str| {
            (1..=GREETED_CHARS_MAX).contains(&name.chars().count())
                && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’'))
                && name.starts_with(char::is_alphabetic)
        };
        self.display_name.as_deref().map(str::trim).filter(plain)
    }
}

/// Breaks a paragraph into lines of at most [`COLUMNS`] characters, at blanks.
fn wrapped(paragraph: &str) -> String {
    let mut out = String::with_capacity(paragraph.len() + 8);
    let mut column = 0_usize;
    for word in paragraph.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > COLUMNS {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out
}

fn line(field: &'static str, text: &str, chars_max: usize) -> Result<String, InvalidLetterhead> {
    let invalid = |reason| Err(InvalidLetterhead { field, reason });
    let text = text.trim();
    if text.is_empty() {
        return invalid("empty");
    }
    if text.chars().count() > chars_max {
        return invalid("too long");
    }
    if text.chars().any(char::is_control) {
        return invalid("has a control character");
    }
    if has_six_digits(text) {
        return invalid("six digits in a row look like a code: write them in groups");
    }
    Ok(text.to_owned())
}

fn public_url_of(text: &str) -> Result<String, InvalidLetterhead> {
    let invalid = |reason| Err(InvalidLetterhead { field: "public_url", reason });
    let text = text.trim_end_matches('/');
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return invalid("starts with neither https:// nor http://");
    };
    if rest.is_empty() || text.len() > PUBLIC_URL_CHARS_MAX {
        return invalid("empty or too long");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    if !rest.chars().all(allowed) {
        return invalid("has a character that no plain address of a site has");
    }
    Ok(text.to_owned())
}

/// Whether six decimal digits stand in a row.
pub(super) fn has_six_digits(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= 6)
}
