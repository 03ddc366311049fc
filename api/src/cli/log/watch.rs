//! `countersign log watch`: looks again and again whether a log grew out of what it was.
//!
//! What it knows of the log it keeps in a file of its own, best on another machine. The first look
//! takes the log's key on trust unless it is given; each later one is held against that key and
//! the checkpoint before.

mod place;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use countersign_core::audit::finding::Verdict;
use countersign_core::audit::watch::{Alarm, Kept, Step, compare, keep_alarm, signed_by};
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_events::note::VerifierKey;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use self::place::Place;
use super::{EXIT_INCOMPLETE, EXIT_USAGE, complain, print_json};
use crate::cli::EXIT_FINE;
use crate::cli::output::shown_in_line;

/// See [`LogCommand::Watch`](super::LogCommand::Watch).
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// A data directory, an export, or the URL of a server's operators' listener
    #[arg(value_name = "DIR|URL")]
    log: String,
    /// Where the last checkpoint is kept; without it, it is forgotten at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Look once
    #[arg(long)]
    once: bool,
    /// How long to wait between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// The file with the bearer token for the server: an auditor's, or an API key with `log:read`
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The log's key, from elsewhere (NAME+ID+KEY, as `log checkpoint --key` prints it)
    #[arg(long, value_name = "VKEY", value_parser = VerifierKey::parse)]
    key: Option<VerifierKey>,
    /// Print each look as a line of JSON
    #[arg(long)]
    json: bool,
}

/// Why a look came to nothing.
enum Trouble {
    /// The log is not what it was; with the bytes that say so.
    Alarm(Alarm, Vec<u8>),
    /// It could not be looked at.
    Unseen(anyhow::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Unseen(error)
    }
}

pub(super) fn run(args: &WatchArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let place = match Place::of(&args.log, args.token_file.as_deref()) {
        Ok(place) => place,
        Err(error) => return complain(&*error, EXIT_USAGE),
    };
    let kept = match args.state.as_deref().map(Kept::load).transpose() {
        Ok(kept) => kept.flatten(),
        Err(error) => return complain(&error, EXIT_INCOMPLETE),
    };
    if let (Some(kept), Some(key)) = (&kept, &args.key)
        && kept.key != *key
    {
        let error = anyhow::anyhow!("another key was kept: {}", kept.key);
        return complain(&*error, EXIT_USAGE);
    }
    let mut watch = Watch { args, place, kept };
    actix_rt::System::new().block_on(watch.run(out))
}

struct Watch<'a> {
    args: &'a WatchArgs,
    place: Place,
    kept: Option<Kept>,
}

impl Watch<'_> {
    async fn run(&mut self, out: &mut dyn Write) -> anyhow::Result<u8> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut ticks = tokio::time::interval(Duration::from_secs(self.args.every));
        // After a look that took long there is no hurry to make up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let looked = async {
                ticks.tick().await;
                self.look().await
            };
            let looked = tokio::select! {
                _ = terminate.recv() => return Ok(EXIT_FINE),
                _ = interrupt.recv() => return Ok(EXIT_FINE),
                looked = looked => looked,
            };
            match looked {
                Ok(told) => self.tell(out, &told)?,
                Err(Trouble::Alarm(alarm, bytes)) => return self.alarm(out, &alarm, &bytes),
                Err(Trouble::Unseen(error)) if self.args.once => {
                    return complain(&*error, EXIT_INCOMPLETE);
                }
                // It may be back by the next look; nothing that was kept is given up meanwhile.
                Err(Trouble::Unseen(error)) => {
                    complain(&*error, EXIT_INCOMPLETE)?;
                }
            }
            if self.args.once {
                return Ok(EXIT_FINE);
            }
        }
    }

    /// One look, and what is told of it.
    async fn look(&mut self) -> Result<Value, Trouble> {
        let bytes = self.place.checkpoint().await?;
        let alarm = |alarm| Trouble::Alarm(alarm, bytes.clone());
        let Some(kept) = &self.kept else { return self.first(&bytes).await };
        let growth = match compare(kept, &bytes).map_err(alarm)? {
            Step::Same => return Ok(told("same", kept, None)),
            Step::Grown(growth) => growth,
        };
        self.place.prove(&growth).await?.map_err(alarm)?;
        let kept = Kept { key: kept.key.clone(), checkpoint: growth.later.clone() };
        self.keep(kept, "grown", Some(growth.from()))
    }

    async fn first(&mut self, bytes: &[u8]) -> Result<Value, Trouble> {
        let key = match &self.args.key {
            Some(key) => key.clone(),
            None => self.place.key(bytes).await?,
        };
        let checkpoint =
            signed_by(bytes, &key).map_err(|alarm| Trouble::Alarm(alarm, bytes.to_vec()))?;
        let outcome = if self.args.key.is_some() { "first" } else { "first-on-trust" };
        self.keep(Kept { key, checkpoint }, outcome, None)
    }

    /// It is told only once it is kept: whoever reads of it can rely on the next look.
    fn keep(&mut self, kept: Kept, outcome: &str, from: Option<u64>) -> Result<Value, Trouble> {
        if let Some(path) = &self.args.state {
            kept.store(path).context("keeping the checkpoint")?;
        }
        let told = told(outcome, &kept, from);
        self.kept = Some(kept);
        Ok(told)
    }

    fn tell(&self, out: &mut dyn Write, told: &Value) -> anyhow::Result<()> {
        let outcome = told.get("outcome").and_then(Value::as_str).unwrap_or_default();
        if outcome == "same" && !self.args.once {
            return Ok(());
        }
        if self.args.json {
            print_json(out, told)?;
            return out.flush().context("stdout");
        }
        let text = |name: &str| match told.get(name) {
            Some(Value::String(text)) => shown_in_line(text),
            Some(Value::Null) | None => String::new(),
            Some(value) => value.to_string(),
        };
        let (at, size, root) = (text("at"), text("size"), text("root"));
        let words = match outcome {
            "first" => {
                "signed by the key that was given; nothing was kept to compare it with".into()
            }
            "first-on-trust" => format!("its key was taken on trust: {}", text("key")),
            "same" => "as it was".into(),
            _ => format!("grown from {}, and nothing before was changed", text("from")),
        };
        writeln!(out, "{at}  {size} entries, root {root}: {words}")?;
        out.flush().context("stdout")
    }

    fn alarm(&self, out: &mut dyn Write, alarm: &Alarm, bytes: &[u8]) -> anyhow::Result<u8> {
        let beside = self.args.state.as_deref().map(|path| keep_alarm(path, bytes)).transpose();
        if self.args.json {
            let told = json!({
                "at": SystemClock.now(), "outcome": "alarm", "alarm": alarm.to_string(),
                "checkpoint": String::from_utf8_lossy(bytes),
            });
            print_json(out, &told)?;
        }
        let error = anyhow::Error::from(alarm.clone()).context("ALARM");
        let code = complain(&*error, Verdict::Tampered.exit_code())?;
        match beside {
            Ok(Some(path)) => {
                let kept = anyhow::anyhow!("what raised it is kept in {}", path.display());
                complain(&*kept, code)
            }
            Ok(None) => Ok(code),
            Err(error) => complain(&error, code),
        }
    }
}

fn told(outcome: &str, kept: &Kept, from: Option<u64>) -> Value {
    let checkpoint = &kept.checkpoint.checkpoint;
    json!({
        "at": SystemClock.now(), "outcome": outcome, "origin": checkpoint.origin,
        "size": checkpoint.size, "root": checkpoint.root, "from": from, "key": kept.key.to_string(),
    })
}
