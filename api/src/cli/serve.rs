//! `countersign serve`: the server, until it is told to stop.
//!
//! SIGTERM and SIGINT drain and exit with 0; a second one does not hurry it. While it runs it owns
//! the data directory and listens on the control socket.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::console::Console;
use super::{Common, EXIT_FINE, control, harden, logging, output};
use crate::config::{Checked, Config};
use crate::server::assembly::{self, Machine};
use crate::server::data_lock::DataLock;
use crate::server::startup::{Addresses, Application, Listeners};

/// How to serve.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Where people and client apps connect; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    public_addr: Option<String>,
    /// Where operators connect
    #[arg(long, value_name = "ADDRESS")]
    operator_addr: Option<String>,
    /// Where health, metrics and documentation are
    #[arg(long, value_name = "ADDRESS")]
    ops_addr: Option<String>,
    /// Where the log lives
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Where the secrets live
    #[arg(long, value_name = "VAULT")]
    vault: Option<String>,
    /// Accept, on record, what of the policy is looser than the standard profile
    #[arg(long)]
    accept_risk: bool,
    /// Accept, on record, the machine's clock as it is, after an alarm that it was set
    #[arg(long)]
    accept_clock: bool,
    /// The mail server, like smtp://user@mail.example.com:587
    #[arg(long, value_name = "URL")]
    smtp: Option<String>,
}

impl Arguments {
    fn checked(&self) -> Result<Checked, crate::config::ConfigError> {
        let flags = vec![
            ("listen.public", self.public_addr.clone()),
            ("listen.operator", self.operator_addr.clone()),
            ("listen.ops", self.ops_addr.clone()),
            ("store", self.store.clone()),
            ("vault", self.vault.clone()),
            ("smtp.url", self.smtp.clone()),
        ];
        let checked = self.common.layers(flags).load()?.check()?;
        Ok(Checked { accepts_risk: self.accept_risk, accepts_clock: self.accept_clock, ..checked })
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let checked = arguments.checked()?;
    logging::start(&checked.config.log);
    harden::no_core_dumps();
    let lock = DataLock::take(&checked.config.data)?;
    actix_rt::System::new().block_on(serve(&checked, lock, arguments.common.json))?;
    Ok(EXIT_FINE)
}

async fn serve(checked: &Checked, lock: DataLock, json: bool) -> anyhow::Result<()> {
    let listeners = Listeners::bind(checked)?;
    let public_url = checked.config.public_url_at(listeners.addresses().public);
    let parts = assembly::assemble(checked, Machine::real(), lock, &public_url).await?;
    assembly::started(&parts, &checked.config).await?;
    let console = Console {
        accounts: parts.accounts.clone(),
        clock: parts.clock.clone(),
        entropy: parts.entropy.clone(),
    };
    let control = control::bind(&checked.config.data).context("cannot make the control socket")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let application = Application::build(checked, listeners, parts)?;
    let (addresses, stopper) = (application.addresses(), application.stopper());
    let controlled = actix_rt::spawn(async move { control.serve(&console).await });
    actix_rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        controlled.abort();
        stopper.stop();
    });
    announce(&checked.config, addresses, json)?;
    application.run_until_stopped().await?;
    tracing::info!("stopped");
    Ok(())
}

/// The ready line, when all three listen: connections that come now are accepted.
fn announce(config: &Config, addresses: Addresses, json: bool) -> anyhow::Result<()> {
    let url = |address| format!("http://{address}");
    let public = url(addresses.public);
    let (operator, ops) = (url(addresses.operator), url(addresses.ops));
    let ready = json!({ "public": public, "operator": operator, "ops": ops });
    let mut text = format!(
        "Countersign is ready.\n\
         \n  for people and apps   {public}\
         \n  for operators         {operator}   (countersign-admin --server {operator})\
         \n  for whoever runs it   {ops}/docs  {ops}/healthz/ready  {ops}/metrics\n"
    );
    if config.smtp.url.is_none() {
        text.push_str(&mail_hint(&config.data, &ops));
    }
    output::fact(json, &ready, &text)
}

fn mail_hint(data: &Path, ops: &str) -> String {
    format!("\n  mails are files       {ops}/mail  (in {}/mail)\n", data.display())
}
