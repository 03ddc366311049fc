//! A mail server for tests: on loopback, without TLS, with faults by script.
//!
//! It speaks as much SMTP as a client needs to hand over a mail. What it does with the next mail,
//! or with the next one to a given address, is told beforehand; without being told it takes
//! everything. Nothing here waits for time: a slow server is one that waits to be released.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is taken.
    Take,
    /// 451 after its last line.
    Later,
    /// 550 for its recipient, whose address the reply repeats, as servers do.
    Never,
    /// The connection is closed in the middle of it.
    Break,
    /// It is taken once the sink is released.
    Hold,
}

/// A mail that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// Its bytes, without the dots that SMTP adds.
    pub bytes: Vec<u8>,
}

/// A mail server for tests. Dropping it closes all its connections.
pub struct SmtpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Vec<(Option<String>, Reply)>>,
    arrived: watch::Sender<Vec<Arrived>>,
    tried: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl SmtpSink {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// What the network says.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts it where a server was, or will have been.
    ///
    /// # Errors
    /// What the network says.
    pub async fn start_at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as the server's setting.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Tells what becomes of the next mail, to this address or to any.
    pub fn script(&self, to: Option<&str>, reply: Reply) {
        let mut script = self.shared.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.push((to.map(str::to_owned), reply));
    }

    /// Lets held mails go on.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// What has arrived so far.
    #[must_use]
    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.borrow().clone()
    }

    /// How many mails were offered so far, whatever became of them.
    #[must_use]
    pub fn tried(&self) -> usize {
        *self.shared.tried.borrow()
    }

    /// Waits until so many mails have arrived.
    pub async fn wait_arrived(&self, count: usize) -> Vec<Arrived> {
        let mut arrived = self.shared.arrived.subscribe();
        // The sender lives as long as `self`.
        let _ = arrived.wait_for(|arrived| arrived.len() >= count).await;
        self.arrived()
    }

    /// Waits until so many mails were offered.
    pub async fn wait_tried(&self, count: usize) {
        let _ = self.shared.tried.subscribe().wait_for(|tried| *tried >= count).await;
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An address where nobody listens, for a server that is down.
///
/// # Errors
/// What the network says.
pub async fn nobody() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and all conversations with it.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        conversations.spawn(converse(stream, Arc::clone(&shared)));
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut mail = Arrived { from: String::new(), to: String::new(), bytes: Vec::new() };
    let mut reply = Reply::Take;
    say(&mut writer, "220 sink").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => say(&mut writer, "250-sink\r\n250 8BITMIME").await?,
            "MAIL" => {
                mail.from = address_in(&line);
                say(&mut writer, "250 ok").await?;
            }
            "RCPT" => {
                mail.to = address_in(&line);
                reply = shared.reply_to(&mail.to);
                shared.tried.send_modify(|tried| *tried += 1);
                let refused = format!("550 5.1.1 <{}>: no such mailbox", mail.to);
                say(&mut writer, if reply == Reply::Never { &refused } else { "250 ok" }).await?;
            }
            "DATA" => {
                say(&mut writer, "354 go on").await?;
                mail.bytes.clear();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    if reply == Reply::Break {
                        return Ok(());
                    }
                    mail.bytes.extend(line.strip_prefix('.').unwrap_or(&line).as_bytes());
                    mail.bytes.extend(b"\r\n");
                }
                let said = shared.end_of_data(reply, &mail).await;
                say(&mut writer, said).await?;
            }
            "RSET" | "NOOP" => say(&mut writer, "250 ok").await?,
            "QUIT" => return say(&mut writer, "221 bye").await,
            _ => say(&mut writer, "502 not here").await?,
        }
    }
    Ok(())
}

impl Shared {
    fn reply_to(&self, to: &str) -> Reply {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            script.iter().position(|(only, _)| only.as_deref().is_none_or(|only| only == to));
        found.map_or(Reply::Take, |index| script.remove(index).1)
    }

    async fn end_of_data(&self, reply: Reply, mail: &Arrived) -> &'static str {
        if reply == Reply::Later {
            return "451 4.3.0 not now";
        }
        if reply == Reply::Hold {
            let _ = self.released.subscribe().wait_for(|released| *released).await;
        }
        self.arrived.send_modify(|arrived| arrived.push(mail.clone()));
        "250 taken"
    }
}

async fn say(writer: &mut OwnedWriteHalf, text: &str) -> io::Result<()> {
    writer.write_all(format!("{text}\r\n").as_bytes()).await
}

fn address_in(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.split_once('>').map_or(after, |(address, _)| address).to_owned()
}
