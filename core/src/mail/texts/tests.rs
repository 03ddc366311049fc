//! What must be true of every mail, in every language.

use std::collections::BTreeSet;

use countersign_events::account::{Method, Notice, Purpose};
use zeroize::Zeroizing;

use super::super::compose::compose;
use super::super::ledger::{Addressee, CodeMail, LinkMail};
use super::super::letterhead::{Letterhead, has_six_digits};
use super::super::tests::{URL, at, carries_nothing, event, head};
use super::super::wording::{Doer, NoticeFacts, StaffAct, Told};
use super::super::{Mail, Whose};
use super::*;
use crate::accounts::request::Net;

const CODE: &str = "042917";
const TOKEN: &str = "abcdefghijklmnop";
const PURPOSES: [Purpose; 5] = [
    Purpose::SignIn,
    Purpose::Enable,
    Purpose::StepUp,
    Purpose::ConfirmEmail,
    Purpose::ChangeEmail,
];
const NOTICES: [Notice; 30] = [
    Notice::FactorEnabled,
    Notice::FactorRemoved,
    Notice::RecoveryCodeUsed,
    Notice::Locked,
    Notice::CodesGuessed,
    Notice::PasswordGuessed,
    Notice::Unlocked,
    Notice::SignedInByEmail,
    Notice::RecoveryCodesReplaced,
    Notice::PasswordReset,
    Notice::PasswordChanged,
    Notice::EmailChanged,
    Notice::EmailChangeUndone,
    Notice::ReplacementRequested,
    Notice::ReplacementStopped,
    Notice::ReplacementCompleted,
    Notice::Repudiated,
    Notice::CodeReplayed,
    Notice::SessionMadeRoom,
    Notice::Suspended,
    Notice::Resumed,
    Notice::SessionsEnded,
    Notice::PasswordMailed,
    Notice::RemovalRequested,
    Notice::RemovalStopped,
    Notice::RemovalCompleted,
    Notice::CapReached,
    Notice::AdminActed,
    Notice::AddressChangeRequested,
    Notice::AddressChangeStopped,
];
const METHODS: [Option<Method>; 5] = [
    None,
    Some(Method::Password),
    Some(Method::Totp),
    Some(Method::EmailCode),
    Some(Method::RecoveryCode),
];

fn reader(language: Language, name: Option<&str>) -> Addressee {
    Addressee {
        display_name: name.map(str::to_owned),
        language,
        ..Addressee::new("mike@example.org")
    }
}

/// The holder of an account that a client app made.
fn of_app(language: Language) -> Addressee {
    let not_me = Some(Zeroizing::new(TOKEN.into()));
    Addressee { of_app: true, not_me, ..reader(language, None) }
}

fn net() -> Option<Net> {
    Some(Net {
        ip: "203.0.113.77".into(),
        user_agent: Some("Mozilla/5.0 (X11; Linux) Firefox/140.0".into()),
        language: None,
    })
}

fn code_mail(head: &Letterhead, to: Addressee, purpose: Purpose, until: &str) -> Mail {
    let code = CodeMail {
        to,
        code: Zeroizing::new(CODE.into()),
        purpose,
        expires_at: until.parse().unwrap(),
        net: net(),
    };
    head.code_mail(event(), at(), &code).unwrap()
}

fn link_mail(head: &Letterhead, language: Language, has_ended: bool) -> Mail {
    let link = LinkMail {
        to: reader(language, None),
        token: Zeroizing::new(TOKEN.into()),
        expires_at: at(),
        has_ended,
        net: net(),
    };
    head.link_mail(event(), at(), &link).unwrap()
}

/// Every notice there is, with all that it may know.
fn notices(head: &Letterhead, language: Language) -> Vec<Mail> {
    let mut mails = vec![];
    let mut put = |to: &Addressee, notice, facts: &NoticeFacts| {
        mails.push(head.notice_mail(event(), at(), to, notice, facts).unwrap());
    };
    for notice in NOTICES {
        for method in METHODS {
            let known = NoticeFacts {
                method,
                until: Some(at()),
                left: Some(9),
                ..NoticeFacts::of(Doer::Client)
            };
            let present = Addressee {
                unlock: Some(Zeroizing::new(TOKEN.into())),
                ..reader(language, Some("Mike"))
            };
            put(&present, notice, &known);
            put(&reader(language, Some("Mike")), notice, &known);
            put(&of_app(language), notice, &known);
            let former = Addressee {
                whose: Whose::Former(0),
                not_me: Some(Zeroizing::new(TOKEN.into())),
                ..reader(language, None)
            };
            let unknown = NoticeFacts { by: Doer::Staff, until: None, ..known };
            put(&former, notice, &unknown);
        }
    }
    let id = "operator-01234567-89ab-4cde-8f01-234567890123";
    for told in Told::ALL {
        for notice in [Notice::CapReached, Notice::AdminActed] {
            for by in [None, Some(id.to_owned())] {
                let staff = StaffAct { told, about: by.clone(), by };
                let facts = NoticeFacts { staff: Some(staff), ..NoticeFacts::of(Doer::Staff) };
                put(&reader(language, None), notice, &facts);
            }
        }
    }
    mails
}

/// Every mail that carries a code, in each month.
fn codes(head: &Letterhead, language: Language) -> Vec<Mail> {
    let months = (1..=12).map(|month| format!("2026-{month:02}-01T05:33:45Z"));
    let mails = months.flat_map(|until| {
        let to = reader(language, Some("Mike"));
        PURPOSES.map(|purpose| code_mail(head, to.clone(), purpose, &until))
    });
    mails.collect()
}

/// Every mail there is, from a house that tells how to reach it and from one that does not.
fn all(language: Language) -> Vec<Mail> {
    let silent = Letterhead::new("Example", URL, "no-reply@example.com", None).unwrap();
    let of = |head: &Letterhead| {
        [
            codes(head, language),
            notices(head, language),
            vec![link_mail(head, language, false), link_mail(head, language, true)],
        ]
        .concat()
    };
    [of(&head()), of(&silent)].concat()
}

/// All that these mails say, each paragraph in one line.
fn said(mails: &[Mail]) -> String {
    let texts = mails.iter().map(|mail| format!("{}\n{}", mail.subject, *mail.text));
    let unwrapped = texts.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let html = mails.iter().map(|mail| mail.html.to_string());
    unwrapped.chain(html).collect::<Vec<_>>().join("\n")
}

fn keys(language: Language) -> Vec<(String, &'static str)> {
    let named = |(section, texts): (&'static String, &'static BTreeMap<String, String>)| {
        texts.iter().map(move |(key, text)| (format!("{section}.{key}"), text.as_str()))
    };
    of(language).iter().flat_map(named).collect()
}

/// The names between braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a closed brace").0).collect()
}

/// What stands around the placeholders.
fn fragments(text: &str) -> Vec<&str> {
    text.split('{').map(|piece| piece.split_once('}').map_or(piece, |(_, after)| after)).collect()
}

#[test]
fn every_language_has_the_same_texts_with_the_same_placeholders() {
    let shape = |language| {
        let texts = keys(language).into_iter();
        texts.map(|(key, text)| (key, placeholders(text))).collect::<Vec<_>>()
    };
    let english = shape(Language::English);
    assert!(english.len() > 100, "{}", english.len());
    for language in Language::ALL {
        assert_eq!(shape(language), english, "{}", language.code());
    }
}

/// A text that no mail says is one that nobody keeps right; one that a mail wants and that is
/// missing would show its key.
#[test]
fn mails_say_every_text_and_nothing_that_is_missing() {
    for language in Language::ALL {
        let said = said(&all(language));
        for (key, text) in keys(language) {
            for fragment in fragments(text) {
                assert!(said.contains(fragment.trim()), "{}: {key}: {fragment}", language.code());
            }
        }
        for section in of(language).keys() {
            let start = format!("{section}.");
            let shown = said.match_indices(&start).any(|(at, _)| {
                said[at + start.len()..].starts_with(|next: char| next.is_ascii_lowercase())
            });
            assert!(!shown, "{}: a key of {section}", language.code());
        }
    }
}

/// What is missing would be said in English: nothing is.
#[test]
fn no_german_mail_says_anything_in_english() {
    let german = said(&all(Language::German));
    for (key, text) in keys(Language::English) {
        let own = find(Language::German, &key).unwrap();
        let (text, own) = (fragments(text), fragments(own));
        for fragment in text.into_iter().filter(|fragment| fragment.trim().len() >= 8) {
            let same = own.contains(&fragment);
            assert!(same || !german.contains(fragment.trim()), "{key}: {fragment}");
        }
    }
}

#[test]
fn what_is_missing_is_said_in_english_and_what_is_nowhere_by_its_key() {
    assert_eq!(say(Language::German, "nowhere.at_all", &[]), "nowhere.at_all");
    assert_eq!(say(Language::German, "nowhere", &[]), "nowhere");
    let greeting = fill("Hello {name}, {unknown} {", &[("name", "{name} {brand}"), ("brand", "x")]);
    assert_eq!(greeting, "Hello {name} {brand}, {unknown} {");
}

/// The heading stands in the HTML as it is, and no text is taken for a code or a link.
#[test]
fn no_text_has_markup_a_number_or_an_address() {
    for language in Language::ALL {
        for (key, text) in keys(language) {
            let plain = !text.contains(['<', '>', '&', '"']) && !text.contains(char::is_control);
            let harmless = !has_six_digits(text) && !text.contains("://");
            assert!(plain && harmless && text.trim() == text, "{}: {key}", language.code());
        }
    }
}

/// SR-028: what a code mail must say, to a reader of German.
#[test]
fn sr_028_a_german_code_mail_tells_purpose_time_client_and_that_staff_never_ask() {
    let to = reader(Language::German, Some("Mike"));
    let mail = code_mail(&head(), to, Purpose::SignIn, "2026-03-01T05:33:45Z");
    assert_eq!(mail.subject, "Ihr Code für die Anmeldung bei Example");
    let expected = "Guten Tag, Mike!

Das ist Ihr Code für die Anmeldung bei Example:

042917

Er gilt einmal, bis zum 1. März 2026, 05:33 Uhr UTC.

Niemand von Example fragt Sie je nach diesem Code. Geben Sie ihn nur
dort ein, wo Sie ihn angefordert haben, und sagen Sie ihn niemandem.

Angefordert: 24. November 2026, 05:23 Uhr UTC
Von wo: Firefox unter Linux, Netz 203.0.113.x

WAREN DAS NICHT SIE?

Geben Sie diesen Code nicht weiter. Wer ihn angefordert hat, kannte
schon etwas anderes, höchstwahrscheinlich Ihr Passwort.

Wenn Sie es nicht waren, wenden Sie sich an uns: +49 30 12 34 56.

-- 
Example
https://id.example.com";
    assert_eq!(mail.text.trim_end(), expected);
    assert!(mail.html.contains("<html lang=\"de\">") && mail.html.contains("Waren das nicht Sie?"));
}

/// The code is the only number of six digits, and alone on its line, as written and as sent.
#[test]
fn in_every_language_a_code_stands_alone_and_only_where_it_belongs() {
    for language in Language::ALL {
        for mail in codes(&head(), language) {
            let sent = String::from_utf8(compose(&mail, &head()).unwrap().formatted()).unwrap();
            for text in [mail.text.as_str(), mail.html.as_str()] {
                assert_eq!(text.lines().filter(|line| *line == CODE).count(), 1, "{text}");
                assert!(!has_six_digits(&text.replacen(CODE, "", 1)), "{text}");
            }
            assert_eq!(sent.lines().filter(|line| *line == CODE).count(), 2, "{sent}");
            assert!(!has_six_digits(&mail.subject));
        }
        let harmless =
            [notices(&head(), language), vec![link_mail(&head(), language, false)]].concat();
        for mail in harmless {
            let sent = String::from_utf8(compose(&mail, &head()).unwrap().formatted()).unwrap();
            let (_, body) = sent.split_once("\r\n\r\n").unwrap();
            for text in [&mail.subject, &*mail.text, &*mail.html, body] {
                assert!(!has_six_digits(text), "{}: {text}", language.code());
            }
        }
    }
}

/// Who has no password here and no page is told of none: beside the foot and the link to object, no
/// address of ours stands in the mail.
#[test]
fn in_every_language_the_holder_of_an_apps_account_is_sent_to_no_page() {
    for language in Language::ALL {
        let mut told = 0;
        for notice in NOTICES {
            let facts = NoticeFacts::of(Doer::Service);
            let [own, of_app] = [reader(language, None), of_app(language)]
                .map(|to| head().notice_mail(event(), at(), &to, notice, &facts).unwrap());
            let addresses = |mail: &Mail| mail.text.matches(URL).count();
            assert_eq!(addresses(&of_app), 2, "{notice:?}: {}", *of_app.text);
            told += usize::from(addresses(&own) > 1);
            for asks in ["asks for a new password", "nach einem neuen Passwort gefragt"] {
                assert!(!of_app.text.replace('\n', " ").contains(asks), "{}", *of_app.text);
            }
        }
        assert!(told > 5, "{told}");
    }
}

/// Where the password has ended already, nobody reads that it stays as it is.
#[test]
fn in_every_language_a_password_that_ended_is_not_said_to_stay() {
    for language in Language::ALL {
        let [stays, ended] = [false, true].map(|ended| {
            let mail = link_mail(&head(), language, ended);
            mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        let [kept, gone] =
            ["new_password.remedy", "new_password.remedy_ended"].map(|key| say(language, key, &[]));
        assert!(stays.contains(&kept) && !stays.contains(&gone), "{stays}");
        assert!(ended.contains(&gone) && !ended.contains(&kept), "{ended}");
    }
}

/// SR-028, SR-072: in every language links lead to the configured site, and carry nothing but what
/// a link is for.
#[test]
fn sr_028_in_every_language_links_lead_to_the_public_url_alone() {
    for language in Language::ALL {
        for mail in all(language) {
            for body in [&mail.text, &mail.html] {
                assert_eq!(body.matches("://").count(), body.matches(URL).count(), "{}", **body);
                let known = ["/not-me", "/reset-password", "/unlock"];
                let known = known.map(|page| format!("{page}#{TOKEN}"));
                let bare = known.iter().fold(body.to_string(), |body, link| body.replace(link, ""));
                assert!(carries_nothing(&bare), "{bare}");
            }
        }
    }
}

/// SR-024: a mail depends on what called for it alone; sent again, it is the same.
#[test]
fn sr_024_in_every_language_the_same_mail_has_the_same_bytes() {
    let bytes = |language| {
        let written = all(language).into_iter().map(|mail| compose(&mail, &head()).unwrap());
        written.map(|message| message.formatted()).collect::<Vec<_>>()
    };
    for language in Language::ALL {
        assert_eq!(bytes(language), bytes(language));
    }
    assert_ne!(bytes(Language::English), bytes(Language::German));
}

#[test]
fn every_notice_says_in_german_what_it_is_about_and_what_to_do() {
    let mails = notices(&head(), Language::German);
    let subjects: BTreeSet<_> = mails.iter().map(|mail| mail.subject.clone()).collect();
    // A password that is closed, and one that is dead, are told in words of their own.
    assert_eq!(subjects.len(), NOTICES.len() + 2);
    for mail in mails {
        // What admins are told of others has a heading and a remedy of its own.
        let of_others = ["ES WAR KEIN SOLCHER TAG?", "SIE WISSEN NICHTS DAVON?"];
        if of_others.iter().any(|heading| mail.text.contains(heading)) {
            assert!(mail.text.contains("Betrifft: ") || mail.text.contains("an der Maschine"));
            continue;
        }
        let (before, after) = mail.text.split_once("WAREN DAS NICHT SIE?").unwrap();
        assert!(before.contains("Wann: 24. November 2026, 05:23 Uhr UTC"), "{before}");
        assert!(after.contains("wenden Sie sich") || after.contains("Wenden Sie sich"), "{after}");
    }
}
