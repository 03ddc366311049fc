//! What must be true of a configuration before anything starts.

use std::net::IpAddr;

use actix_web::http::Uri;
use countersign_core::domain::policy::Policy;
use countersign_core::mail::SmtpUrl;
use countersign_core::sources::SourceLimits;

use super::{Config, ConfigError, Logo};
use crate::server::middleware::address::Network;

/// The one store and the one vault of this version.
const EMBEDDED: &str = "sqlite";
/// Argon2id memory at least, KiB (SR-050).
const HASH_M_KIB_MIN: u32 = 19_456;
/// Argon2id memory at most, KiB.
const HASH_M_KIB_MAX: u32 = 1_048_576;
/// Argon2id passes.
const HASH_T: std::ops::RangeInclusive<u32> = 2..=16;
/// Argon2id lanes.
const HASH_P: std::ops::RangeInclusive<u32> = 1..=4;
/// Hashes at the same time.
const HASH_PARALLEL: std::ops::RangeInclusive<usize> = 1..=256;
/// Threads per listener.
const WORKERS_MAX: usize = 256;
/// Characters of the brand's name.
const BRAND_CHARS_MAX: usize = 64;
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// A configuration that may be used, and what was derived from it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The settings.
    pub config: Config,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// The hosts that `public_url` and the settings name.
    pub(crate) hosts: Vec<String>,
    /// The picture in the head of every page.
    pub(crate) logo: Option<Logo>,
    /// Whether mails are files in the data directory.
    pub spool: bool,
    /// The policy that the configuration asks for.
    pub policy: Policy,
    /// Whether whoever starts this accepts what of it is looser than the standard.
    pub accepts_risk: bool,
    /// Whether the machine's clock is right as it is, whatever it was set to.
    pub accepts_clock: bool,
    /// Whether it must be the policy in force: a verb of the command line leaves that as it is.
    pub must_agree: bool,
    /// What one source may do; none where that is not limited.
    pub(crate) source_limits: Option<SourceLimits>,
}

impl Checked {
    /// The scheme under which people reach the public listener.
    pub(crate) fn scheme(&self) -> &'static str {
        match &self.config.public_url {
            Some(url) if url.starts_with("https://") => "https",
            _ => "http",
        }
    }
}

impl Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] names the first setting that is wrong, and why.
    pub fn check(self) -> Result<Checked, ConfigError> {
        check_embedded("store", &self.store)?;
        check_embedded("vault", &self.vault)?;
        if self.public_url.is_none() && !self.listen.public.ip().is_loopback() {
            return Err(refused("public_url", "is needed where the public address is no loopback"));
        }
        let mut hosts = self.listen.hosts.clone();
        if let Some(url) = &self.public_url {
            hosts.extend(public_hosts(url)?);
        }
        let spool = check_mail(&self)?;
        let trusted_proxies = self
            .listen
            .trusted_proxies
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|error| refused("listen.trusted_proxies", format!("{text}: {error}")))
            })
            .collect::<Result<_, _>>()?;
        check_brand(&self.brand.name)?;
        check_contact(self.brand.contact.as_deref())?;
        let head = self.letterhead(&self.public_url_at(self.listen.public));
        head.map_err(|error| refused(error.field, error.reason))?;
        let logo = self.brand.logo.as_deref().map(Logo::read).transpose();
        let logo = logo.map_err(|reason| refused("brand.logo", reason))?;
        check_hash(&self)?;
        let policy = self.policy()?;
        let source_limits = self.source.check()?;
        if self.listen.workers > WORKERS_MAX {
            return Err(refused("listen.workers", format!("at most {WORKERS_MAX}")));
        }
        if !LEVELS.contains(&self.log.level.as_str()) {
            return Err(refused("log.level", format!("must be one of {}", LEVELS.join(", "))));
        }
        Ok(Checked {
            config: self,
            trusted_proxies,
            hosts,
            logo,
            spool,
            policy,
            accepts_risk: false,
            accepts_clock: false,
            must_agree: true,
            source_limits,
        })
    }
}

fn refused(key: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Setting { key, reason: reason.into() }
}

fn check_embedded(key: &'static str, value: &str) -> Result<(), ConfigError> {
    if value == EMBEDDED {
        Ok(())
    } else {
        Err(refused(key, format!("this version knows {EMBEDDED} only")))
    }
}

/// The values of `Host` under which the public URL is reached.
fn public_hosts(url: &str) -> Result<Vec<String>, ConfigError> {
    let key = "public_url";
    let uri: Uri = url.parse().map_err(|_| refused(key, "is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refused(key, "must be like https://auth.example.com"));
    };
    if uri.path() != "/" || uri.query().is_some() || url.ends_with('/') {
        return Err(refused(key, "must have no path and no slash at the end"));
    }
    if authority.as_str().contains('@') {
        return Err(refused(key, "must name no user"));
    }
    let default_port = match scheme {
        "https" => 443,
        "http" if is_loopback(authority.host()) => 80,
        "http" => return Err(refused(key, "plain http is for loopback only: use https")),
        _ => return Err(refused(key, "must begin with https://")),
    };
    let mut hosts = vec![authority.as_str().to_owned()];
    match authority.port_u16() {
        None => hosts.push(format!("{}:{default_port}", authority.host())),
        Some(port) if port == default_port => hosts.push(authority.host().to_owned()),
        Some(_) => {}
    }
    Ok(hosts)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether mails are files: only where nothing of this service leaves the machine.
fn check_mail(config: &Config) -> Result<bool, ConfigError> {
    let key = "smtp.url";
    let smtp = &config.smtp;
    let Some(url) = &smtp.url else {
        let listeners = [config.listen.public, config.listen.operator, config.listen.ops];
        let alone = listeners.iter().all(|address| address.ip().is_loopback())
            && config.public_url.as_deref().is_none_or(|url| url.starts_with("http://"));
        return match alone {
            true => Ok(true),
            false => Err(refused(key, "beyond loopback a mail server is needed: give --smtp")),
        };
    };
    let url = SmtpUrl::parse(url).map_err(|error| refused(key, error.to_string()))?;
    if url.needs_password() != smtp.password_file.is_some() {
        return Err(refused("smtp.password_file", "goes together with a user in smtp.url"));
    }
    Ok(false)
}

fn check_brand(name: &str) -> Result<(), ConfigError> {
    let length = name.chars().count();
    if length == 0 || length > BRAND_CHARS_MAX {
        return Err(refused("brand.name", format!("must have 1 to {BRAND_CHARS_MAX} characters")));
    }
    if name.contains(':') || name.chars().any(char::is_control) || name.trim() != name {
        return Err(refused("brand.name", "must have no colon and no space at an end"));
    }
    Ok(())
}

fn check_contact(contact: Option<&str>) -> Result<(), ConfigError> {
    let fits = contact.is_none_or(|link| {
        let known = ["https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme));
        known && !link.chars().any(|one| one.is_whitespace() || one.is_control())
    });
    match fits {
        true => Ok(()),
        false => Err(refused("brand.contact", "must begin with https:// or mailto:")),
    }
}

fn check_hash(config: &Config) -> Result<(), ConfigError> {
    let hash = config.password.hash;
    if !(HASH_M_KIB_MIN..=HASH_M_KIB_MAX).contains(&hash.m_kib) {
        return Err(refused(
            "password.hash.m_kib",
            format!("must be {HASH_M_KIB_MIN} to {HASH_M_KIB_MAX}"),
        ));
    }
    if !HASH_T.contains(&hash.t) {
        return Err(refused("password.hash.t", "must be 2 to 16"));
    }
    if !HASH_P.contains(&hash.p) {
        return Err(refused("password.hash.p", "must be 1 to 4"));
    }
    if !HASH_PARALLEL.contains(&hash.max_parallel) {
        return Err(refused("password.hash.max_parallel", "must be 1 to 256"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.check().map(|_| ()).expect_err("refused").to_string()
    }

    fn accepts(change: impl FnOnce(&mut Config)) -> Checked {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap()
    }

    #[test]
    fn the_defaults_are_fine_and_spool_their_mails() {
        assert!(accepts(|_| {}).spool);
    }

    #[test]
    fn beyond_loopback_a_mail_server_is_needed_and_the_flag_is_named() {
        let error = refusal(|config| config.listen.operator = "0.0.0.0:81".parse().unwrap());
        assert!(error.contains("--smtp"), "{error}");
        let error = refusal(|config| config.listen.public = "0.0.0.0:80".parse().unwrap());
        assert!(error.starts_with("public_url"), "{error}");
        let error = refusal(|config| config.public_url = Some("https://auth.example.com".into()));
        assert!(error.contains("--smtp"), "{error}");
        let checked = accepts(|config| {
            config.listen.public = "0.0.0.0:80".parse().unwrap();
            config.public_url = Some("https://auth.example.com".into());
            config.smtp.url = Some("smtp://mail.example.com:587".into());
        });
        assert!(!checked.spool);
    }

    #[test]
    fn a_plain_http_public_url_is_for_loopback_only() {
        let with = |url: &str| {
            let url = url.to_owned();
            refusal(|config| {
                config.smtp.url = Some("smtp://mail.example.com".into());
                config.public_url = Some(url);
            })
        };
        assert!(with("http://auth.example.com").contains("loopback only"));
        assert!(with("http://10.0.0.5:8780").contains("loopback only"));
        for bad in ["auth.example.com", "https://a/b", "https://a/", "ftp://a", "https://u@a"] {
            assert!(with(bad).starts_with("public_url: "), "{bad}");
        }
        accepts(|config| config.public_url = Some("http://localhost:8780".into()));
        accepts(|config| config.public_url = Some("http://[::1]:8780".into()));
    }

    #[test]
    fn the_public_url_names_its_hosts() {
        let checked = accepts(|config| {
            config.smtp.url = Some("smtp://mail.example.com".into());
            config.public_url = Some("https://auth.example.com".into());
        });
        assert_eq!(checked.hosts, ["auth.example.com", "auth.example.com:443"]);
    }

    /// SR-050: hashing weaker than the floor does not start.
    #[test]
    fn sr_050_weak_hashing_is_refused() {
        assert!(refusal(|config| config.password.hash.m_kib = 19_455).contains("m_kib"));
        assert!(refusal(|config| config.password.min_alone = 7).contains("min_alone"));
        assert!(refusal(|config| config.password.hash.t = 1).contains("hash.t"));
        assert!(refusal(|config| config.password.hash.p = 0).contains("hash.p"));
        assert!(refusal(|config| config.password.hash.max_parallel = 0).contains("parallel"));
    }

    /// SR-047, SR-049: the rules for passwords are never looser than the least.
    #[test]
    fn sr_049_looser_rules_for_passwords_are_refused() {
        for wrong in [0, 7, 65] {
            let said = refusal(|config| config.password.min_alone = wrong);
            assert_eq!(said, "password.min_alone: must be 8 to 64");
        }
        for wrong in [0, 1, 5] {
            let said = refusal(|config| config.password.min_score = wrong);
            assert_eq!(said, "password.min_score: must be 2 to 4");
        }
        accepts(|config| (config.password.min_alone, config.password.min_score) = (15, 3));
    }

    #[test]
    fn other_wrong_settings_are_refused_by_name() {
        assert!(refusal(|config| config.store = "postgres://x".into()).starts_with("store"));
        assert!(refusal(|config| config.vault = "x".into()).starts_with("vault"));
        assert!(refusal(|config| config.brand.name = "a:b".into()).starts_with("brand.name"));
        assert!(refusal(|config| config.brand.name = String::new()).starts_with("brand.name"));
        let logo = refusal(|config| config.brand.logo = Some("/nowhere.svg".into()));
        assert!(logo.starts_with("brand.logo: cannot read /nowhere.svg"), "{logo}");
        let contact = |link: &str| {
            let link = link.to_owned();
            refusal(|config| config.brand.contact = Some(link))
        };
        assert!(contact("help@example.com").starts_with("brand.contact: must begin"));
        // In a mail it would look like a code.
        assert!(contact("https://example.com/123456").starts_with("brand.contact: six digits"));
        assert!(contact("mailto:?subject=help").starts_with("brand.contact: empty"));
        let from = refusal(|config| config.smtp.from = "nobody".into());
        assert!(from.starts_with("smtp.from: "), "{from}");
        assert!(refusal(|config| config.log.level = "loud".into()).starts_with("log.level"));
        assert!(refusal(|config| config.listen.workers = 257).starts_with("listen.workers"));
        let proxy = refusal(|config| config.listen.trusted_proxies = vec!["10.0.0.0/99".into()]);
        assert!(proxy.starts_with("listen.trusted_proxies"), "{proxy}");
        let smtp = |url: &str| {
            let url = url.to_owned();
            refusal(|config| config.smtp.url = Some(url))
        };
        assert!(smtp("mail.example.com").starts_with("smtp.url"));
        assert!(smtp("smtp://user@mail.example.com").starts_with("smtp.password_file"));
        let password = smtp("smtp://user:secret@mail.example.com");
        assert!(password.starts_with("smtp.url") && !password.contains("secret"), "{password}");
    }
}
