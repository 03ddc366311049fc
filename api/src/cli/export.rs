//! `countersign export`: the seeds of authenticators, for whoever leaves.
//!
//! It owns the data directory meanwhile: no server runs. Two admins confirm, each with password and
//! code; both stand in the log with the number of seeds before the first is written, and all admins
//! are told. Exit codes: 0 written, 1 not, 64 usage.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use countersign_core::accounts::request::Call;
use countersign_core::accounts::{AdminProof, Exported, ProvenAdmin};
use countersign_core::domain::refusal::Refusal;
use countersign_events::id::ClientId as CoreClientId;
use serde_json::json;

use super::console::Console;
use super::{Common, EXIT_FINE, EXIT_USAGE, control, output, prompt};
use crate::contract::id::ClientId;

/// Admins who confirm.
const ADMINS: usize = 2;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to make: a line `otpauth://…` for each authenticator, for its owner alone (0600)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The login of an admin who confirms; given twice. Passwords and codes are asked for
    #[arg(long = "admin", value_name = "LOGIN", required = true)]
    admins: Vec<String>,
    /// Export the accounts of this client app, by their subjects
    #[arg(long, value_name = "ID", value_parser = ClientId::parse)]
    client: Option<ClientId>,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<u8> {
    let Arguments { out, admins, client, common } = arguments;
    let admins: [String; ADMINS] = match admins.try_into() {
        Ok(admins) => admins,
        Err(_) => {
            output::complain(&anyhow!("two admins confirm: give --admin twice"));
            return Ok(EXIT_USAGE);
        }
    };
    let [one, other] = &admins;
    if one == other {
        output::complain(&anyhow!("two different admins confirm: {one} is named twice"));
        return Ok(EXIT_USAGE);
    }
    let checked = common.checked()?;
    control::must_be_installed(&checked)?;
    // Asked for again where the file is made: what is there by now costs nobody a code.
    if out.symlink_metadata().is_ok() {
        bail!("{} is there already, and no file is overwritten", out.display());
    }
    let client = client.map(|client| CoreClientId::new(client.uuid()));
    let exported = control::owning(&checked, async |console, call| {
        let [one, other] = admins;
        let proven = [prove(console, &call, one).await?, prove(console, &call, other).await?];
        write(console, &call, proven, client, &out).await
    })?;
    let (seeds, left_out) = (exported.uris.len(), exported.left_out);
    let text = format!(
        "Wrote {seeds} seeds to {}. Whoever reads it has every phone: carry it over, destroy it.\n\
         Accounts that are not in it, of client apps or of none: {left_out}; see --client.\n\
         Passwords are not in it: their hashes are of no use without this installation's pepper.",
        out.display()
    );
    let told = json!({ "out": out, "seeds": seeds, "left_out": left_out });
    output::fact(common.json, &told, &text)?;
    Ok(EXIT_FINE)
}

async fn prove(console: &Console, call: &Call, login: String) -> anyhow::Result<ProvenAdmin> {
    let password = prompt::unseen(&format!("password of {login}"))?;
    let code = prompt::unseen(&format!("code of {login}"))?;
    let proof = AdminProof { login: login.clone(), password, code };
    let proven = console.accounts.prove_admin(call, proof).await?;
    proven.map_err(|refusal| refused(&refusal, &format!("cannot take {login} for an admin")))
}

/// A file first, so that nothing is recorded of what cannot be written; then the record; then what
/// was recorded. If we crash before the end, the log says more than the file holds.
async fn write(
    console: &Console,
    call: &Call,
    admins: [ProvenAdmin; ADMINS],
    client: Option<CoreClientId>,
    out: &Path,
) -> anyhow::Result<Exported> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let file = file.with_context(|| format!("cannot make {}", out.display()))?;
    let exported = match console.accounts.export_seeds(call, admins, client).await {
        Ok(Ok(exported)) => Ok(exported),
        Ok(Err(refusal)) => Err(refused(&refusal, "nothing was exported")),
        Err(fault) => Err(fault.into()),
    };
    let written = exported.and_then(|exported| {
        fill(&file, &exported).with_context(|| format!("cannot write {}", out.display()))?;
        Ok(exported)
    });
    if written.is_err() {
        // It holds nothing, or a part.
        std::fs::remove_file(out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    written
}

fn fill(file: &File, exported: &Exported) -> std::io::Result<()> {
    let mut to = BufWriter::new(file);
    for uri in &exported.uris {
        to.write_all(uri.as_bytes())?;
        to.write_all(b"\n")?;
    }
    to.flush()?;
    drop(to);
    file.sync_all()
}

fn refused(refusal: &Refusal, what: &str) -> anyhow::Error {
    anyhow!("{refusal}").context(what.to_owned())
}
