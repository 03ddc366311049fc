//! SR-106: what a mail says is in the mail and nowhere else, whatever is logged.

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign_core::mail::ledger::{Addressee, CodeMail};
use countersign_core::mail::{Mailer as _, SendErrorClass};
use countersign_events::id::EventId;
use countersign_tests::smtp_sink::{Reply, SmtpSink, nobody};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::house::{code_mail, letterhead, smtp};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[actix_rt::test]
async fn sr_106_neither_address_nor_code_is_logged_at_any_level_or_told_in_an_error() {
    let lines = Lines::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .try_init()
        .unwrap();
    tracing::trace!("the capture works");
    let at = "2026-11-24T05:00:00Z".parse().unwrap();
    let code =
        CodeMail { to: Addressee::new("canary-mike@example.org"), ..code_mail("042917", at) };
    let event = EventId::new(Uuid::from_u128(7));
    let mail = letterhead().code_mail(event, at, &code).unwrap();
    let sink = SmtpSink::start().await.unwrap();
    for fault in [Reply::Take, Reply::Never, Reply::Later, Reply::Break] {
        sink.script(None, fault);
    }
    let mailer = smtp(&sink.url());
    mailer.send(mail.clone()).await.unwrap();
    let mut errors = Vec::new();
    for _ in 0..3 {
        errors.push(mailer.send(mail.clone()).await.unwrap_err());
    }
    let gone = smtp(&format!("smtp://{}", nobody().await.unwrap()));
    errors.push(gone.send(mail).await.unwrap_err());
    let classes: Vec<_> = errors.iter().map(|error| error.class).collect();
    assert_eq!(
        classes,
        [
            SendErrorClass::Permanent,
            SendErrorClass::Temporary,
            SendErrorClass::Unreachable,
            SendErrorClass::Unreachable
        ]
    );
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the capture works"));
    let told = format!("{logged}{errors:?}");
    for canary in ["canary-mike", "042917"] {
        assert!(!told.contains(canary), "{told}");
    }
}

/// A server that offers no TLS where it is required gets no mail, and nobody on the way reads one.
#[actix_rt::test]
async fn without_starttls_no_mail_is_sent_where_it_is_required() {
    let at = "2026-11-24T05:00:00Z".parse().unwrap();
    let code = CodeMail { to: Addressee::new("mike@example.org"), ..code_mail("042917", at) };
    let event = EventId::new(Uuid::from_u128(7));
    let mail = letterhead().code_mail(event, at, &code).unwrap();
    let sink = SmtpSink::start().await.unwrap();
    let mailer = smtp(&format!("{}?tls=starttls", sink.url()));
    let error = mailer.send(mail).await.unwrap_err();
    assert_eq!(error.class, SendErrorClass::Unreachable);
    assert_eq!(sink.tried(), 0);
}
