//! `countersign import`: accounts of another system, with their authenticators and passwords.
//!
//! It owns the data directory meanwhile: no server runs. Cut off at any moment, it is run again and
//! goes on. A line that is not taken is named with its number and why, and nothing of what stands
//! there is told. Exit codes: 0 all of it is there, 1 some lines were refused, 2 it broke off, 64
//! usage.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal as _, Read as _, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, ValueEnum};
use countersign_core::accounts::import::{Importer, Outcome, ROWS_AT_ONCE, Told};
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_core::entropy::OsEntropy;
use countersign_core::migration::{self, FILE_BYTES_MAX, Format, Lines, NamedBy};
use countersign_core::vault::{Keyring, Secrets, SqliteVault};
use countersign_events::id::{ClientId as CoreClientId, StreamId};
use countersign_events::store::EventStore;
use countersign_events::store::sqlite::SqliteStore;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Common, EXIT_FAILED, EXIT_FINE, EXIT_USAGE, control, doctor, output};
use crate::config::Checked;
use crate::contract::id::ClientId;
use crate::server::assembly::fold;

/// It broke off; run again, it goes on.
const EXIT_BROKEN: u8 = 2;
/// Refused lines that are listed for people.
const LISTED_MAX: usize = 100;
/// Refused lines that `--json` lists: a file of nothing else has a hundred million.
const KEPT_MAX: usize = 10_000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file: a CSV table whose first line names its columns (login or subject, email,
    /// email_verified, seed, name, password_hash), or a list of otpauth:// and
    /// otpauth-migration:// URIs
    file: PathBuf,
    /// How the file is written, where that is not to be seen from its beginning
    #[arg(long)]
    format: Option<FormatArgument>,
    /// The client app whose accounts they are: then they are known by its subjects
    #[arg(long, value_name = "ID", value_parser = ClientId::parse)]
    client: Option<ClientId>,
    /// Check everything and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArgument {
    /// A table
    Csv,
    /// A URI a line
    Uris,
}

impl From<FormatArgument> for Format {
    fn from(argument: FormatArgument) -> Self {
        match argument {
            FormatArgument::Csv => Self::Csv,
            FormatArgument::Uris => Self::Uris,
        }
    }
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Nothing was written, and the rest is what would be.
    dry_run: bool,
    /// All lines were looked at.
    complete: bool,
    /// Accounts that are there now.
    imported: u64,
    /// Accounts that were there, and are what their line says.
    skipped: u64,
    /// Lines that were not taken, the first of them.
    refused: Vec<Refused>,
    /// How many more there were.
    refused_unlisted: u64,
}

#[derive(Debug, Serialize)]
struct Refused {
    line: u64,
    /// Which of several accounts in the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u32>,
    why: String,
}

/// How it ended that did not go to its end.
enum Ended {
    /// The arguments do not say what can be done: nothing was begun.
    Usage(anyhow::Error),
    /// Something is broken.
    Broken(anyhow::Error),
}

/// A client app that there is not.
#[derive(Debug, thiserror::Error)]
#[error("no such client app: see `countersign client list`")]
struct NoSuchClient;

impl<E: Into<anyhow::Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        let error = error.into();
        if error.is::<NoSuchClient>() { Self::Usage(error) } else { Self::Broken(error) }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let mut report = Report { dry_run: arguments.dry_run, ..Report::default() };
    let ended = import(arguments, &mut report);
    report.complete = ended.is_ok();
    let code = match ended {
        Ok(()) if report.refused.is_empty() => EXIT_FINE,
        Ok(()) => EXIT_FAILED,
        Err(Ended::Usage(why)) => {
            output::complain(&why);
            return Ok(EXIT_USAGE);
        }
        Err(Ended::Broken(error)) => {
            output::complain(&error);
            EXIT_BROKEN
        }
    };
    output::fact(arguments.common.json, &report, &text(&report))?;
    Ok(code)
}

fn import(arguments: &Arguments, report: &mut Report) -> Result<(), Ended> {
    let checked = arguments.common.checked()?;
    control::must_be_installed(&checked).map_err(Ended::Usage)?;
    let file = read(&arguments.file).map_err(Ended::Usage)?;
    let client = arguments.client.map(|client| CoreClientId::new(client.uuid()));
    let named_by = client.map_or(NamedBy::Login, |_| NamedBy::Subject);
    let format = arguments.format.map(Format::from);
    let lines = migration::lines(&file, format, named_by)
        .with_context(|| format!("cannot read {}", arguments.file.display()))?;
    match (lines.named_by(), client) {
        (NamedBy::Subject, None) => {
            let why = "subjects are a client app's: name it with --client ID";
            return Err(Ended::Usage(anyhow!(why)));
        }
        (NamedBy::Login, Some(_)) => {
            let why = "the file names logins, which are no client app's";
            return Err(Ended::Usage(anyhow!(why)));
        }
        _ => {}
    }
    if arguments.dry_run {
        return Ok(rehearse(&checked, client, lines, report)?);
    }
    control::owning(&checked, async |console, call| {
        must_be_there(console.accounts.log().store().as_ref(), client).await?;
        let importer = Importer::new(&console.accounts, call, client);
        take(importer, lines, report).await
    })?;
    Ok(())
}

/// The file, whole.
fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(cannot)?;
    let bytes = file.metadata().with_context(cannot)?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{} has more than {FILE_BYTES_MAX} bytes: split it", path.display());
    }
    // Sized once, with a byte to spare that tells the end: what grows leaves copies behind.
    let mut read = Zeroizing::new(Vec::with_capacity(usize::try_from(bytes)?.saturating_add(1)));
    let limit = bytes.saturating_add(1);
    file.by_ref().take(limit).read_to_end(&mut read).with_context(cannot)?;
    if u64::try_from(read.len())? > bytes {
        bail!("{} grows while it is read", path.display());
    }
    Ok(read)
}

/// Tries it on what is there, opened to be looked at.
fn rehearse(
    checked: &Checked,
    client: Option<CoreClientId>,
    lines: Lines<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let files = doctor::files(&checked.config);
    let _lock = control::taken(&files.data)?;
    let rehearsed = async {
        let keyring = Arc::new(Keyring::open(&files.keys).context("cannot open the keys")?);
        let vault = Arc::new(SqliteVault::open(&files.vault).context("cannot open the vault")?);
        let secrets = Secrets::new(vault, keyring, Arc::new(OsEntropy));
        let clock = Arc::new(|| SystemClock.now());
        let store = SqliteStore::open_without_snapshots(&files.log, clock);
        let store: Arc<dyn EventStore> = Arc::new(store.context("cannot open the log")?);
        must_be_there(store.as_ref(), client).await?;
        take(Importer::rehearsing(store, secrets, client), lines, report).await
    };
    actix_rt::System::new().block_on(async {
        let rehearsed = rehearsed.await;
        // Both were opened, and nothing was written: no trace is left of that either.
        fold(&files.data).await;
        rehearsed
    })
}

async fn must_be_there(store: &dyn EventStore, client: Option<CoreClientId>) -> anyhow::Result<()> {
    let Some(client) = client else { return Ok(()) };
    if store.stream_head(StreamId::Client(client)).await?.is_none() {
        return Err(NoSuchClient.into());
    }
    Ok(())
}

async fn take(
    mut importer: Importer,
    mut lines: Lines<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bar = bar(lines.progress().all, report.dry_run);
    loop {
        let batch: Vec<_> = lines.by_ref().take(ROWS_AT_ONCE).collect();
        if batch.is_empty() {
            bar.finish_and_clear();
            return Ok(());
        }
        let told = importer.take(batch).await.context("broken off; run again, it goes on")?;
        told.into_iter().for_each(|told| report.count(told));
        bar.set_position(lines.progress().done);
    }
}

/// Shown only where stderr is a terminal.
fn bar(all: u64, dry_run: bool) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(all);
    let template = "{msg} {wide_bar} {percent} %, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(if dry_run { "checking" } else { "importing" });
    bar
}

impl Report {
    fn count(&mut self, told: Told) {
        match told.outcome {
            Outcome::Imported => self.imported += 1,
            Outcome::There => self.skipped += 1,
            Outcome::Refused(_) if self.refused.len() >= KEPT_MAX => self.refused_unlisted += 1,
            Outcome::Refused(why) => {
                let (line, part, why) = (told.number, told.part, why.to_string());
                self.refused.push(Refused { line, part, why });
            }
        }
    }
}

fn text(report: &Report) -> String {
    let Report { imported, skipped, refused, refused_unlisted, .. } = report;
    let all_refused = u64::try_from(refused.len()).unwrap_or(u64::MAX) + refused_unlisted;
    let mut text = String::new();
    // Writing to a text cannot fail.
    if report.dry_run {
        let _ = writeln!(text, "Tried; nothing was written.");
    }
    if !report.complete {
        let begun = *imported > 0 || *skipped > 0 || !refused.is_empty();
        let told = match begun {
            true => "NOT ALL OF IT: this is what was done before it broke off.",
            false => "NOTHING OF IT: it broke off before the first line.",
        };
        let _ = writeln!(text, "{told}");
    }
    let _ = writeln!(text, "imported  {imported}");
    let _ = writeln!(text, "skipped   {skipped}, which are there already");
    let _ = writeln!(text, "refused   {all_refused}");
    for Refused { line, part, why } in refused.iter().take(LISTED_MAX) {
        let place = part.map_or(line.to_string(), |part| format!("{line}.{part}"));
        let _ = writeln!(text, "  line {place}: {why}");
    }
    if refused.len() > LISTED_MAX {
        let _ = writeln!(text, "  and more: --json lists the first {KEPT_MAX}");
    }
    if *imported > 0 {
        let _ = writeln!(text, "No recovery codes were made: their holders make them.");
    }
    text
}
