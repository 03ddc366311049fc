//! Where a request comes from (SR-073): the peer, or what trusted proxies say of it.
//!
//! Only `X-Forwarded-For` counts, and only as far as each hop that wrote it is trusted: read from
//! the right, the first hop that is no trusted proxy is the client. `Forwarded`, `X-Real-IP` and
//! the like are never read.

use std::net::IpAddr;
use std::str::FromStr;

use actix_web::http::header::{HeaderMap, HeaderName, X_FORWARDED_FOR};

const FORWARDED_FOR: HeaderName = X_FORWARDED_FOR;

/// A network, like `10.0.0.0/8` or `fd00::/8`; an address alone is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    prefix_bits: u8,
}

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a network like 10.0.0.0/8")]
pub(crate) struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| InvalidNetwork)?;
        let most = bits(base);
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| InvalidNetwork)?,
            None => most,
        };
        if prefix_bits > most {
            return Err(InvalidNetwork);
        }
        Ok(Self { base: plain(base), prefix_bits })
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let shared = match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        shared >= u32::from(self.prefix_bits)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// An IPv4 address in IPv6 clothes is an IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// The client's address.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = plain(peer);
        let lines: Vec<&str> =
            headers.get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops {
            if !self.trusts(nearest) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(address) => nearest = plain(address),
                // A trusted proxy wrote something else: the nearest that is known must do.
                Err(_) => break,
            }
        }
        nearest
    }

    /// Whether what this peer says of a request counts.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = plain(address);
        self.0.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        TrustedProxies::new(trusted).client(peer.parse().unwrap(), &headers).to_string()
    }

    /// SR-073: nobody chooses an address by a header.
    #[test]
    fn sr_073_forged_headers_change_nothing() {
        for name in ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"] {
            assert_eq!(client(&[], "203.0.113.9", &[(name, "198.51.100.1")]), "203.0.113.9");
            assert_eq!(
                client(&["10.0.0.0/8"], "203.0.113.9", &[(name, "198.51.100.1")]),
                "203.0.113.9"
            );
        }
        for name in ["x-real-ip", "forwarded", "true-client-ip"] {
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[(name, "198.51.100.1")]), "10.0.0.1");
        }
    }

    #[test]
    fn sr_073_the_rightmost_untrusted_hop_is_the_client() {
        let trusted = &["10.0.0.0/8"];
        let hops = |line| client(trusted, "10.0.0.1", &[("x-forwarded-for", line)]);
        assert_eq!(hops("198.51.100.1"), "198.51.100.1");
        assert_eq!(hops("6.6.6.6, 198.51.100.1"), "198.51.100.1");
        assert_eq!(hops("6.6.6.6, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(hops("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(hops("198.51.100.1, rubbish"), "10.0.0.1");
        assert_eq!(hops("::ffff:198.51.100.1"), "198.51.100.1");
        let two = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client(trusted, "10.0.0.1", &two), "198.51.100.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "host"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let network: Network = "2001:db8::/32".parse().unwrap();
        assert!(network.contains("2001:db8::1".parse().unwrap()));
        assert!(!network.contains("2001:db9::1".parse().unwrap()));
        assert!(!network.contains("10.0.0.1".parse().unwrap()));
    }
}
