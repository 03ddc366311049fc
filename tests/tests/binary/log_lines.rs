//! What the real binary logs of callers that it never hears a request of.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use countersign_tests::server::{Server, into_file};

/// Bytes of a head that are too many.
const LONG: usize = 256 * 1024;

/// SR-146: nobody without an account can make the server log errors.
#[test]
fn sr_146_what_is_no_request_is_not_an_error_of_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let lines = directory.path().join("stderr");
    let data = directory.path().join("data");
    let server = Server::start_under(&[], &data, into_file(&lines).unwrap()).unwrap();
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}", "a".repeat(LONG));
    for (request, status) in [(long.as_str(), "431"), ("NONSENSE\r\n\r\n", "400")] {
        let mut stream = TcpStream::connect(server.public).unwrap();
        // The server may close before it has read all of it, and an answer may be lost with that.
        let _cut = stream.write_all(request.as_bytes());
        let mut answer = String::new();
        let _cut = stream.read_to_string(&mut answer);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.is_empty() || answer.starts_with(&expected), "{status}: {answer}");
    }
    server.terminate().unwrap();
    let logged = std::fs::read_to_string(&lines).unwrap();
    let errors: Vec<&str> = logged.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors, [""; 0]);
}
