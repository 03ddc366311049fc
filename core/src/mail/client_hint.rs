//! Where something was asked for, as coarsely as a mail tells it (SR-028).
//!
//! Enough to recognise oneself, too little to be worth reading in somebody else's mailbox. The
//! program and the system are words of ours, chosen by what the user agent contains: nothing that
//! a stranger wrote reaches a mail.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::language::Language;
use super::texts::say;
use crate::accounts::request::Net;

/// Marks in a user agent, the more specific first, and the word for each.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux, network 203.0.113.x`, as far as known.
pub(super) fn coarse(net: &Net, language: Language) -> Option<String> {
    let program = net.user_agent.as_deref().and_then(|agent| program(agent, language));
    let network = network(&net.ip);
    let network = network.map(|part| say(language, "client.network", &[("network", &part)]));
    match (program, network) {
        (Some(program), Some(network)) => Some(format!("{program}, {network}")),
        (one, other) => one.or(other),
    }
}

fn program(user_agent: &str, language: Language) -> Option<String> {
    let word = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, word)| *word)
    };
    match (word(PROGRAMS), word(SYSTEMS)) {
        (Some(program), Some(system)) => {
            let both = [("program", program), ("system", system)];
            Some(say(language, "client.program_on_system", &both))
        }
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 address.
fn network(ip: &str) -> Option<String> {
    match ip.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(v4(address)),
        IpAddr::V6(address) => Some(v6(address)),
    }
}

fn v4(address: Ipv4Addr) -> String {
    let [a, b, c, _] = address.octets();
    format!("{a}.{b}.{c}.x")
}

fn v6(address: Ipv6Addr) -> String {
    let [a, b, c, ..] = address.segments();
    format!("{a:x}:{b:x}:{c:x}::x")
}

#[cfg(test)]
mod tests {
    use super::coarse;
    use crate::accounts::request::Net;
    use crate::mail::language::Language;

    fn told(ip: &str, user_agent: Option<&str>) -> Option<String> {
        let user_agent = user_agent.map(str::to_owned);
        coarse(&Net { ip: ip.into(), user_agent, language: None }, Language::English)
    }

    #[test]
    fn sr_028_the_client_is_told_coarsely() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(
            told("203.0.113.77", Some(firefox)).as_deref(),
            Some("Firefox on Linux, network 203.0.113.x")
        );
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Edg/140.0";
        assert_eq!(
            told("2001:db8:7:8::9", Some(edge)).as_deref(),
            Some("Edge on Windows, network 2001:db8:7::x")
        );
        assert_eq!(told("::ffff:192.0.2.9", None).as_deref(), Some("network 192.0.2.x"));
    }

    #[test]
    fn sr_028_nothing_a_stranger_wrote_reaches_a_mail() {
        let planted = "curl/8 123456 https://evil.example\r\nBcc: x@evil.example";
        assert_eq!(told("not an address 654321", Some(planted)).as_deref(), Some("curl"));
        assert_eq!(told("", Some("call 0900123456")), None);
    }
}
