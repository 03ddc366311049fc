//! Mail as a server that nobody here wrote receives it: aiosmtpd, with STARTTLS and a password.
//!
//! Needs Debian's `python3-aiosmtpd` and `openssl`.

#![cfg(feature = "external")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use countersign_core::mail::ledger::{Addressee, CodeMail};
use countersign_core::mail::letterhead::Letterhead;
use countersign_core::mail::smtp::{SmtpMailer, SmtpSettings};
use countersign_core::mail::wording::{Doer, NoticeFacts};
use countersign_core::mail::{Mail, Mailer as _, SendErrorClass, SmtpUrl};
use countersign_events::account::{Notice, Purpose};
use countersign_events::id::EventId;
use countersign_tests::mailbox::Letter;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

const USER: &str = "mailer@example.com";
const PASSWORD: &str = "correct horse, battery staple";
const CERTIFICATE: &str = "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n\
    [dn]\nCN=localhost\n[ext]\nsubjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n";

/// aiosmtpd in a process of its own, which ends with this.
struct Peer {
    dir: TempDir,
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    port: u64,
}

impl Peer {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("openssl.cnf"), CERTIFICATE).unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-config", &path("openssl.cnf"), "-keyout", &path("key.pem")])
            .args(["-out", &path("cert.pem")])
            .output()
            .expect("openssl is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("external/smtp_peer.py");
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .args([&path("cert.pem"), &path("key.pem"), USER, PASSWORD])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut peer = Self { dir, process, lines, port: 0 };
        peer.port = peer.told()["port"].as_u64().expect("python3-aiosmtpd is installed");
        peer
    }

    fn told(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn mailer(&self, password: &str, trusted: bool) -> SmtpMailer {
        let file = self.dir.path().join("password");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        let user = USER.replace('@', "%40");
        let url = SmtpUrl::parse(&format!("smtp://{user}@localhost:{}?tls=starttls", self.port));
        let root = self.dir.path().join("cert.pem");
        let settings =
            SmtpSettings::read(url.unwrap(), Some(&file), trusted.then_some(root.as_path()));
        SmtpMailer::start(&settings.unwrap(), head()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn head() -> Letterhead {
    // A brand beyond ASCII takes the longer way through encodings.
    Letterhead::new("Bürgeramt", "https://id.example.com", "no-reply@example.com", None).unwrap()
}

fn to() -> Addressee {
    Addressee { display_name: Some("Mike".into()), ..Addressee::new("mike@example.org") }
}

fn at() -> Timestamp {
    "2026-11-24T05:23:45Z".parse().unwrap()
}

fn code_mail() -> Mail {
    let code = CodeMail {
        to: to(),
        code: Zeroizing::new("042917".into()),
        purpose: Purpose::SignIn,
        expires_at: at(),
        net: None,
    };
    head().code_mail(EventId::new(Uuid::from_u128(1)), at(), &code).unwrap()
}

fn notice_mail() -> Mail {
    let facts = NoticeFacts::of(Doer::Holder);
    let cause = EventId::new(Uuid::from_u128(2));
    head().notice_mail(cause, at(), &to(), Notice::FactorRemoved, &facts).unwrap()
}

#[tokio::test]
async fn a_code_and_a_notice_arrive_over_tls_with_a_password() {
    let mut peer = Peer::start();
    let mailer = peer.mailer(PASSWORD, true);
    for mail in [code_mail(), notice_mail()] {
        mailer.send(mail).await.unwrap();
    }
    // The second takes the same connection where that is back by then; each one has signed in.
    let (mut sign_ins, mut mails) = (vec![], vec![]);
    while mails.len() < 2 {
        let told = peer.told();
        let of = if told["mail"].is_string() { &mut mails } else { &mut sign_ins };
        of.push(told);
    }
    assert!(!sign_ins.is_empty());
    for told in &sign_ins {
        assert_eq!((told["auth"].as_bool(), told["tls"].as_bool()), (Some(true), Some(true)));
    }
    let [code, notice] = <[Value; 2]>::try_from(mails).unwrap();
    for (told, mail) in [(&code, code_mail()), (&notice, notice_mail())] {
        assert_eq!(told["recipients"], serde_json::json!(["mike@example.org"]));
        assert_eq!(told["sender"], "no-reply@example.com");
        assert_eq!(
            (&told["tls"], &told["authenticated"]),
            (&Value::Bool(true), &Value::Bool(true))
        );
        let letter = Letter::parse(told["mail"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(letter.text.trim_end(), mail.text.trim_end());
        assert_eq!(letter.html.trim_end(), mail.html.trim_end());
        assert_eq!(letter.header("Message-ID"), Some(&*mail.message_id.to_string()));
    }
    let read = |told: &Value| Letter::parse(told["mail"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(read(&code).code(), Some("042917"));
    assert_eq!(read(&notice).code(), None);
}

#[tokio::test]
async fn a_wrong_password_is_a_loud_failure_and_no_reason_to_give_a_mail_up() {
    let mut peer = Peer::start();
    let mailer = peer.mailer("wrong", true);
    let checked = mailer.check().await.unwrap_err();
    let sent = mailer.send(code_mail()).await.unwrap_err();
    for error in [checked, sent] {
        assert_eq!(error.class, SendErrorClass::Temporary);
        assert_eq!(error.detail, "the server refused our user name or password (535)");
    }
    assert_eq!(peer.told()["auth"], Value::Bool(false));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_neither_mail_nor_password() {
    let mut peer = Peer::start();
    let error = peer.mailer(PASSWORD, false).send(code_mail()).await.unwrap_err();
    assert_eq!(error.class, SendErrorClass::Unreachable);
    peer.mailer(PASSWORD, true).send(code_mail()).await.unwrap();
    // The first thing that it hears of is the second mailer.
    assert_eq!(peer.told()["auth"], Value::Bool(true));
    assert!(peer.told()["mail"].is_string());
}
