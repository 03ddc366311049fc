//! Stands between a console and its server, at an address that outlives the server.
//!
//! One request per connection. Where told so, it lets a request reach the server, and then kills
//! the server: at once, or when it has answered, in place of handing the answer on. The caller
//! cannot know what became of it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use countersign_tests::server::Server;

/// What stands behind it.
#[derive(Default)]
struct Behind {
    server: Option<Server>,
    /// The part of a request's first line whose next answer is swallowed, and when.
    swallow: Option<(&'static str, Moment)>,
    swallowed: bool,
}

impl Behind {
    /// Whether the server dies of this request at this moment.
    fn dies_of(&self, line: &str, now: Moment) -> bool {
        self.swallow.is_some_and(|(part, moment)| moment == now && line.contains(part))
    }
}

/// When a server dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As soon as it was asked: nobody knows how far it came.
    Asked,
    /// As it answered: it has recorded what it was asked for.
    Answered,
}

/// A proxy.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    behind: Arc<(Mutex<Behind>, Condvar)>,
}

impl Proxy {
    pub(crate) fn before(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let behind = Behind { server: Some(server), ..Behind::default() };
        let behind = Arc::new((Mutex::new(behind), Condvar::new()));
        let shared = Arc::clone(&behind);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream.unwrap(), address, &shared));
            }
        });
        Self { address, behind }
    }

    /// The answer to the next request with this in its first line is never seen, and the server
    /// dies (SIGKILL).
    pub(crate) fn kill_at(&self, part: &'static str, moment: Moment) {
        let mut behind = self.behind.0.lock().unwrap();
        (behind.swallow, behind.swallowed) = (Some((part, moment)), false);
    }

    /// Waits until that has happened.
    pub(crate) fn wait_until_killed(&self) {
        let behind = self.behind.0.lock().unwrap();
        drop(self.behind.1.wait_while(behind, |behind| !behind.swallowed).unwrap());
    }

    /// Puts another server behind it.
    pub(crate) fn restart(&self, server: Server) {
        self.behind.0.lock().unwrap().server = Some(server);
    }

    /// Where holders reach the server that stands behind it now.
    pub(crate) fn public(&self) -> SocketAddr {
        self.behind.0.lock().unwrap().server.as_ref().unwrap().public
    }
}

impl Drop for Proxy {
    /// The thread that listens lives on, and must not keep a server alive.
    fn drop(&mut self) {
        if let Ok(mut behind) = self.behind.0.lock() {
            behind.server = None;
        }
    }
}

/// Hands one request on, and its answer back.
fn serve(mut stream: &TcpStream, address: SocketAddr, behind: &(Mutex<Behind>, Condvar)) {
    let Some(request) = read_request(stream) else { return };
    let Some(operator) = behind.0.lock().unwrap().server.as_ref().map(|it| it.operator) else {
        return;
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.replace(&address.to_string(), &operator.to_string());
    let line = head.lines().next().unwrap().to_owned();
    let Ok(mut server) = TcpStream::connect(operator) else { return };
    write!(server, "{head}\r\nConnection: close\r\n\r\n{body}").unwrap();
    if dies(&line, Moment::Asked, behind) {
        return;
    }
    let mut answer = Vec::new();
    if server.read_to_end(&mut answer).is_err() || dies(&line, Moment::Answered, behind) {
        return;
    }
    let _gone = stream.write_all(&answer);
}

/// Kills the server, if it is to die of this request at this moment.
fn dies(line: &str, moment: Moment, behind: &(Mutex<Behind>, Condvar)) -> bool {
    let mut now = behind.0.lock().unwrap();
    if !now.dies_of(line, moment) {
        return false;
    }
    now.swallow = None;
    now.server.take().unwrap().kill().unwrap();
    now.swallowed = true;
    behind.1.notify_all();
    true
}

/// A request to its last byte; none where the caller hangs up.
fn read_request(mut stream: &TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_it = name.eq_ignore_ascii_case("content-length");
                is_it.then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
    }
}
