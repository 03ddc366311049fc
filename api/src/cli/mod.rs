//! The command line: one verb, one file.
//!
//! Without arguments it serves. Verbs that write go through the running server's control socket
//! where there is one, and otherwise take the data directory's lock themselves; what they do names
//! the system user. Facts go to standard output, as text or with `--json` as one line of JSON;
//! everything else goes to standard error.
//!
//! Exit codes: 0 fine, 1 failed (or tampered, different), 2 incomplete, 64 usage.

pub(crate) mod backup;
pub(crate) mod client;
pub(crate) mod config;
pub mod console;
pub(crate) mod control;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod harden;
pub(crate) mod import;
pub mod log;
pub(crate) mod logging;
pub(crate) mod operator;
pub(crate) mod output;
pub(crate) mod policy;
pub(crate) mod print;
pub(crate) mod prompt;
pub(crate) mod restore;
pub(crate) mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Checked, ConfigError, Layers};

/// Fine.
pub(crate) const EXIT_FINE: u8 = 0;
/// Failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// The arguments do not say what can be done.
pub(crate) const EXIT_USAGE: u8 = 64;

/// A self-hosted second-factor service.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    serve: serve::Arguments,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve (what happens without a verb)
    Serve(serve::Arguments),
    /// Add, list, disable and enable operators
    #[command(subcommand)]
    Operator(operator::Verb),
    /// Add, list and disable client apps, and give them other keys
    #[command(subcommand)]
    Client(client::Verb),
    /// Show the policy in force, or put another in force
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Export, verify and replay the log
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Say whether log, vault, keys, clock and mail server fit together
    Doctor(doctor::Arguments),
    /// Copy log, vault and keys, each into a directory of its own
    Backup(backup::Arguments),
    /// Put a backup into an empty data directory
    Restore(restore::Arguments),
    /// Write the seeds of authenticators to a file, for another system: two admins confirm, each
    /// with password and code
    Export(export::Arguments),
    /// Take over accounts of another system: authenticators, and password hashes as they are
    Import(import::Arguments),
    /// Check or print the configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// Print the OpenAPI document or a reference
    #[command(subcommand)]
    Print(print::Verb),
}

/// What every verb takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    /// The configuration file; `countersign.toml` where there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The directory of the keys
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,
    /// Print facts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Common {
    /// The configuration under these flags and more.
    pub(crate) fn layers(&self, more: Vec<(&'static str, Option<String>)>) -> Layers {
        let own = vec![("data", self.data.clone()), ("keys", self.keys.clone())];
        let given = own.into_iter().chain(more);
        let flags = given.filter_map(|(key, value)| Some((key, value?))).collect();
        Layers::of_process(self.config.clone(), flags)
    }

    /// The configuration, checked.
    pub(crate) fn checked(&self) -> Result<Checked, ConfigError> {
        self.layers(Vec::new()).load()?.check()
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's concern.
            let _ = error.print();
            return ExitCode::from(if error.exit_code() == 0 { EXIT_FINE } else { EXIT_USAGE });
        }
    };
    match run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::complain(&error);
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<u8> {
    match arguments.verb.unwrap_or(Verb::Serve(arguments.serve)) {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Operator(verb) => operator::run(verb),
        Verb::Client(verb) => client::run(verb),
        Verb::Policy(verb) => policy::run(verb),
        Verb::Log(verb) => log::run(&verb),
        Verb::Doctor(arguments) => doctor::run(&arguments),
        Verb::Backup(arguments) => backup::run(&arguments),
        Verb::Restore(arguments) => restore::run(&arguments),
        Verb::Export(arguments) => export::run(arguments),
        Verb::Import(arguments) => import::run(&arguments),
        Verb::Config(verb) => config::run(verb),
        Verb::Print(verb) => print::run(verb),
    }
}
