//! A receiver of webhooks on a port of this machine: one thread a connection, keeps what it takes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde_json::Value;

/// The largest body that is taken.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A delivery as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The headers whose names begin with `webhook-`, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Came {
    /// A header, by its name.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The event's place in the log, and the account that it happened to.
    #[must_use]
    pub fn place(&self) -> (String, u64) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let account = body.pointer("/data/account_id").and_then(Value::as_str).unwrap_or_default();
        let position = body.pointer("/data/position").and_then(Value::as_u64);
        (account.to_owned(), position.unwrap_or(u64::MAX))
    }
}

#[derive(Debug, Default)]
struct Inner {
    came: Mutex<Vec<Came>>,
    more: Condvar,
    refuses: AtomicBool,
    tries: AtomicUsize,
}

/// The receiver. Its threads end with the process.
#[derive(Debug, Clone)]
pub struct HookSink {
    inner: Arc<Inner>,
    address: SocketAddr,
}

impl HookSink {
    /// Listens on a free port.
    ///
    /// # Errors
    /// Where there is none.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner::default());
        let serving = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = Arc::clone(&serving);
                // A connection that breaks is the sender's to notice.
                std::thread::spawn(move || drop(serve(&inner, &stream)));
            }
        });
        Ok(Self { inner, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Whether it answers 503 from now on.
    pub fn refuses(&self, refuses: bool) {
        self.inner.refuses.store(refuses, Ordering::SeqCst);
    }

    /// How often something came, taken or not.
    #[must_use]
    pub fn tries(&self) -> usize {
        self.inner.tries.load(Ordering::SeqCst)
    }

    /// Everything that was taken so far.
    #[must_use]
    pub fn came(&self) -> Vec<Came> {
        self.inner.came.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what was taken is enough.
    pub fn wait_until(&self, enough: impl Fn(&[Came]) -> bool) {
        let mut came = self.inner.came.lock().unwrap_or_else(PoisonError::into_inner);
        while !enough(&came) {
            came = self.inner.more.wait(came).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes one delivery after the other of a connection.
fn serve(inner: &Inner, stream: &TcpStream) -> std::io::Result<()> {
    let mut read = BufReader::new(stream);
    let mut write = stream;
    loop {
        let (mut headers, mut length) = (vec![], 0);
        loop {
            let mut line = String::new();
            if read.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
            if name == "content-length" {
                length = value.parse().unwrap_or(0);
            } else if name.starts_with("webhook-") {
                headers.push((name, value));
            }
        }
        let mut body = vec![0; length.min(BODY_BYTES_MAX)];
        read.read_exact(&mut body)?;
        inner.tries.fetch_add(1, Ordering::SeqCst);
        if inner.refuses.load(Ordering::SeqCst) {
            write.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        // Kept before it is answered: what was answered is kept, whatever dies then.
        inner.came.lock().unwrap_or_else(PoisonError::into_inner).push(Came { headers, body });
        inner.more.notify_all();
        write.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}
