//! The way out through a mail server: SMTP with TLS, authentication and kept connections.
//!
//! Callers live on single-threaded arbiters, and a socket belongs to the runtime that made it:
//! so the mailer owns a runtime of its own and is spoken to through a channel. Connections are
//! kept only for a few seconds, since one that the server has closed meanwhile fails the next
//! mail.
//!
//! **What must stay true.** Nothing of a mail is logged: the client library's own trace output,
//! which repeats what goes over the wire, is cut off on this runtime, and a server's words, which
//! often repeat the address, are reduced to their code (SR-106).

use std::fmt;
use std::path::Path;
use std::time::Duration;

use futures::future::BoxFuture;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use zeroize::Zeroizing;

use super::compose::compose;
use super::letterhead::Letterhead;
use super::smtp_url::{SmtpUrl, TlsMode};
use super::{Mail, Mailer, SendError, SendErrorClass};

/// How long a connection and its greeting may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long one mail may take from first to last byte, connecting included.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an idle connection is kept: shorter than servers keep it.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections at most.
pub const CONNECTIONS_MAX: u32 = 8;
/// Mails waiting for the runtime at most; who sends one more waits.
pub const QUEUE_MAX: usize = 64;
const RUNTIME_THREADS: usize = 2;
/// The largest password file, in bytes.
const PASSWORD_BYTES_MAX: usize = 1024;
/// Replies that are about who we are, not about the mail (RFC 4954): once the configuration is
/// mended, the same mail goes out.
const NOT_AUTHENTICATED: &[u16] = &[530, 534, 535, 538];
const WHO_WE_ARE_REFUSED: &str = "the server refused our user name or password";

/// How to reach the mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Where it is.
    pub url: SmtpUrl,
    /// The password, where the URL names a user.
    pub password: Option<Zeroizing<String>>,
    /// Certificates to trust beside those of the system, PEM.
    pub root_ca_pem: Option<Vec<u8>>,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpSettings({:?})", self.url)
    }
}

/// Why the mailer did not start.
#[derive(Debug, thiserror::Error)]
pub enum SmtpStartError {
    /// A file could not be read.
    #[error("cannot read {what}")]
    File {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A user without a password, or the other way round.
    #[error("a user in the smtp url and a password file belong together")]
    Credentials,
    /// The password file is empty, too long or not text.
    #[error("the password file does not hold one line of text")]
    Password,
    /// A certificate, or TLS itself.
    #[error("cannot set up tls")]
    Tls(#[source] smtp::Error),
    /// No runtime.
    #[error("cannot start the mail runtime")]
    Runtime(#[source] std::io::Error),
}

impl SmtpSettings {
    /// Reads what the configuration names.
    ///
    /// # Errors
    /// [`SmtpStartError::File`] and [`SmtpStartError::Password`] for what does not read,
    /// [`SmtpStartError::Credentials`] where user and password do not come together.
    pub fn read(
        url: SmtpUrl,
        password_file: Option<&Path>,
        root_ca_file: Option<&Path>,
    ) -> Result<Self, SmtpStartError> {
        let read = |what, path: &Path| {
            std::fs::read(path).map_err(|source| SmtpStartError::File { what, source })
        };
        let password = password_file
            .map(|path| read("the mail server's password", path))
            .transpose()?
            .map(|bytes| password_of(&Zeroizing::new(bytes)))
            .transpose()?;
        if password.is_some() != url.needs_password() {
            return Err(SmtpStartError::Credentials);
        }
        let root_ca_pem = root_ca_file
            .map(|path| read("the mail server's root certificate", path))
            .transpose()?;
        Ok(Self { url, password, root_ca_pem })
    }
}

fn password_of(bytes: &[u8]) -> Result<Zeroizing<String>, SmtpStartError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SmtpStartError::Password)?;
    let line = text.trim_end_matches(['\r', '\n']);
    let fits = (1..=PASSWORD_BYTES_MAX).contains(&line.len());
    if !fits || line.chars().any(char::is_control) {
        return Err(SmtpStartError::Password);
    }
    Ok(Zeroizing::new(line.to_owned()))
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;
type Answer = oneshot::Sender<Result<(), SendError>>;

enum Job {
    Send(Box<Message>, Answer),
    Check(Answer),
}

/// A mail server, through a runtime of its own. Dropping it lets go of what is under way.
pub struct SmtpMailer {
    jobs: mpsc::Sender<Job>,
    runtime: Option<Runtime>,
    head: Letterhead,
}

impl SmtpMailer {
    /// Starts the runtime. The server is not spoken to before the first mail.
    ///
    /// # Errors
    /// [`SmtpStartError`] where the settings do not fit together or no runtime starts.
    pub fn start(settings: &SmtpSettings, head: Letterhead) -> Result<Self, SmtpStartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .thread_name("mail")
            .enable_all()
            .build()
            .map_err(SmtpStartError::Runtime)?;
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let transport = {
            // The pool starts a task of its own, which must live on this runtime.
            let _on_runtime = runtime.enter();
            transport(settings)?
        };
        runtime.spawn(work(transport, waiting));
        Ok(Self { jobs, runtime: Some(runtime), head })
    }

    /// Connects, says who we are and leaves: for `doctor`.
    ///
    /// # Errors
    /// [`SendError`] as for a mail.
    pub async fn check(&self) -> Result<(), SendError> {
        self.ask(Job::Check).await
    }

    async fn ask(&self, job: impl FnOnce(Answer) -> Job) -> Result<(), SendError> {
        let stopped = || SendError::new(SendErrorClass::Unreachable, "the mailer has stopped");
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let message = Box::new(compose(&mail, &self.head)?);
            let sent = self.ask(|reply| Job::Send(message, reply)).await;
            if let Err(error) = &sent
                && error.detail.starts_with(WHO_WE_ARE_REFUSED)
            {
                // Every mail fails until somebody mends it: not the courier's affair alone.
                tracing::error!(%error, "the mail server's user name or password is wrong");
            }
            sent
        })
    }
}

impl Drop for SmtpMailer {
    fn drop(&mut self) {
        // An ordinary drop waits for the runtime's threads, which no arbiter may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn transport(settings: &SmtpSettings) -> Result<Transport, SmtpStartError> {
    let url = &settings.url;
    let mut builder = Transport::builder_dangerous(url.host.clone())
        .port(url.port)
        .tls(tls(settings)?)
        .timeout(Some(CONNECT_TIMEOUT))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(IDLE_TIMEOUT));
    match (&url.user, &settings.password) {
        (Some(user), Some(password)) => {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.as_str().to_owned()));
        }
        (None, None) => {}
        _ => return Err(SmtpStartError::Credentials),
    }
    Ok(builder.build())
}

fn tls(settings: &SmtpSettings) -> Result<Tls, SmtpStartError> {
    if settings.url.tls == TlsMode::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(settings.url.host.clone());
    if let Some(pem) = &settings.root_ca_pem {
        let certificate = Certificate::from_pem(pem).map_err(SmtpStartError::Tls)?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = parameters.build().map_err(SmtpStartError::Tls)?;
    Ok(match settings.url.tls {
        TlsMode::Implicit => Tls::Wrapper(parameters),
        TlsMode::StartTls | TlsMode::None => Tls::Required(parameters),
    })
}

/// Ends when the mailer is dropped. How many mails are under way is bounded by the courier.
async fn work(transport: Transport, mut waiting: mpsc::Receiver<Job>) {
    while let Some(job) = waiting.recv().await {
        let transport = transport.clone();
        tokio::spawn(
            async move {
                let (done, reply) = match job {
                    Job::Send(message, reply) => {
                        (timed(async { transport.send(*message).await.map(drop) }).await, reply)
                    }
                    Job::Check(reply) => {
                        (timed(async { transport.test_connection().await.map(drop) }).await, reply)
                    }
                };
                // Who asked may have gone: the outcome is then found out by sending again.
                let _ = reply.send(done);
            }
            .with_subscriber(NoSubscriber::default()),
        );
    }
}

async fn timed(sending: impl Future<Output = Result<(), smtp::Error>>) -> Result<(), SendError> {
    match tokio::time::timeout(SEND_TIMEOUT, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(classified(&error)),
        Err(_) => Err(SendError::new(SendErrorClass::Unreachable, "no answer in time")),
    }
}

fn classified(error: &smtp::Error) -> SendError {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        return if NOT_AUTHENTICATED.contains(&code) {
            SendError::new(SendErrorClass::Temporary, format!("{WHO_WE_ARE_REFUSED} ({code})"))
        } else if error.is_transient() {
            SendError::new(SendErrorClass::Temporary, format!("the server said not now ({code})"))
        } else {
            SendError::new(SendErrorClass::Permanent, format!("the server refused ({code})"))
        };
    }
    let text = error.to_string();
    // What the library says of itself and of the network has no address in it; what quotes the
    // server or the mail may have.
    let detail = if error.is_response() || text.contains('@') {
        "the server's reply does not read".to_owned()
    } else {
        text
    };
    SendError::new(SendErrorClass::Unreachable, detail)
}
