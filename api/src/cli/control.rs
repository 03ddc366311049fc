//! The control socket: how a verb reaches the server that owns the data directory.
//!
//! `DIR/control.sock` is for its owner alone (0600), and whoever connects must be the user that
//! the server runs as, or root, whatever the permissions say. One request and one reply, each a
//! line of JSON; lines and waiting are bounded.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use countersign_core::accounts::request::Call;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::console::{Caller, Console, Reply, Verb};
use super::doctor;
use crate::config::Checked;
use crate::server::assembly;
use crate::server::data_lock::{DataLock, LockError};

/// The socket in the data directory.
const SOCKET_FILE: &str = "control.sock";
/// Bytes of a line at most.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// A request that is not there by then is not waited for.
const REQUEST_WAIT: Duration = Duration::from_secs(5);

/// Listens on the socket. Whoever holds the lock may take the place of a socket left behind.
///
/// # Errors
/// What the file system says.
pub(crate) fn bind(data: &Path) -> std::io::Result<Control> {
    let path = data.join(SOCKET_FILE);
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    // Between these two lines the directory's own permissions (0700) keep others out.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(Control { listener, path })
}

/// The socket, bound.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Serves one request after the other, for as long as it is polled.
    pub(crate) async fn serve(&self, console: &Console) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    if let Err(error) = answer(stream, console).await {
                        tracing::warn!(error = %format!("{error:#}"), "control request failed");
                    }
                }
                Err(error) => tracing::warn!(%error, "control socket does not accept"),
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left behind it does no harm: connecting to it fails, and the next owner removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(mut stream: UnixStream, console: &Console) -> anyhow::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        bail!("user {peer} may not");
    }
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(LINE_BYTES_MAX));
    tokio::time::timeout(REQUEST_WAIT, read.read_line(&mut line)).await??;
    let reply = match serde_json::from_str::<Verb>(&line) {
        Ok(verb) => console.perform(Caller { uid: peer, name_of: user_name }, verb).await,
        Err(error) => Reply::Failed(format!("not a request: {error}")),
    };
    let reply = serde_json::to_string(&reply)? + "\n";
    write.write_all(reply.as_bytes()).await?;
    Ok(())
}

/// Performs a verb: through the server that runs, or else by owning the data directory meanwhile.
///
/// # Errors
/// What went wrong, or why the verb was refused.
pub(crate) fn perform(checked: &Checked, verb: Verb) -> anyhow::Result<serde_json::Value> {
    must_be_installed(checked)?;
    // A verb is performed under the policy of the log, whatever the configuration says by now.
    let checked = &Checked { must_agree: false, ..checked.clone() };
    let system = actix_rt::System::new();
    let reply = system.block_on(async {
        match DataLock::take(&checked.config.data) {
            Ok(lock) => alone(checked, lock, verb).await,
            Err(LockError::Held(data)) => through(&data.join(SOCKET_FILE), &verb).await,
            Err(error) => Err(error.into()),
        }
    })?;
    match reply {
        Reply::Done(value) => Ok(value),
        Reply::Failed(why) => bail!(why),
    }
}

/// A verb makes no installation: at a mistyped path it would be an empty one.
pub(crate) fn must_be_installed(checked: &Checked) -> anyhow::Result<()> {
    let files = doctor::files(&checked.config);
    if files.log.exists() {
        return Ok(());
    }
    let (data, log) = (files.data.display(), files.log.display());
    bail!(
        "{data} holds no installation ({log} is not there): see --data; `countersign serve` makes \
         one"
    )
}

async fn alone(checked: &Checked, lock: DataLock, verb: Verb) -> anyhow::Result<Reply> {
    let caller = Caller { uid: rustix::process::geteuid().as_raw(), name_of: user_name };
    own(checked, lock, async |console| console.perform(caller, verb).await).await
}

/// Owns the data directory for as long as the work takes, and nobody else does.
///
/// # Errors
/// Where a server runs, where there is no installation, and what did not open.
pub(crate) fn owning<T>(
    checked: &Checked,
    work: impl AsyncFnOnce(&Console, Call) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    must_be_installed(checked)?;
    let checked = &Checked { must_agree: false, ..checked.clone() };
    actix_rt::System::new().block_on(async {
        let lock = taken(&checked.config.data)?;
        own(checked, lock, async |console| {
            let user = user_name(rustix::process::geteuid().as_raw());
            work(console, console.call(user)?).await
        })
        .await?
    })
}

/// The lock, where no server has it.
///
/// # Errors
/// Where one has.
pub(crate) fn taken(data: &Path) -> anyhow::Result<DataLock> {
    DataLock::take(data).map_err(|error| match error {
        held @ LockError::Held(_) => anyhow!("{held}: stop the server first"),
        error @ LockError::Io { .. } => error.into(),
    })
}

async fn own<T>(
    checked: &Checked,
    lock: DataLock,
    work: impl AsyncFnOnce(&Console) -> T,
) -> anyhow::Result<T> {
    let public_url = checked.config.public_url_at(checked.config.listen.public);
    let machine = assembly::Machine::real();
    let parts = assembly::assemble(checked, machine, lock, &public_url).await?;
    let console = Console {
        accounts: parts.accounts.clone(),
        clock: parts.clock.clone(),
        entropy: parts.entropy.clone(),
    };
    let done = work(&console).await;
    drop(console);
    let close = parts.close;
    drop((parts.accounts, parts.checks, parts.observe));
    close().await;
    Ok(done)
}

async fn through(socket: &Path, verb: &Verb) -> anyhow::Result<Reply> {
    let held = || format!("the data directory is in use and {} does not answer", socket.display());
    let mut stream = UnixStream::connect(socket).await.with_context(held)?;
    let request = serde_json::to_string(verb)? + "\n";
    stream.write_all(request.as_bytes()).await.with_context(held)?;
    let mut line = String::new();
    let mut read = BufReader::new(stream.take(LINE_BYTES_MAX));
    read.read_line(&mut line).await.with_context(held)?;
    serde_json::from_str(&line).with_context(held)
}

/// The name of the system user that this process runs as.
pub(crate) fn own_user_name() -> String {
    user_name(rustix::process::geteuid().as_raw())
}

/// The name of a system user; the number where there is no name.
fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&passwd, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn name_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn a_user_is_named_by_the_first_line_of_the_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!(name_in(passwd, 1000), Some("ada".into()));
        assert_eq!(name_in(passwd, 0), Some("root".into()));
        assert_eq!(name_in(passwd, 7), None);
    }
}
