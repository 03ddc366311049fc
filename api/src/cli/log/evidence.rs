//! `countersign log export --account`: the evidence for one account, in one file.

use std::io::Write;

use anyhow::Context as _;
use countersign_core::audit::evidence::{Evidence, EvidenceError};
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::signed::SignedLog;
use countersign_events::id::AccountId;
use serde_json::json;

use super::{EXIT_USAGE, ExportArgs, advance, bar, complain, print_json, prove, refuse};

pub(super) fn run(
    args: &ExportArgs,
    account: AccountId,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let log = match SignedLog::open(&args.data) {
        Ok(log) => log,
        Err(error) => return refuse(&error),
    };
    let bar = bar("gathering");
    let gathered = Evidence::gather(&log, account, &mut |done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    let evidence = match gathered {
        Ok(evidence) => evidence,
        Err(EvidenceError::Log(error)) => return refuse(&error),
        Err(error @ (EvidenceError::NoSuchAccount(_) | EvidenceError::TooMany(_))) => {
            return complain(&error, EXIT_USAGE);
        }
        Err(error) => return complain(&error, Verdict::Tampered.exit_code()),
    };
    let mut bytes = serde_json::to_vec(&evidence)?;
    bytes.push(b'\n');
    let code = prove::put(Some(&args.dir), &bytes, out)?;
    if code != 0 {
        return Ok(code);
    }
    let (entries, policies) = (evidence.entries.len(), evidence.policies.len());
    if args.json {
        let told = json!({
            "account_id": account, "entries": entries, "policies": policies, "size": log.size(),
            "root": log.checkpoint.checkpoint.root, "key": evidence.key,
        });
        return print_json(out, &told).map(|()| 0);
    }
    writeln!(out, "wrote    {entries} entries of {account} to {}", args.dir.display())?;
    writeln!(out, "policies {policies}").context("stdout")?;
    Ok(0)
}
