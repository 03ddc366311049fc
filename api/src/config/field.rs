//! Every setting, once: its name, what it means, and what happens when it is set badly.
//!
//! Those of the policy stand in [`limits`]; what is not among them has nothing to do with how many
//! guesses there are. The loader takes environment names and kinds from here, and `docs/config.md`
//! is made of it. A test holds this list and the typed [`Config`](super::Config) together.

mod limits;

/// How the text of an environment variable becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it stands.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// Texts, separated by commas.
    List,
    /// As it would stand in the file.
    Value,
}

/// A setting.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its dotted name in `countersign.toml`.
    pub key: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its flag of `serve`, if it has one.
    pub flag: Option<&'static str>,
    /// Its default, as it would stand in the file; empty where there is none.
    pub default: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// What happens when it is too low, too high or wrong.
    pub badly: &'static str,
}

impl Field {
    /// Its environment variable: `COUNTERSIGN_` and the name with `_` for `.`.
    #[must_use]
    pub fn environment(&self) -> String {
        format!("{ENVIRONMENT_PREFIX}{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// What the name of every environment variable begins with.
pub const ENVIRONMENT_PREFIX: &str = "COUNTERSIGN_";

macro_rules! fields {
    ($(
        $key:literal $kind:ident $flag:expr, $default:literal, $meaning:literal, $badly:literal;
    )*) => {
        &[ $( Field {
            key: $key, kind: Kind::$kind, flag: $flag, default: $default,
            meaning: $meaning, badly: $badly,
        }, )* ]
    };
}

use fields;

/// Every setting, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Field> {
    GENERAL.iter().chain(limits::LIMITS)
}

/// What is no part of the policy.
const GENERAL: &[Field] = fields! {
    "data" Text Some("--data"), "\"./countersign-data\"",
        "The directory that holds everything: the log, the vault, the read models. One process \
         owns it.",
        "On a file system without real `fsync`, an acknowledged answer may be lost with the power.";
    "keys" Text Some("--keys"), "",
        "The directory of the keys; `keys` below the data without it.",
        "Beside the data, one backup takes both: whoever reads it reads every secret.";
    "store" Text Some("--store"), "\"sqlite\"",
        "Where the log lives: `sqlite` is a file in the data directory.",
        "Other stores are not in this version; start-up says so.";
    "vault" Text Some("--vault"), "\"sqlite\"",
        "Where the secrets live: `sqlite` is a file in the data directory.",
        "Other vaults are not in this version; start-up says so.";
    "public_url" Text None, "",
        "How people and mails reach the public listener; its own address without it.",
        "Links in mails lead nowhere. Plain `http` elsewhere than on loopback is refused.";
    "listen.public" Text Some("--public-addr"), "\"127.0.0.1:8780\"",
        "The address of the public listener; port 0 takes a free one.",
        "Beyond loopback, put a proxy with TLS before it and set `public_url`.";
    "listen.operator" Text Some("--operator-addr"), "\"127.0.0.1:8781\"",
        "The address of the operators' listener.",
        "Reachable from everywhere, everybody may try an operator's password.";
    "listen.ops" Text Some("--ops-addr"), "\"127.0.0.1:8782\"",
        "The address of health, metrics and documentation; in development also of the mail page.",
        "It asks for no token: keep it where only those who run the service reach it.";
    "listen.workers" Number None, "0",
        "Threads that serve each of the first two listeners; 0 takes one per core.",
        "Too few leave cores idle; too many only switch.";
    "listen.hosts" List None, "[]",
        "Further values of `Host` that are ours, besides that of `public_url` and, on loopback, \
         the addresses themselves.",
        "A request for another host is refused with 421.";
    "listen.trusted_proxies" List None, "[]",
        "Addresses or networks whose `X-Forwarded-For` is believed.",
        "Empty behind a proxy, everybody has the proxy's address; too wide, anybody chooses one.";
    "brand.name" Text None, "\"Countersign\"",
        "The name that the phone, the pages and the mails show; no colon.",
        "Changed later, authenticators keep the old one.";
    "brand.contact" Text None, "",
        "Where people who are stuck find help: `https://…` or `mailto:…`. Pages link to it, mails \
         name it.",
        "Without it, who has lost everything is told of nobody to turn to.";
    "brand.logo" Text None, "",
        "A file with a picture, SVG or PNG, at most 32 KiB, for the head of every page; beside the \
         name, so leave the name out of it.",
        "A file that is not there, is larger or is something else is refused at start. Read once: \
         a new picture needs a new start.";
    "registration.open" Switch None, "true",
        "Whether anyone may register without a client app.",
        "Open where only client apps make accounts, strangers register too.";
    "smtp.url" Text Some("--smtp"), "",
        "The mail server: `smtp://user@host:587`, with `?tls=starttls` (the default), \
         `?tls=implicit` or `?tls=none`; without a user nobody signs in there.",
        "Without it, mails are files in the data directory, which is refused beyond loopback.";
    "smtp.password_file" Text None, "",
        "A file that holds the password of that user, and nothing else.",
        "A password has no setting of its own: too many could read it.";
    "smtp.root_ca_file" Text None, "",
        "A file of certificates (PEM) to trust at the mail server, beside those of the system.",
        "Whoever holds one of their keys can read every mail with a code.";
    "smtp.from" Text None, "\"no-reply@localhost\"",
        "The sender of every mail.",
        "An address that the mail server does not take makes every delivery fail.";
    "password.hash.m_kib" Number None, "19456",
        "Memory of one password hash (Argon2id), in KiB.",
        "Below 19456 start-up is refused; doubled, sign-ins take twice as long and as much memory.";
    "password.hash.t" Number None, "2",
        "Passes of one password hash.",
        "Below 2 start-up is refused; more only take longer.";
    "password.hash.p" Number None, "1", "Lanes of one password hash.", "More than 4 is refused.";
    "password.hash.max_parallel" Number None, "8",
        "Password hashes at the same time.",
        "Too few queue sign-ins; too many take memory (each `m_kib`) and starve everything else.";
    "source.enabled" Switch None, "true",
        "Whether a source (an IPv4 address, or 64 bits of an IPv6 one; 48 bits have ten times the \
         numbers) that fails too often is blocked for a time: one layer before the limits of each \
         account, which hold without it.",
        "Off, guesses spread over many accounts are slowed down by each account alone. On, behind \
         a proxy that `listen.trusted_proxies` does not name, everybody is one source.";
    "source.pw_fail_1h" Number None, "60",
        "Wrong passwords of one source in an hour that block it.",
        "Too few block an office behind one address; 1 to 600.";
    "source.pw_fail_24h" Number None, "300",
        "Wrong passwords of one source in 24 hours that block it, and then each further one.",
        "Too few block an office behind one address; 1 to 3000.";
    "source.accounts_1h" Number None, "20",
        "Logins, known or not, with a wrong password from one source in an hour that block it.",
        "Too few block an office behind one address; 1 to 200.";
    "source.mfa_fail_1h" Number None, "20",
        "Wrong or malformed codes of one source in an hour that block it.",
        "Too few block an office behind one address; 1 to 200.";
    "source.mfa_accounts_1h" Number None, "5",
        "Accounts with a wrong code from one source in an hour that block it.",
        "Too few block an office behind one address: five colleagues who mistype are enough. 1 to \
         50.";
    "source.mails_1h" Number None, "20",
        "Mails (codes, links to a new password) that one source may ask for in an hour; one more \
         is refused, and nothing is blocked.",
        "Too few keep people of one office from their mails; 1 to 200.";
    "source.block" Text None, "\"1h\"",
        "How long a source is blocked: a time such as `30m` or `1h`. No attempt makes it longer.",
        "Too short, a guesser is hardly slowed down; too long, an office waits. `1m` to `24h`.";
    "log.level" Text None, "\"info\"",
        "What is logged to standard error: `error`, `warn`, `info`, `debug`, `trace`.",
        "`debug` and `trace` are for development: many lines, still no personal data.";
    "log.json" Switch None, "true",
        "Whether log lines are JSON.",
        "Lines for people are not safe to parse.";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_says_what_it_means_and_what_goes_wrong() {
        for field in all() {
            assert!(field.meaning.ends_with('.'), "{}", field.key);
            assert!(field.badly.ends_with('.'), "{}", field.key);
            assert!(field.environment().starts_with("COUNTERSIGN_"));
        }
    }

    #[test]
    fn no_two_settings_share_an_environment_variable() {
        let names: std::collections::HashSet<_> = all().map(Field::environment).collect();
        assert_eq!(names.len(), all().count());
    }
}
