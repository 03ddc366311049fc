//! Mails as their recipients read them: headers, both bodies, and the code on its own line.
//!
//! Reads what a mail server was given and what the development spool holds. Deliberately not the
//! library that wrote the mail: the two must agree.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use data_encoding::BASE64;

/// How long a mail may take to come.
const DEADLINE: Duration = Duration::from_secs(20);

/// A mail, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    headers: Vec<(String, String)>,
    /// The plain text, lines ending in `\n`.
    pub text: String,
    /// The HTML, lines ending in `\n`.
    pub html: String,
}

impl Letter {
    /// Reads the bytes of a mail with a plain text and an HTML part.
    ///
    /// # Errors
    /// Where the bytes are no such mail.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let (headers, body) = part(std::str::from_utf8(bytes).context("a mail that is not text")?)?;
        let content_type = value(&headers, "Content-Type").context("no content type")?;
        let boundary = content_type
            .split_once("boundary=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(boundary, _)| boundary)
            .context("no boundary")?;
        let mut letter =
            Self { headers: headers.clone(), text: String::new(), html: String::new() };
        for piece in body.split(&format!("--{boundary}\r\n")).skip(1) {
            let piece = piece.split(&format!("--{boundary}--")).next().unwrap_or(piece);
            let (headers, body) = part(piece)?;
            let encoding = value(&headers, "Content-Transfer-Encoding").unwrap_or("7bit");
            let decoded = decoded(encoding, body)?.replace("\r\n", "\n");
            match value(&headers, "Content-Type").unwrap_or_default() {
                plain if plain.starts_with("text/plain") => letter.text = decoded,
                html if html.starts_with("text/html") => letter.html = decoded,
                other => bail!("a part of type {other}"),
            }
        }
        Ok(letter)
    }

    /// The value of a header, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The code: the one line of the plain text that is six digits and nothing else.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let mut codes = self
            .text
            .lines()
            .filter(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
        codes.next().filter(|_| codes.next().is_none())
    }
}

/// The development spool of a server.
#[derive(Debug, Clone)]
pub struct Mailbox {
    dir: PathBuf,
}

impl Mailbox {
    /// The mails in this directory.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The mails to an address, oldest first.
    ///
    /// # Errors
    /// Where the directory or a mail does not read.
    pub fn letters_to(&self, address: &str) -> anyhow::Result<Vec<Letter>> {
        let mut paths = Vec::new();
        match std::fs::read_dir(&self.dir) {
            Ok(entries) => {
                for entry in entries {
                    paths.push(entry?.path());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort_unstable();
        let mut letters = Vec::new();
        for path in paths {
            let letter = Letter::parse(&std::fs::read(&path)?)
                .with_context(|| format!("in {}", path.display()))?;
            if letter.header("To") == Some(address) {
                letters.push(letter);
            }
        }
        Ok(letters)
    }

    /// The oldest mail to an address that is one like this; asked for until the courier has
    /// written it.
    ///
    /// # Errors
    /// Where the directory or a mail does not read, and where none comes before the deadline.
    pub fn wait_for(
        &self,
        address: &str,
        is_it: impl Fn(&Letter) -> bool,
    ) -> anyhow::Result<Letter> {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if let Some(letter) = self.letters_to(address)?.into_iter().find(&is_it) {
                return Ok(letter);
            }
            std::thread::yield_now();
        }
        bail!("no such mail to {address} came within {DEADLINE:?}")
    }

    /// The code of the newest mail to an address that has one.
    ///
    /// # Errors
    /// Where the directory or a mail does not read.
    pub fn newest_code(&self, address: &str) -> anyhow::Result<Option<String>> {
        let letters = self.letters_to(address)?;
        Ok(letters.iter().rev().find_map(Letter::code).map(str::to_owned))
    }
}

type Headers = Vec<(String, String)>;

fn part(text: &str) -> anyhow::Result<(Headers, &str)> {
    let (head, body) = text.split_once("\r\n\r\n").context("no end of headers")?;
    let mut headers: Headers = Vec::new();
    for line in head.split("\r\n") {
        if let Some(folded) = line.strip_prefix([' ', '\t']) {
            let (_, value) = headers.last_mut().context("a fold before any header")?;
            value.push(' ');
            value.push_str(folded.trim_start());
        } else {
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    Ok((headers, body))
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn decoded(encoding: &str, body: &str) -> anyhow::Result<String> {
    let bytes = match encoding.to_ascii_lowercase().as_str() {
        "7bit" | "8bit" => body.as_bytes().to_vec(),
        "quoted-printable" => from_quoted_printable(body)?,
        "base64" => BASE64.decode(body.replace("\r\n", "").as_bytes())?,
        other => bail!("an encoding {other}"),
    };
    Ok(String::from_utf8(bytes)?)
}

fn from_quoted_printable(body: &str) -> anyhow::Result<Vec<u8>> {
    let joined = body.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2).context("half an escape")?;
        bytes.push(u8::from_str_radix(hex, 16)?);
        bytes.extend(rest.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::Letter;

    const MAIL: &str = "To: a@example.org\r\nSubject: one\r\n two\r\n\
        Content-Type: multipart/alternative;\r\n boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        B=C3=BCrger=\r\namt\r\n\r\n042917\r\n\r\n--b\r\n\
        Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
        <p>\r\n\r\n--b--\r\n";

    #[test]
    fn a_letter_is_read_with_its_code() {
        let letter = Letter::parse(MAIL.as_bytes()).unwrap();
        assert_eq!(letter.header("subject"), Some("one two"));
        assert_eq!(letter.text.lines().next(), Some("Bürgeramt"));
        assert_eq!(letter.code(), Some("042917"));
        assert_eq!(letter.html.trim(), "<p>");
    }

    #[test]
    fn a_code_that_does_not_stand_alone_is_none() {
        for bad in ["code 042917", "0429170", "04291", "042917\r\n123456"] {
            let letter = Letter::parse(MAIL.replace("042917", bad).as_bytes()).unwrap();
            assert_eq!(letter.code(), None, "{bad}");
        }
    }
}
