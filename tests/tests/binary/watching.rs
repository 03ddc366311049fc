//! `countersign log watch`: a log that grows is told of, and one that is bent raises an alarm.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_tests::checkpoints::put_tiles;
use countersign_tests::console::program;
use serde_json::Value;

use super::proofs::{Log, ends, fine, text};

const TOKEN: &str = "the-token-of-an-auditor";

/// A server that serves the files of an export below `/v1/log`, to whoever has the token.
struct Files {
    address: SocketAddr,
}

impl Files {
    fn serve(directory: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = answer(stream.unwrap(), &directory);
            }
        });
        Self { address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn answer(mut stream: TcpStream, directory: &Path) -> std::io::Result<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let path = head.split(' ').nth(1).unwrap_or_default();
    let has_token = head.to_lowercase().contains(&format!("bearer {TOKEN}"));
    let file = path.strip_prefix("/v1/log/").filter(|_| has_token);
    let (status, body) = match file.map(|file| fs::read(directory.join(file))) {
        None => ("401 Unauthorized", vec![]),
        Some(Err(_)) => ("404 Not Found", vec![]),
        Some(Ok(body)) => ("200 OK", body),
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(&body)
}

fn told(line: &[&str]) -> Value {
    serde_json::from_str(&fine(line)).unwrap()
}

#[test]
fn a_directory_that_grows_is_told_of_and_what_was_seen_is_kept() {
    let log = Log::new();
    let (export, state) = (log.export(), log.path("state"));
    let watch = ["log", "watch", text(&export), "--state", text(&state), "--once", "--json"];
    log.sign(Some(3));
    let first = told(&watch);
    assert_eq!((&first["outcome"], &first["size"]), (&"first-on-trust".into(), &3.into()));
    assert_eq!(told(&watch)["outcome"], "same");
    log.sign(None);
    let grown = told(&watch);
    assert_eq!((&grown["outcome"], &grown["from"]), (&"grown".into(), &3.into()));
    let kept: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    let lies = fs::read_to_string(export.join("checkpoint")).unwrap();
    assert_eq!(kept["checkpoint"], lies);

    let key = log.key();
    assert_eq!(told(&[&watch[..], &["--key", &key]].concat())["outcome"], "same");
    let pinned = ["log", "watch", text(&export), "--once", "--json", "--key", &key];
    assert_eq!(told(&pinned)["outcome"], "first");
    fs::remove_file(export.join("checkpoint")).unwrap();
    ends(&watch, 2);
    assert_eq!(fs::read_to_string(&state).unwrap().trim(), kept.to_string());
    ends(&["log", "watch", text(&export), "--token-file", "x", "--once"], 64);
}

/// SR-104, AT-54.
#[test]
fn sr_104_at_54_a_fork_a_cut_and_a_forged_signature_raise_an_alarm() {
    let log = Log::new();
    let (export, state) = (log.export(), log.path("state"));
    let watch = ["log", "watch", text(&export), "--state", text(&state), "--once"];
    log.sign(Some(log.size - 1));
    fine(&watch);
    let kept = fs::read(&state).unwrap();
    let alarm = |what: &str| {
        let raised = ends(&watch, 1);
        assert!(raised.contains("ALARM") && raised.contains(what), "{raised}");
        assert_eq!(fs::read(&state).unwrap(), kept, "what was seen stays kept");
        let beside = fs::read(log.path("state.alarm")).unwrap();
        assert_eq!(beside, fs::read(export.join("checkpoint")).unwrap());
    };
    log.sign(Some(2));
    alarm("it was cut off");
    log.sign(None);
    let honest = fs::read_to_string(export.join("checkpoint")).unwrap();
    let bent = honest.replacen(&format!("\n{}\n", log.size), &format!("\n{}\n", log.size + 1), 1);
    fs::write(export.join("checkpoint"), bent).unwrap();
    alarm("is forged");
    log.bend(2);
    log.sign(Some(log.size - 1));
    alarm("was forked");
    log.sign(None);
    alarm("does not begin with");
}

/// As a client of C2SP tlog-tiles: the server's hashes are believed only as far as they prove.
#[test]
fn sr_104_a_server_is_watched_from_outside() {
    let log = Log::new();
    let (export, state) = (log.export(), log.path("state"));
    let token = log.path("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let served = Files::serve(export.clone());
    let url = served.url();
    let watch = ["log", "watch", &url, "--state", text(&state), "--once", "--json"];
    let with_token = [&watch[..], &["--token-file", text(&token)]].concat();
    ends(&watch, 2);
    for size in [3, 5, log.size] {
        log.sign(Some(size));
        put_tiles(&export, size).unwrap();
        let told = told(&with_token);
        let outcome = if size == 3 { "first-on-trust" } else { "grown" };
        assert_eq!((&told["outcome"], &told["size"]), (&outcome.into(), &size.into()));
    }
    let narrow = export.join(format!("tile/0/000.p/{}", log.size));
    log.sign(Some(3));
    ends(&with_token, 1);
    fs::remove_file(&state).unwrap();
    told(&with_token);
    log.sign(None);
    // Without the tile nothing is proven and nothing is given up.
    let hashes = fs::read(&narrow).unwrap();
    fs::remove_file(&narrow).unwrap();
    ends(&with_token, 2);
    // Only the full tile is left: of it, the first ones count.
    fs::write(export.join("tile/0/000"), &hashes).unwrap();
    assert_eq!(told(&with_token)["outcome"], "grown");
    fs::remove_file(&state).unwrap();
    log.sign(Some(3));
    told(&with_token);
    log.bend(1);
    log.sign(None);
    put_tiles(&export, log.size).unwrap();
    let raised = ends(&with_token, 1);
    assert!(raised.contains("does not begin with"), "{raised}");
    // A token does not go to another machine in clear.
    let elsewhere = ["log", "watch", "http://log.example", "--token-file", text(&token)];
    assert!(ends(&elsewhere, 64).contains("in clear"));
}

#[test]
fn it_looks_again_until_it_is_told_to_stop_or_finds_something() {
    let log = Log::new();
    let export = log.export();
    log.sign(Some(2));
    let start = || {
        Command::new(program("countersign").unwrap())
            .args(["log", "watch", text(&export), "--every", "1", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut watching = start();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["size"], 2);
    log.sign(Some(4));
    assert_eq!(next()["from"], 2);
    log.sign(Some(3));
    assert_eq!(next()["outcome"], "alarm");
    assert_eq!(watching.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    watching.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("ALARM") && said.contains("cut off"), "{said}");

    let mut watching = start();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert!(lines.next().is_some());
    let script = format!("kill -TERM {}", watching.id());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}
