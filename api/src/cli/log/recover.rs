//! `countersign log recover`: goes on with a log that is not the one that was signed.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use countersign_core::actors::keeper::{Recovery, recover};
use countersign_core::actors::log::Log;
use countersign_core::clock::{Clock, SteadyClock, SystemClock};
use countersign_core::entropy::{Entropy, OsEntropy};
use countersign_core::vault::Keyring;
use countersign_events::actor::By;
use serde_json::json;

use crate::cli::{Common, EXIT_FINE, control, doctor, output};
use crate::config::Checked;
use crate::server::assembly::open_log;

/// See [`LogCommand::Recover`](super::LogCommand::Recover).
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// Why the log as it is now is the right one: it stands in the log for good
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &RecoverArgs) -> anyhow::Result<u8> {
    let checked = args.common.checked()?;
    control::must_be_installed(&checked)?;
    let recovered = actix_rt::System::new().block_on(go_on(&checked, &args.reason))?;
    let Some(Recovery { lost, set_aside, size }) = recovered else {
        let told = json!({ "recovered": false });
        output::fact(args.common.json, &told, "The log is the one that was signed: nothing done.")?;
        return Ok(EXIT_FINE);
    };
    let signed = lost.as_ref().map(|lost| lost.size);
    let told = json!({
        "recovered": true,
        "entries": size,
        "signed_entries": signed,
        "set_aside": set_aside,
    });
    let signed = signed.map_or_else(|| "an unreadable number of".to_owned(), |n| n.to_string());
    let text = format!(
        "Going on with {size} entries where {signed} were signed. What was signed is kept in {}.\n\
         Whoever kept a checkpoint of what is lost will see that it is.",
        set_aside.display()
    );
    output::fact(args.common.json, &told, &text)?;
    Ok(EXIT_FINE)
}

async fn go_on(checked: &Checked, reason: &str) -> anyhow::Result<Option<Recovery>> {
    let data = &checked.config.data;
    let _lock = control::taken(data)?;
    let files = doctor::files(&checked.config);
    let keyring = Arc::new(Keyring::open(&files.keys).context("cannot open the keys")?);
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(Arc::new(SystemClock)));
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let store = open_log(&files.log, &clock).context("cannot open the log")?;
    if countersign_events::store::EventStore::head(store.as_ref()).await?.is_none() {
        bail!("the log is empty: there is nothing to go on with; restore a backup of it");
    }
    // The origin is asked of an empty log alone.
    let log = Log::open(store, keyring.log_public_key(), "", clock, entropy).await?;
    let by = By::Console { user: control::own_user_name() };
    Ok(recover(&log, keyring, data, by, reason).await?)
}
