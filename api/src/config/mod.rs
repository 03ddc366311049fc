//! The configuration: defaults, then `countersign.toml`, then `COUNTERSIGN_*`, then flags.
//!
//! A later layer overrides an earlier one, setting by setting. Unknown settings are refused in
//! every layer: a typing error never becomes a silent default. Secrets are never settings; a
//! setting names the file that holds one. What a setting means stands in [`field::all`], of
//! which `docs/config.md` is made.

mod check;
pub mod field;
mod layer;
pub mod limits;
mod logo;
mod reference;
mod source;

use std::net::SocketAddr;
use std::path::PathBuf;

use countersign_core::domain::policy::settings::{SETTINGS, Settings};
use countersign_core::domain::policy::{Policy, Profile};
use countersign_core::mail::letterhead::{InvalidLetterhead, Letterhead};
use serde::{Deserialize, Serialize};

use limits::{
    BreakerSettings, Device, Email, Hold, Password, Recovery, Sessions, Support, Totp, Txn,
};

pub use check::Checked;
pub use layer::{FILE_NAME, Layers};
pub(crate) use logo::Logo;
pub use reference::reference;
pub use source::Source;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A layer is not well-formed, or names a setting that does not exist.
    #[error("{layer}: {reason}")]
    Layer {
        /// Which: a path, `environment` or `flags`.
        layer: String,
        /// Why.
        reason: String,
    },
    /// A setting has a value that it must not have.
    #[error("{key}: {reason}")]
    Setting {
        /// Its dotted name.
        key: &'static str,
        /// Why.
        reason: String,
    },
}

/// Everything that can be set. See [`field::all`] for what each means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What stands where nothing of the policy is set.
    pub profile: Profile,
    /// The data directory.
    pub data: PathBuf,
    /// The directory of the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<PathBuf>,
    /// Where the log lives.
    pub store: String,
    /// Where the secrets live.
    pub vault: String,
    /// How people reach the public listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The listeners.
    pub listen: Listen,
    /// The name that people see.
    pub brand: Brand,
    /// Who may register.
    pub registration: Registration,
    /// The mail server.
    pub smtp: Smtp,
    /// Passwords.
    pub password: Password,
    /// What one source may do.
    pub source: Source,
    /// Authenticators.
    pub totp: Totp,
    /// Codes by e-mail.
    pub email: Email,
    /// Recovery codes.
    pub recovery: Recovery,
    /// Sign-ins in progress.
    pub txn: Txn,
    /// Signing in.
    pub sign_in: SignIn,
    /// The second factor.
    pub two_factor: TwoFactor,
    /// Known devices.
    pub device: Device,
    /// Sessions.
    pub session: Sessions,
    /// The alarm over all accounts.
    pub breaker: BreakerSettings,
    /// Those who help.
    pub support: Support,
    /// What stays as it is for a time.
    pub hold: Hold,
    /// Log lines.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Standard,
            data: PathBuf::from("./countersign-data"),
            keys: None,
            store: "sqlite".to_owned(),
            vault: "sqlite".to_owned(),
            public_url: None,
            listen: Listen::default(),
            brand: Brand::default(),
            registration: Registration::default(),
            smtp: Smtp::default(),
            password: Password::default(),
            source: Source::default(),
            totp: Totp::default(),
            email: Email::default(),
            recovery: Recovery::default(),
            txn: Txn::default(),
            sign_in: SignIn::default(),
            two_factor: TwoFactor::default(),
            device: Device::default(),
            session: Sessions::default(),
            breaker: BreakerSettings::default(),
            support: Support::default(),
            hold: Hold::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// The policy that this asks for.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for the first setting that the policy cannot have.
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        let layer = || "policy".to_owned();
        let whole = serde_json::to_value(self)
            .map_err(|error| ConfigError::Layer { layer: layer(), reason: error.to_string() })?;
        let mut settings = Settings::new();
        for setting in SETTINGS {
            let found = setting.key.split('.').try_fold(&whole, |at, part| at.get(part));
            settings.extend(found.map(|value| (setting.key.to_owned(), value.clone())));
        }
        Policy::with(self.profile, &settings).map_err(|error| {
            let key = SETTINGS.iter().find(|setting| setting.key == error.key);
            match key {
                Some(setting) => ConfigError::Setting { key: setting.key, reason: error.reason },
                None => ConfigError::Layer { layer: layer(), reason: error.to_string() },
            }
        })
    }

    /// How people reach the public listener: as set, or where it listens.
    #[must_use]
    pub fn public_url_at(&self, address: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
    }

    /// The directory of the keys.
    #[must_use]
    pub fn keys_directory(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// What every mail carries, where people reach the public listener under this URL.
    ///
    /// # Errors
    /// What in the settings no mail may carry.
    pub(crate) fn letterhead(&self, public_url: &str) -> Result<Letterhead, InvalidLetterhead> {
        let contact = self.brand.contact.as_deref().map(readable);
        Letterhead::new(&self.brand.name, public_url, &self.smtp.from, contact)
    }
}

/// The contact as people read it: of a `mailto:` the address alone.
fn readable(contact: &str) -> &str {
    let address = contact.strip_prefix("mailto:");
    address.map_or(contact, |address| address.split('?').next().unwrap_or_default())
}

/// The listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// For people and client apps.
    pub public: SocketAddr,
    /// For operators.
    pub operator: SocketAddr,
    /// For those who run the service.
    pub ops: SocketAddr,
    /// Threads per listener; 0 takes one per core.
    pub workers: usize,
    /// Further hosts that are ours.
    pub hosts: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
}

impl Default for Listen {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            public: loopback(8780),
            operator: loopback(8781),
            ops: loopback(8782),
            workers: 0,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// The name that people see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// On the phone, on pages and in mails.
    pub name: String,
    /// Where people who are stuck find help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The file of the picture in the head of every page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<PathBuf>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Countersign".to_owned(), contact: None, logo: None }
    }
}

/// Who may register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Whether anyone may.
    pub open: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self { open: true }
    }
}

/// The mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file that holds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A file of certificates to trust beside those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_ca_file: Option<PathBuf>,
    /// The sender of every mail.
    pub from: String,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            url: None,
            password_file: None,
            root_ca_file: None,
            from: "no-reply@localhost".to_owned(),
        }
    }
}

/// How passwords are hashed: Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordHash {
    /// Memory, KiB.
    pub m_kib: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
    /// Hashes at the same time.
    pub max_parallel: usize,
}

impl Default for PasswordHash {
    fn default() -> Self {
        Self { m_kib: 19_456, t: 2, p: 1, max_parallel: 8 }
    }
}

/// Signing in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Whether a wrong password looks like a right one.
    pub blind: bool,
}

/// The second factor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoFactor {
    /// From when everybody must have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_from: Option<String>,
}

/// Log lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged.
    pub level: String,
    /// Whether lines are JSON.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), json: true }
    }
}
