//! Where the mail server is: `smtp://user@host:port?tls=starttls|implicit|none`.
//!
//! TLS is required unless it is said otherwise or the server is on loopback; a user name is never
//! sent in clear to another machine. The password is not part of the URL: URLs end up in process
//! lists and logs.

use std::net::IpAddr;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// In clear first, then STARTTLS, or no mail at all.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// In clear.
    None,
}

impl TlsMode {
    const fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// A mail server and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: TlsMode,
}

/// Why a URL was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("smtp url: {0}")]
pub struct InvalidSmtpUrl(pub(super) &'static str);

impl SmtpUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`InvalidSmtpUrl`] for another scheme, a password in it, an unknown option, no host, and a
    /// user name that would be sent in clear to another machine.
    pub fn parse(text: &str) -> Result<Self, InvalidSmtpUrl> {
        let rest =
            text.strip_prefix("smtp://").ok_or(InvalidSmtpUrl("does not start with smtp://"))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_suffix('/').unwrap_or(place);
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(user_of(user)?), place),
            None => (None, place),
        };
        let (host, port) = host_and_port(place)?;
        let tls = match tls_of(query)? {
            Some(tls) => tls,
            None if is_loopback(&host) => TlsMode::None,
            None => TlsMode::StartTls,
        };
        if tls == TlsMode::None && user.is_some() && !is_loopback(&host) {
            return Err(InvalidSmtpUrl("a password would be sent in clear: use tls=starttls"));
        }
        Ok(Self { user, host, port: port.unwrap_or(tls.default_port()), tls })
    }

    /// Whether the server asks who we are, so that a password is needed.
    #[must_use]
    pub const fn needs_password(&self) -> bool {
        self.user.is_some()
    }
}

fn tls_of(query: &str) -> Result<Option<TlsMode>, InvalidSmtpUrl> {
    match query {
        "" => Ok(None),
        "tls=starttls" => Ok(Some(TlsMode::StartTls)),
        "tls=implicit" => Ok(Some(TlsMode::Implicit)),
        "tls=none" => Ok(Some(TlsMode::None)),
        _ => Err(InvalidSmtpUrl("the only option is tls=starttls, tls=implicit or tls=none")),
    }
}

fn user_of(text: &str) -> Result<String, InvalidSmtpUrl> {
    if text.contains(':') {
        return Err(InvalidSmtpUrl("the password does not belong here: give a file"));
    }
    let user = percent_decoded(text).ok_or(InvalidSmtpUrl("the user name does not read"))?;
    if user.is_empty() || user.chars().any(char::is_control) {
        return Err(InvalidSmtpUrl("the user name does not read"));
    }
    Ok(user)
}

/// A user name is often an address: `mailer%40example.com`.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let (hex, tail) = tail.split_at_checked(2)?;
            let value = u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
            bytes.push(value);
            rest = tail;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), InvalidSmtpUrl> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) =
                rest.split_once(']').ok_or(InvalidSmtpUrl("the host does not read"))?;
            (host, after.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    if host.is_empty() || !host.chars().all(allowed) {
        return Err(InvalidSmtpUrl("the host does not read"));
    }
    let port = port
        .map(|port| port.parse::<u16>().map_err(|_| InvalidSmtpUrl("the port does not read")))
        .transpose()?;
    Ok((host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{SmtpUrl, TlsMode};

    #[test]
    fn tls_is_required_unless_the_server_is_on_loopback_or_it_is_said_otherwise() {
        let read = |text| SmtpUrl::parse(text).unwrap();
        assert_eq!(read("smtp://mail.example.com").tls, TlsMode::StartTls);
        assert_eq!(read("smtp://mail.example.com").port, 587);
        assert_eq!(read("smtp://mail.example.com?tls=implicit").port, 465);
        assert_eq!(read("smtp://127.0.0.1:2525").tls, TlsMode::None);
        assert_eq!(read("smtp://[::1]:2525/").port, 2525);
        assert_eq!(read("smtp://localhost?tls=starttls").tls, TlsMode::StartTls);
        assert_eq!(read("smtp://mail.example.com?tls=none").tls, TlsMode::None);
    }

    #[test]
    fn a_user_name_may_be_an_address() {
        let url = SmtpUrl::parse("smtp://mailer%40example.com@mail.example.com:26").unwrap();
        assert_eq!(url.user.as_deref(), Some("mailer@example.com"));
        assert!(url.needs_password());
    }

    #[test]
    fn what_is_wrong_or_dangerous_is_refused() {
        for bad in [
            "",
            "smtps://mail.example.com",
            "smtp://",
            "smtp://:25",
            "smtp://user:secret@mail.example.com",
            "smtp://user@mail.example.com?tls=none",
            "smtp://mail.example.com?tls=maybe",
            "smtp://mail.example.com?tls=none&x=1",
            "smtp://mail.example.com:99999",
            "smtp://a%0d%0ab@mail.example.com",
            "smtp://a%4@mail.example.com",
            "smtp://mail example.com",
        ] {
            assert!(SmtpUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
