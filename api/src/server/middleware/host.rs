//! Which `Host` a request may name (SR-072): the public URL's, and on loopback the address itself.
//! The pages that may send cookies are those of the same hosts (SR-068).
//!
//! Everything that looks like a host must agree with the list: exactly one `Host` header, and the
//! authority of an absolute-form target where there is one. `X-Forwarded-Host` is never read.

use std::net::SocketAddr;

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap};

/// The hosts of one listener and the origins of its own pages, in lower case.
#[derive(Debug, Clone)]
pub(crate) struct HostList {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl HostList {
    /// The configured hosts, which pages name with this scheme; on loopback also `127.0.0.1`,
    /// `localhost` and `[::1]` with the port.
    pub(crate) fn new(configured: &[String], scheme: &str, bound: SocketAddr) -> Self {
        let mut hosts: Vec<String> =
            configured.iter().map(|host| host.to_ascii_lowercase()).collect();
        let mut origins: Vec<String> =
            hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        if bound.ip().is_loopback() {
            let port = bound.port();
            for name in ["127.0.0.1", "localhost", "[::1]"] {
                hosts.push(format!("{name}:{port}"));
                origins.push(format!("http://{name}:{port}"));
            }
        }
        Self { hosts, origins }
    }

    /// Whether this value of `Origin` is that of our own pages.
    pub(crate) fn is_own(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin))
    }

    /// Whether a request with this target and these headers is meant for us.
    pub(crate) fn admits(&self, target: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(HOST);
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let Ok(host) = host.to_str() else { return false };
        self.has(host) && target.authority().is_none_or(|authority| self.has(authority.as_str()))
    }

    fn has(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn admits(target: &str, hosts: &[&str]) -> bool {
        let list = HostList::new(
            &["auth.example.com".into(), "auth.example.com:443".into()],
            "https",
            "127.0.0.1:8780".parse().unwrap(),
        );
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        list.admits(&target.parse().unwrap(), &headers)
    }

    /// SR-072: only hosts of the list, in every place where a host can stand.
    #[test]
    fn sr_072_only_listed_hosts_are_admitted() {
        for good in ["auth.example.com", "AUTH.example.com:443", "localhost:8780", "[::1]:8780"] {
            assert!(admits("/", &[good]), "{good}");
        }
        for bad in ["evil.example", "localhost", "localhost:8781", "auth.example.com.evil", ""] {
            assert!(!admits("/", &[bad]), "{bad}");
        }
        assert!(!admits("/", &[]));
        assert!(!admits("/", &["localhost:8780", "evil.example"]));
        assert!(!admits("/", &["localhost:8780", "localhost:8780"]));
        assert!(!admits("http://evil.example/", &["localhost:8780"]));
        assert!(admits("http://localhost:8780/", &["localhost:8780"]));
    }

    #[test]
    fn an_address_of_the_network_is_no_host_by_itself() {
        let list = HostList::new(&[], "https", "10.0.0.5:8780".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost:8780"));
        assert!(!list.admits(&"/".parse().unwrap(), &headers));
    }
}
