use countersign_events::account::{Method, Notice, Purpose};
use countersign_events::id::EventId;
use jiff::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::compose::compose;
use super::ledger::{Addressee, CodeMail};
use super::letterhead::{Letterhead, has_six_digits};
use super::spool::{Spool, SpoolName};
use super::wording::{Doer, NoticeFacts};
use super::{Mail, Mailer as _, SendErrorClass};
use crate::accounts::request::Net;

pub(super) const URL: &str = "https://id.example.com";
const NOTICES: [Notice; 9] = [
    Notice::FactorEnabled,
    Notice::FactorRemoved,
    Notice::RecoveryCodeUsed,
    Notice::Locked,
    Notice::CodesGuessed,
    Notice::PasswordGuessed,
    Notice::Unlocked,
    Notice::SignedInByEmail,
    Notice::RecoveryCodesReplaced,
];

pub(super) fn head() -> Letterhead {
    Letterhead::new("Example", URL, "no-reply@example.com", Some("+49 30 12 34 56")).unwrap()
}

pub(super) fn at() -> Timestamp {
    "2026-11-24T05:23:45.678Z".parse().unwrap()
}

pub(super) fn event() -> EventId {
    EventId::new(Uuid::from_u128(0x0193_0000_0000_7000_8000_1234_5678_9012))
}

fn to(name: Option<&str>) -> Addressee {
    Addressee { display_name: name.map(str::to_owned), ..Addressee::new("mike@example.org") }
}

fn code_mail(purpose: Purpose) -> Mail {
    let code = CodeMail {
        to: to(Some("Mike")),
        code: Zeroizing::new("042917".into()),
        purpose,
        expires_at: "2026-11-24T05:33:45Z".parse().unwrap(),
        net: Some(Net {
            ip: "203.0.113.77".into(),
            user_agent: Some("Mozilla/5.0 (X11; Linux) Firefox/140.0".into()),
            language: None,
        }),
    };
    head().code_mail(event(), at(), &code).unwrap()
}

fn notice_mail(notice: Notice) -> Mail {
    let facts = NoticeFacts {
        by: Doer::Staff,
        method: Some(Method::Totp),
        until: Some("2026-11-24T05:38:45Z".parse().unwrap()),
        left: Some(9),
        staff: None,
    };
    head().notice_mail(event(), at(), &to(None), notice, &facts).unwrap()
}

fn all() -> Vec<Mail> {
    let purposes = [Purpose::SignIn, Purpose::Enable, Purpose::StepUp, Purpose::ConfirmEmail];
    purposes.map(code_mail).into_iter().chain(NOTICES.map(notice_mail)).collect()
}

#[test]
fn the_code_stands_alone_on_its_line_and_nowhere_else() {
    let mail = code_mail(Purpose::SignIn);
    for body in [&mail.text, &mail.html] {
        assert_eq!(body.lines().filter(|line| *line == "042917").count(), 1, "{}", **body);
        assert_eq!(body.matches("042917").count(), 1);
    }
    assert!(!has_six_digits(&mail.subject));
    let rest = mail.text.replace("042917", "");
    assert!(!has_six_digits(&rest), "{rest}");
}

/// SR-028: what a code mail must say.
#[test]
fn sr_028_a_code_mail_tells_purpose_time_client_and_that_staff_never_ask() {
    let mail = code_mail(Purpose::SignIn);
    assert_eq!(mail.subject, "Your code to sign in to Example");
    let expected = "Hello Mike,

This is your code to sign in to Example:

042917

It works once, until 24 November 2026, 05:33 UTC.

Example staff never ask for this code. Type it only where you asked for
it, and tell it to nobody.

Asked for: 24 November 2026, 05:23 UTC
From: Firefox on Linux, network 203.0.113.x

THIS WASN'T YOU?

Do not pass this code on. Whoever asked for it has already proven
something else, most likely your password.

If it was not you, contact us: +49 30 12 34 56.

-- 
Example
https://id.example.com";
    assert_eq!(mail.text.trim_end(), expected);
}

#[test]
fn no_notice_has_a_number_of_six_digits() {
    for notice in NOTICES {
        let mail = notice_mail(notice);
        let written = compose(&mail, &head()).unwrap().formatted();
        let written = String::from_utf8(written).unwrap();
        let (_, body) = written.split_once("\r\n\r\n").unwrap();
        for text in [&mail.subject, &*mail.text, &*mail.html, body] {
            assert!(!has_six_digits(text), "{notice:?}: {text}");
        }
    }
}

/// Nothing changes the password of an account yet, so no mail tells anybody to.
#[test]
fn no_mail_sends_people_to_change_a_password_where_nothing_can() {
    for mail in all() {
        let text = mail.text.replace('\n', " ").replace("password of your mailbox", "");
        let text = text.to_lowercase();
        for wrong in ["change your password", "change it", "change the password", "the one at"] {
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
    }
}

#[test]
fn every_notice_says_what_to_do_if_it_was_somebody_else() {
    for notice in NOTICES {
        let mail = notice_mail(notice);
        let (_, after) = mail.text.split_once("THIS WASN'T YOU?").unwrap();
        let after = after.replace('\n', " ");
        assert!(after.contains(URL) && after.contains("contact us"), "{notice:?}: {after}");
        assert!(mail.html.contains("This wasn't you?"), "{notice:?}");
    }
    let subjects: std::collections::BTreeSet<_> =
        NOTICES.map(|notice| notice_mail(notice).subject).into_iter().collect();
    assert_eq!(subjects.len(), NOTICES.len());
}

/// SR-028, SR-072: no link but to the configured site, and none that carries anything.
#[test]
fn sr_028_links_lead_to_the_public_url_alone() {
    for mail in all() {
        for body in [&mail.text, &mail.html] {
            let links: Vec<_> = body.match_indices("://").collect();
            assert_eq!(links.len(), body.matches(URL).count(), "{}", **body);
            assert!(carries_nothing(body), "{}", **body);
        }
        for forbidden in ["<img", "<script", "src=", "http-equiv", "@import"] {
            assert!(!mail.html.contains(forbidden), "{forbidden}");
        }
    }
}

pub(super) fn carries_nothing(body: &str) -> bool {
    body.match_indices(URL).all(|(start, _)| {
        let after = body[start + URL.len()..].chars().next();
        matches!(after, None | Some(' ' | '.' | '\n' | '"' | '<' | ','))
    })
}

/// SR-027, SR-146: neither a header nor a recipient can be smuggled in.
#[test]
fn sr_027_a_header_cannot_be_injected() {
    let planted = "x\r\nBcc: evil@example.net\r\n\r\n123456";
    assert!(Letterhead::new(planted, URL, "a@example.com", None).is_err());
    assert!(Letterhead::new("Example", URL, "a@example.com", Some(planted)).is_err());
    assert!(Letterhead::new("Example", URL, "a@example.com\r\nBcc: b@example.net", None).is_err());
    let mut mail = code_mail(Purpose::SignIn);
    for bad in [
        "mike@example.org\r\nBcc: evil@example.net",
        "mike@example.org, evil@example.net",
        "mike@example.org evil@example.net",
        "<mike@example.org>",
        "mike",
        "",
    ] {
        mail.to = bad.into();
        let error = compose(&mail, &head()).unwrap_err();
        assert_eq!(error.class, SendErrorClass::Permanent, "{bad}");
        assert!(bad.is_empty() || !error.to_string().contains(bad));
    }
    mail.to = "mike@example.org".into();
    mail.subject = planted.into();
    let written = String::from_utf8(compose(&mail, &head()).unwrap().formatted()).unwrap();
    assert!(!written.lines().any(|line| line.starts_with("Bcc")), "{written}");
}

#[test]
fn a_display_name_is_greeted_only_where_it_is_plainly_a_name() {
    let greeted = |name: &str| {
        let facts = NoticeFacts::of(Doer::Holder);
        let notice = Notice::FactorEnabled;
        let mail = head().notice_mail(event(), at(), &to(Some(name)), notice, &facts).unwrap();
        let first = mail.text.lines().next().unwrap().to_owned();
        assert!(mail.html.contains("<p>Hello"), "{}", *mail.html);
        first
    };
    assert_eq!(greeted("Anne-Marie d'Été"), "Hello Anne-Marie d'Été,");
    for bad in ["evil.example", "your code is 123456", "a\r\nb", "<b>x</b>", "", "https://x"] {
        assert_eq!(greeted(bad), "Hello,", "{bad}");
    }
}

#[test]
fn a_letterhead_refuses_what_could_be_taken_for_a_code_or_is_no_site() {
    let new = |brand: &str, url: &str, contact| {
        Letterhead::new(brand, url, "no-reply@example.com", contact)
    };
    assert!(new("Bank 123456", URL, None).is_err());
    assert!(new("", URL, None).is_err());
    assert!(new(&"x".repeat(65), URL, None).is_err());
    assert!(new("Example", URL, Some("0900123456")).is_err());
    for bad in [
        "",
        "id.example.com",
        "ftp://x",
        "https://",
        "https://a b",
        "https://a?x=1",
        "https://a/\"onclick",
        "https://u@a",
        "https://a\r\nb",
    ] {
        assert!(new("Example", bad, None).is_err(), "{bad}");
    }
    assert_eq!(
        new("Example", "https://a.example/", None).unwrap().public_url(),
        "https://a.example"
    );
}

#[test]
fn the_same_mail_has_the_same_bytes_and_its_events_name() {
    let bytes = || compose(&code_mail(Purpose::SignIn), &head()).unwrap().formatted();
    assert_eq!(bytes(), bytes());
    let written = String::from_utf8(bytes()).unwrap();
    assert!(written.contains(&format!("Message-ID: <{}@example.com>\r\n", event())), "{written}");
    assert!(written.contains("Date: Tue, 24 Nov 2026 05:23:45 +0000\r\n"), "{written}");
    assert!(written.contains("Auto-Submitted: auto-generated\r\n"), "{written}");
}

#[test]
fn a_brand_that_is_not_ascii_keeps_the_code_on_its_line() {
    let head = Letterhead::new("Bürgeramt 東京", URL, "no-reply@example.com", None).unwrap();
    let code = CodeMail {
        to: to(None),
        code: Zeroizing::new("042917".into()),
        purpose: Purpose::SignIn,
        expires_at: at(),
        net: None,
    };
    let mail = head.code_mail(event(), at(), &code).unwrap();
    let written = String::from_utf8(compose(&mail, &head).unwrap().formatted()).unwrap();
    assert!(written.is_ascii());
    assert!(written.lines().any(|line| line == "042917"), "{written}");
}

#[test]
fn debug_shows_neither_address_nor_code() {
    let mail = code_mail(Purpose::SignIn);
    let shown = format!("{mail:?} {:?}", to(Some("Mike")));
    assert!(!shown.contains("mike") && !shown.contains("042917"), "{shown}");
}

#[tokio::test]
async fn a_spool_shows_whole_mails_newest_first_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mail");
    let spool = Spool::open(&path, head()).unwrap();
    let first = code_mail(Purpose::SignIn);
    let mut second = notice_mail(Notice::Locked);
    second.at = "2026-11-24T05:23:45.679Z".parse().unwrap();
    for mail in [&first, &second, &first] {
        spool.send(mail.clone()).await.unwrap();
    }
    std::fs::write(path.join("20271124T000000000Z-x.eml.tmp"), "half").unwrap();
    let listed = spool.list(10).unwrap();
    let subjects: Vec<_> = listed.iter().map(|mail| mail.subject.clone()).collect();
    assert_eq!(subjects, [second.subject.clone(), first.subject.clone()]);
    assert_eq!(listed[0].to, "mike@example.org");
    assert_eq!(spool.list(1).unwrap(), listed[..1]);
    let bytes = spool.read(&listed[1].name).unwrap().unwrap();
    assert_eq!(bytes, compose(&first, &head()).unwrap().formatted());
}

#[test]
fn a_spool_is_for_its_owner_alone_and_cannot_be_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mail");
    let spool = Spool::open(&path, head()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for bad in ["", ".eml", "../vault.db", "a/b.eml", "..eml", "a.eml.tmp", "a\0.eml"] {
        assert!(SpoolName::parse(bad).is_err(), "{bad}");
    }
    let name = SpoolName::parse("20261124T052345678Z-0.eml").unwrap();
    assert_eq!(spool.read(&name).unwrap(), None);
}
