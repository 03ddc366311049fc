//! SR-028: what a mail says and where its links lead, whatever host a request names.

use countersign_api::server::listener::Listener;
use countersign_core::mail::Mail;
use countersign_tests::app::{Person, TestApp};
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PUBLIC_URL: &str = "https://id.example.org";
const PUBLIC_HOST: &str = "id.example.org";
const EVIL: &str = "evil.example";

/// A server that people reach under another name than its own.
fn run(test: impl AsyncFnOnce(&mut TestApp)) {
    let configure = |config: &mut countersign_api::config::Config| {
        config.public_url = Some(PUBLIC_URL.to_owned());
        // Never asked: mails go to the post office of the test.
        config.smtp.url = Some("smtp://mail.invalid:25".to_owned());
    };
    TestApp::run_with(configure, test);
}

/// Sends a request for a code as it stands: the status of the answer.
async fn ask(app: &TestApp, target: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = format!("POST {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let rest = "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    request.push_str(rest);
    let mut stream = TcpStream::connect(app.address(Listener::Public)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

/// What a mail leads to: everything in it that looks like the beginning of a link or a host.
fn leads(mail: &Mail) -> Vec<String> {
    let mut leads = Vec::new();
    for text in [mail.text.as_str(), mail.html.as_str()] {
        for (at, _) in text.match_indices("://") {
            let start = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric());
            let start = start.map_or(0, |before| before + 1);
            let end = text[at..].find(|c: char| c.is_whitespace() || "\"<>'".contains(c));
            let lead = &text[start..end.map_or(text.len(), |length| at + length)];
            leads.push(lead.trim_end_matches(['.', ',', ':']).to_owned());
        }
    }
    leads
}

/// No link but to the public URL itself, and nothing of the one who asked for another.
fn assert_harmless(mail: &Mail, sign_in: &str) {
    let said = format!("{}\n{}\n{}", mail.subject, mail.text.as_str(), mail.html.as_str());
    assert!(!said.contains("evil"), "{said}");
    assert!(!said.contains(sign_in), "a link that signs somebody in: {said}");
    let leads = leads(mail);
    assert!(!leads.is_empty(), "{said}");
    assert!(leads.iter().all(|lead| lead == PUBLIC_URL), "{leads:?}");
}

/// SR-028: a purpose, a time, a coarse client, and the sentence about staff.
fn assert_says_what_it_must(mail: &Mail) {
    for text in [mail.text.as_str(), mail.html.as_str()] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "code to sign in to Countersign",
            "24 November 2026, 12:",
            "UTC",
            "curl",
            "network 127.0.0.x",
            "staff never ask for this code",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("127.0.0.1"), "{text}");
    }
    assert!(!mail.subject.chars().any(|c| c.is_ascii_digit()), "{}", mail.subject);
}

async fn waits(app: &TestApp, person: &Person) -> (String, String) {
    let sign_in = app.begin(person).await;
    let path = format!("/v1/sign-ins/{sign_in}/email-code");
    (sign_in, path)
}

/// SR-028, SR-072, AT-40: a foreign host in any place sends no mail.
#[test]
fn sr_028_at_40_a_request_that_names_a_foreign_host_sends_no_mail() {
    run(async |app| {
        let marlene = app.person("marlene.links").await;
        app.settle().await;
        let before = app.post.tries();
        let (_, path) = waits(app, &marlene).await;
        let absolute = format!("http://{EVIL}{path}");
        for (target, headers) in [
            (&path, vec![("Host", EVIL)]),
            (&path, vec![("Host", "id.example.org.evil.example")]),
            (&path, vec![("Host", "id.example.org:8443")]),
            (&path, vec![("Host", PUBLIC_HOST), ("Host", EVIL)]),
            (&path, vec![("Host", EVIL), ("Host", PUBLIC_HOST)]),
            (&path, vec![("X-Forwarded-Host", PUBLIC_HOST), ("Host", EVIL)]),
            (&path, vec![]),
            (&absolute, vec![("Host", PUBLIC_HOST)]),
        ] {
            let status = ask(app, target, &headers).await;
            assert!([400, 421].contains(&status), "{target} {headers:?}: {status}");
        }
        app.settle().await;
        assert_eq!(app.post.tries(), before);
    });
}

/// SR-028, AT-40: what a request says of hosts is in no mail: links are those of the configuration.
#[test]
fn sr_028_at_40_links_lead_to_the_configured_url_whatever_a_request_says() {
    run(async |app| {
        let marlene = app.person("marlene.links").await;
        app.settle().await;
        let notices = app.post.mails();
        assert_eq!(notices.len(), 1);
        let own = app.address(Listener::Public).to_string();
        let absolute = format!("http://{PUBLIC_HOST}");
        for (number, headers) in [
            vec![("Host", PUBLIC_HOST)],
            vec![("Host", own.as_str()), ("X-Forwarded-Host", EVIL)],
            vec![
                ("Host", PUBLIC_HOST),
                ("X-Forwarded-Host", EVIL),
                ("X-Forwarded-Server", EVIL),
                ("X-Host", EVIL),
                ("X-Original-Url", "https://evil.example/"),
                ("Forwarded", "host=evil.example;proto=http"),
                ("Origin", "https://evil.example"),
                ("Referer", "https://evil.example/"),
            ],
        ]
        .into_iter()
        .enumerate()
        {
            let (sign_in, path) = waits(app, &marlene).await;
            // In the absolute form, too, where it names us.
            let target = if number == 0 { format!("{absolute}{path}") } else { path };
            let agent = ("User-Agent", "curl/8.14 evil.example");
            let headers = [headers, vec![agent]].concat();
            assert_eq!(ask(app, &target, &headers).await, 202, "{headers:?}");
            app.settle().await;
            let mails = app.post.mails();
            assert_eq!(mails.len(), number + 2, "{headers:?}");
            let mail = mails.last().unwrap();
            assert_says_what_it_must(mail);
            assert_harmless(mail, &sign_in);
            app.pass(SignedDuration::from_mins(1)).await;
        }
        assert_harmless(&notices[0], &marlene.token);
    });
}
