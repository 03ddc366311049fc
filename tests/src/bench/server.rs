//! The servers that are measured: the real one, and a bare echo of the same JSON.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

/// How often it is looked whether something has come about.
pub const LOOK: Duration = Duration::from_millis(50);

/// What a server says of itself, and the system of it.
#[derive(Debug, Clone, Copy)]
pub struct Counters {
    /// Commits of the log since the start: one sync each.
    pub commits: f64,
    /// Entries of the log.
    pub size: f64,
    /// Entries that the read models have taken in.
    pub projected: f64,
    /// Accounts in memory.
    pub live: f64,
    /// CPU time used so far, user and system.
    pub cpu: Duration,
}

/// A server in a process of its own, killed when dropped.
pub struct Server {
    child: Child,
    /// Its public listener.
    pub public: SocketAddr,
    /// Its ops listener; of the echo, the same as the public one.
    pub ops: SocketAddr,
    /// From its start to its ready line.
    pub ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Server {
    /// Starts `countersign serve` on free ports.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn countersign(program: &Path, data: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").arg("--json").arg("--data").arg(data);
        for listener in ["--public-addr", "--operator-addr", "--ops-addr"] {
            command.arg(listener).arg("127.0.0.1:0");
        }
        Self::start(command, "public", "ops")
    }

    /// Kills it and starts another on the same data.
    ///
    /// # Errors
    /// If that does not come up.
    pub fn again(self, program: &Path, data: &Path) -> anyhow::Result<Self> {
        drop(self);
        Self::countersign(program, data)
    }

    /// Starts the bare echo: this very program with `echo`.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn echo() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("echo");
        Self::start(command, "public", "public")
    }

    fn start(mut command: Command, public: &str, ops: &str) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready_after = started.elapsed();
        let ready: serde_json::Value = serde_json::from_str(&line).context(line.clone())?;
        let address = |name: &str| -> anyhow::Result<SocketAddr> {
            let url = ready.get(name).and_then(|url| url.as_str());
            let url = url.ok_or_else(|| anyhow!("no {name} in {line}"))?;
            Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
        };
        Ok(Self { public: address(public)?, ops: address(ops)?, ready_after, child })
    }

    /// Resident memory, in MiB.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn resident_mib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib / 1024)
    }

    /// Its counters.
    ///
    /// # Errors
    /// If it does not answer, or lacks one.
    pub async fn counters(&self) -> anyhow::Result<Counters> {
        let url = format!("http://{}/metrics", self.ops);
        let text = reqwest::get(url).await?.text().await?;
        let number = |name: &str| -> anyhow::Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|number| number.parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok(Counters {
            commits: number("countersign_log_commits_total")?,
            size: number("countersign_log_size")?,
            projected: number("countersign_read_model_entries")?,
            live: number("countersign_accounts_live")?,
            cpu: self.cpu()?,
        })
    }

    /// Waits until the read models have taken in all that the log has: their work belongs to what
    /// was asked before, and takes processor time.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            let counters = self.counters().await?;
            if counters.projected >= counters.size {
                return Ok(());
            }
            tick.tick().await;
        }
    }

    fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> =
            stat.rsplit(") ").next().context("stat")?.split_whitespace().collect();
        let ticks = |index: usize| -> anyhow::Result<u64> {
            Ok(fields.get(index).context("stat field")?.parse()?)
        };
        // Fields 14 and 15 of proc(5), in ticks of 10 ms.
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }
}
