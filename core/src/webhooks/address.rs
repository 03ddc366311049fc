//! Where a webhook may lead.
//!
//! Admins choose the URLs, and a service that stands inside a network must be able to reach what
//! else stands there. What is refused is what no receiver of events ever is: places that hand out
//! the machine's own credentials (link-local addresses and the metadata services of clouds), and
//! addresses of nobody, of everybody or of no service. It is refused where it is written in the
//! URL, and again where a name leads there at the time of sending.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// Characters of a URL at most.
pub const URL_CHARS_MAX: usize = 512;
/// Names under which clouds hand out credentials, alone or with anything and [`INTERNAL`] behind.
/// Other names that end so are of networks like that in which this stands.
const METADATA_NAMES: [&str; 3] = ["metadata", "instance-data", "metadata-server"];
const INTERNAL: &str = ".internal";
/// Addresses of the same that are not link-local: Alibaba's, and Azure's, which no routing leads
/// elsewhere.
const METADATA_V4: [Ipv4Addr; 2] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The text is no URL of a webhook, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidHookUrl(&'static str);

/// The URL of a webhook: `https`, or `http` to this machine itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookUrl(Url);

impl HookUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`InvalidHookUrl`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidHookUrl> {
        if text.len() > URL_CHARS_MAX {
            return Err(InvalidHookUrl("at most 512 characters"));
        }
        let url = Url::parse(text).map_err(|_| InvalidHookUrl("is no URL"))?;
        let host = url.host_str().ok_or(InvalidHookUrl("needs a host"))?;
        let host = host.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = host.parse().ok();
        match url.scheme() {
            "https" => {}
            "http" if host == "localhost" || address.is_some_and(|it| it.is_loopback()) => {}
            _ => return Err(InvalidHookUrl("must be https, or http to this machine")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidHookUrl("must carry no user and no password"));
        }
        if url.fragment().is_some() {
            return Err(InvalidHookUrl("must have no fragment"));
        }
        if is_metadata(&host.to_ascii_lowercase()) || address.is_some_and(leads_to_no_receiver) {
            return Err(InvalidHookUrl("leads to no receiver of events"));
        }
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn is_metadata(host: &str) -> bool {
    let (first, rest) = host.split_at(host.find('.').unwrap_or(host.len()));
    METADATA_NAMES.contains(&first) && (rest.is_empty() || rest.ends_with(INTERNAL))
}

/// Whether no receiver of events is ever at an address.
#[must_use]
pub fn leads_to_no_receiver(address: IpAddr) -> bool {
    match unwrapped(address.to_canonical()) {
        IpAddr::V4(v4) => {
            // 192.0.0.0/24 is of protocols (RFC 6890), and Oracle's metadata are there.
            let is_nobodys = matches!(v4.octets(), [0, ..] | [192, 0, 0, _]) || v4.is_broadcast();
            is_nobodys || v4.is_link_local() || v4.is_multicast() || METADATA_V4.contains(&v4)
        }
        IpAddr::V6(v6) => {
            // NAT64 of a network's own (RFC 8215) and Teredo (RFC 4380) hold an address of IPv4
            // that not everybody can read from them.
            let hides_another = matches!(v6.segments(), [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..]);
            let is_nobodys = v6.is_unspecified() || v6.is_multicast() || hides_another;
            is_nobodys || v6.is_unicast_link_local() || v6 == METADATA_V6
        }
    }
}

/// The IPv4 address within one of IPv6: of NAT64 (RFC 6052), of 6to4 (RFC 3056), and of old.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let within = |[a, b]: [u16; 2]| {
        let ([a, b], [c, d]) = (a.to_be_bytes(), b.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => within([a, b]),
        [0, 0, 0, 0, 0, 0, a, b] if a != 0 => within([a, b]),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::HookUrl;

    #[test]
    fn a_webhook_is_https_or_this_machine() {
        for fine in [
            "https://shop.example.com/hook?of=countersign",
            "https://10.1.2.3:8443/hook",
            "https://[2001:db8::1]/",
            "https://shop.corp.internal/hook",
            "https://metadata.example.com/",
            "http://127.0.0.1:9000/hook",
            "http://localhost:9000/hook",
            "http://[::1]:9000/",
        ] {
            assert_eq!(HookUrl::parse(fine).unwrap().to_string(), fine);
        }
        for (wrong, why) in [
            ("http://shop.example.com/hook", "https"),
            ("http://10.1.2.3/hook", "https"),
            ("ftp://shop.example.com/", "https"),
            ("shop.example.com", "URL"),
            ("https://user@shop.example.com/", "user"),
            ("https://:secret@shop.example.com/", "user"),
            ("https://shop.example.com/#here", "fragment"),
        ] {
            let error = HookUrl::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{wrong}: {error}");
        }
        let long = format!("https://shop.example.com/{}", "a".repeat(500));
        assert!(HookUrl::parse(&long).is_err());
    }

    #[test]
    fn a_webhook_does_not_lead_to_the_credentials_of_the_machine() {
        for wrong in [
            "https://169.254.169.254/latest/meta-data/",
            "https://[::ffff:169.254.169.254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[2002:a9fe:a9fe::1]/",
            "https://[::a9fe:a9fe]/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://metadata.google.internal/",
            "https://METADATA.google.internal./",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://100.100.100.200/",
            "https://168.63.129.16/",
            "https://[64:ff9b::a83f:8110]/",
            "https://192.0.0.192/",
            "https://[64:ff9b:1::a9fe:a9fe]/",
            "https://[64:ff9b:1:fffe:a9fe:a9:fe00::]/",
            "https://[2001:0:a9fe:a9fe::1]/",
            "https://metadata.azure.internal/",
            "https://metadata.internal/",
            "https://metadata.platformequinix.internal/",
            "https://instance-data.ec2.internal/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://[::]/",
        ] {
            assert!(HookUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
