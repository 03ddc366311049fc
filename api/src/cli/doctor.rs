//! `countersign doctor`: whether everything fits together, and what to do where it does not.
//!
//! It repairs nothing, and may run beside a server. Exit codes: 0 sound, 1 something is broken,
//! 2 not everything could be looked at: what could not is named, and nothing is called sound.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use countersign_core::actors::projector;
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_core::entropy::OsEntropy;
use countersign_core::mail::SmtpUrl;
use countersign_core::mail::smtp::{SmtpMailer, SmtpSettings};
use countersign_core::projections::ReadModel;
use countersign_core::vault::doctor::{self, Finding, Severity};
use countersign_core::vault::{DataFiles, Keyring, Secrets, SqliteVault};
use countersign_events::store::EventStore;
use countersign_events::store::sqlite::SqliteStore;
use serde::Serialize;

use super::{Common, EXIT_FAILED, EXIT_FINE, output};
use crate::config::{Checked, Config};
use crate::server::assembly::READ_FILE;
use crate::server::data_lock::DataLock;

/// Not everything could be looked at.
const EXIT_INCOMPLETE: u8 = 2;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
}

/// What was seen.
#[derive(Debug, Default, Serialize)]
struct Seen {
    /// Everything could be looked at, and nothing of it is broken.
    sound: bool,
    entries: u64,
    accounts: usize,
    findings: Vec<Finding>,
    /// What else is worth knowing: the mail server, the read models.
    notes: Vec<String>,
    /// What could not be looked at, and why.
    incomplete: Vec<String>,
}

/// The paths of this installation.
pub(crate) fn files(config: &Config) -> DataFiles {
    DataFiles::below(&config.data).with_keys(&config.keys_directory())
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let common = &arguments.common;
    let checked = common.checked()?;
    let mut seen =
        Seen { findings: doctor::look_at_files(&files(&checked.config)), ..Seen::default() };
    actix_rt::System::new().block_on(async {
        // Where the files themselves are broken, nothing can be opened and compared.
        if !is_sound(&seen.findings) {
            seen.incomplete.push("entries and accounts: the files come first".to_owned());
        } else if let Err(error) = compare(&checked, &mut seen).await {
            seen.incomplete.push(format!("{error:#}"));
        }
        ask_mail_server(&checked, &mut seen).await;
    });
    let code = match (is_sound(&seen.findings), seen.incomplete.is_empty()) {
        (false, _) => EXIT_FAILED,
        (true, false) => EXIT_INCOMPLETE,
        (true, true) => EXIT_FINE,
    };
    seen.sound = code == EXIT_FINE;
    output::fact(common.json, &seen, &text(&seen, code))?;
    Ok(code)
}

fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity() != Severity::Broken)
}

/// Log against vault, keys and clock; read models against the log.
async fn compare(checked: &Checked, seen: &mut Seen) -> anyhow::Result<()> {
    let files = files(&checked.config);
    let keyring = Keyring::open(&files.keys).with_context(|| named("the keys", &files.keys))?;
    let keyring = Arc::new(keyring);
    let vault =
        SqliteVault::open(&files.vault).with_context(|| named("the vault", &files.vault))?;
    let vault = Arc::new(vault);
    let secrets = Secrets::new(vault, Arc::clone(&keyring), Arc::new(OsEntropy));
    let store = SqliteStore::open_without_snapshots(&files.log, Arc::new(|| SystemClock.now()))
        .with_context(|| named("the log", &files.log))?;
    let report = doctor::examine(&store, &secrets, &keyring, SystemClock.now()).await;
    let report = report.context("entries and accounts")?;
    seen.entries = report.entries;
    seen.accounts = report.accounts;
    seen.findings.extend(report.findings);
    read_models(checked, &store, seen).await
}

fn named(what: &str, path: &Path) -> String {
    format!("{what}, {}", path.display())
}

/// Only with the lock in hand: opening read models that do not open builds them anew.
async fn read_models(
    checked: &Checked,
    store: &dyn EventStore,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let Ok(_lock) = DataLock::take(&checked.config.data) else {
        seen.notes.push("A server runs: its read models are its own.".to_owned());
        return Ok(());
    };
    let file = checked.config.data.join(READ_FILE);
    let model = ReadModel::open(&file).with_context(|| named("the read models", &file))?;
    let lag =
        projector::lag(&model, store).await.with_context(|| named("the read models", &file))?;
    let behind = lag.entries();
    seen.notes.push(format!("The read models are {behind} entries behind; a server catches up."));
    for unknown in lag.unknown {
        seen.notes.push(format!("The read models did not understand {unknown:?}."));
    }
    Ok(())
}

async fn ask_mail_server(checked: &Checked, seen: &mut Seen) {
    let Some(url) = &checked.config.smtp.url else {
        seen.notes.push("No mail server: mails are files.".to_owned());
        return;
    };
    match mail_server(checked, url).await {
        Ok(()) => seen.notes.push("The mail server answers and knows us.".to_owned()),
        Err(error) => seen.incomplete.push(format!("the mail server: {error:#}")),
    }
}

async fn mail_server(checked: &Checked, url: &str) -> anyhow::Result<()> {
    let config = &checked.config;
    let (password, ca) = (&config.smtp.password_file, &config.smtp.root_ca_file);
    let settings = SmtpSettings::read(SmtpUrl::parse(url)?, password.as_deref(), ca.as_deref())?;
    let head = config.letterhead(&config.public_url_at(config.listen.public))?;
    SmtpMailer::start(&settings, head)?.check().await?;
    Ok(())
}

fn text(seen: &Seen, code: u8) -> String {
    let mut text = format!("{} entries, {} accounts\n", seen.entries, seen.accounts);
    // Writing to a text cannot fail.
    for finding in &seen.findings {
        let _ = write!(
            text,
            "\n{:?}: {}\n  {}\n  {}\n",
            finding.severity(),
            finding.about,
            finding.sentence,
            finding.repair
        );
    }
    for note in &seen.notes {
        let _ = writeln!(text, "{note}");
    }
    for missing in &seen.incomplete {
        let _ = writeln!(text, "Could not look at {missing}");
    }
    let advice = seen.findings.len();
    match (code, advice) {
        (EXIT_FINE, 0) => text.push_str("Sound."),
        (EXIT_FINE, _) => text.push_str("Sound; what is told above needs no haste."),
        (EXIT_INCOMPLETE, _) => text.push_str("NOT EVERYTHING COULD BE LOOKED AT."),
        _ => text.push_str("NOT SOUND."),
    }
    text
}
