//! Rules that need the whole core and nothing else.

use std::collections::HashSet;
use std::fs;

use countersign_core::accounts::request::{Asker, BeginFactor, Register};
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::Method;
use countersign_events::entry::Entry;
use countersign_events::id::Position;
use countersign_events::operator::Role;
use data_encoding::BASE32_NOPAD;

use crate::house::{House, PASSWORD, STEP, completed, no, registration, run, yes};

/// Offers that are compared with one another. The rule asks for a hundred thousand; what a test run
/// can bear of fully durable offers is fewer, and a shared generator state would show in these.
const OFFERS: usize = 1_000;
/// Bytes of a secret that no other may begin with.
const PREFIX_BYTES: usize = 5;

/// SR-002, AT-45: every offer has 20 fresh random bytes, also the second one of the same account.
#[test]
fn sr_002_every_offer_has_a_secret_of_its_own() {
    run(async {
        let house = House::new().await;
        house.register("anna").await;
        let token = house.session("anna").await.token;
        let mut prefixes = HashSet::new();
        for number in 0..OFFERS {
            let ask = BeginFactor { name: format!("phone {number}"), password: None };
            let asker = Asker::Session(token.clone());
            let offered = yes(house.accounts.begin_factor(&house.call(), asker, ask).await);
            let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
            assert_eq!(secret.len(), 20);
            assert!(prefixes.insert(secret[..PREFIX_BYTES].to_vec()), "a prefix came twice");
        }
    });
}

/// SR-008: the last accepted step is in the stream: a restart on the same files knows it.
#[test]
fn sr_008_an_accepted_code_is_refused_after_a_restart_in_its_window() {
    run(async {
        let house = House::new().await;
        let anna = house.enabled("anna").await;
        house.pass(STEP);
        let code = house.code(&anna.secret);
        let asked = house.second_step("anna").await;
        yes(house.answer(&asked.id, Method::Totp, &code).await);
        house.accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        let asked = house.second_step("anna").await;
        assert!(house.answer(&asked.id, Method::Totp, &code).await.unwrap().is_err());
        house.pass(STEP);
        let next = house.code(&anna.secret);
        yes(house.answer(&asked.id, Method::Totp, &next).await);
    });
}

/// SR-024: a code by e-mail is stored nowhere: no file of the data directory holds it.
#[test]
fn sr_024_a_code_by_e_mail_is_in_no_file() {
    run(async {
        let house = House::new().await;
        let anna = house.enabled("anna").await;
        let asked = house.second_step("anna").await;
        let code = house.mailed_code(anna.account, &asked.id).await;
        yes(house.answer(&asked.id, Method::EmailCode, &code).await);
        for file in ["log.db", "log.db-wal", "vault.db", "vault.db-wal", "read.db", "read.db-wal"] {
            let Ok(bytes) = fs::read(house.dir.path().join(file)) else { continue };
            // Six digits alone may stand within a longer number by chance.
            let found = bytes.windows(8).any(|window| {
                &window[1..7] == code.as_bytes()
                    && !window[0].is_ascii_hexdigit()
                    && !window[7].is_ascii_hexdigit()
            });
            assert!(!found, "{file} holds the code");
        }
    });
}

/// SR-065, AT-16: an answer to the second step changes nothing by itself: a forged yes is no
/// session.
#[test]
fn sr_065_only_the_server_knows_whether_a_code_was_right() {
    run(async {
        let house = House::new().await;
        let anna = house.enabled("anna").await;
        let asked = house.second_step("anna").await;
        let wrong = house.wrong_code(&anna.secret);
        assert!(house.answer(&asked.id, Method::Totp, &wrong).await.unwrap().is_err());
        // The best that a client can do with a flipped answer: use the id it holds as a token.
        let forged = countersign_core::handle::SessionToken::parse(&asked.id.reveal()).unwrap();
        assert!(house.accounts.session(&house.call(), &forged).await.unwrap().is_err());
    });
}

/// SR-107: every entry says when, in which order, who, whose, for which request and, where a
/// request came from the net, where from: sealed.
#[test]
fn sr_107_every_entry_says_what_an_auditor_asks() {
    run(async {
        let house = House::new().await;
        let anna = house.enabled("anna").await;
        let asked = house.second_step("anna").await;
        let _refused = house.answer(&asked.id, Method::Totp, &house.wrong_code(&anna.secret)).await;
        house.register("bert").await;
        completed(yes(house.sign_in("bert", PASSWORD).await));
        let all = house.store().read_all(Position::new(0), 4096).await.unwrap();
        assert!(all.len() > 10);
        for (place, recorded) in all.iter().enumerate() {
            assert_eq!(recorded.position.get(), u64::try_from(place).unwrap());
            let entry = Entry::parse(&recorded.bytes).unwrap();
            let text = String::from_utf8(recorded.bytes.clone()).unwrap();
            for field in ["log", "stream", "rev", "id", "at", "type", "v", "by", "cor", "pol"] {
                assert!(text.contains(&format!("\"{field}\":")), "{field} in {text}");
            }
            assert!(text.contains("Z\",\"type\""), "the time is UTC: {text}");
            let from_the_net = ["account.password_verified", "account.password_rejected"];
            let seals_net = entry.sealed.contains_key(&countersign_events::entry::SealClass::Net);
            assert_eq!(seals_net, from_the_net.contains(&&*entry.event_type), "{text}");
            assert!(!text.contains("192.0.2.7") && !text.contains("Firefox"), "{text}");
        }
    });
}

/// SR-089: a login is read as it is: nothing in it is invisible, or turns what stands around it.
#[test]
fn sr_089_a_login_with_characters_that_do_not_show_is_refused() {
    run(async {
        let house = House::new().await;
        let unseen = [
            "\u{ad}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{202e}",
            "\u{2028}",
            "\u{2060}",
            "\u{2066}",
            "\u{feff}",
            "\u{fff9}",
            "\u{e0041}",
            "\u{7}",
            "\u{85}",
            "\n",
        ];
        for c in unseen {
            let login = format!("mi{c}ke");
            let ask = Register { login: login.clone(), ..registration("mike") };
            let refused = no(house.accounts.register(&house.call(), ask).await);
            assert!(matches!(refused, Refusal::Invalid { field: "login", .. }), "{refused:?}");
            let added = house.accounts.add_operator(&house.call(), login, Role::Admin).await;
            assert!(matches!(no(added), Refusal::Invalid { field: "login", .. }), "{c:?}");
            let ask = Register { email: format!("mi{c}ke@example.com"), ..registration("mike") };
            let refused = no(house.accounts.register(&house.call(), ask).await);
            assert!(matches!(refused, Refusal::Invalid { field: "email", .. }), "{refused:?}");
        }
        for login in ["mike", "Zoë", "Σίσυφος", "михаил", "三郎 先生", "re\u{301}my", "a:b.c"]
        {
            let ask = Register { login: login.to_owned(), ..registration("mike") };
            yes(house.accounts.register(&house.call(), ask).await);
        }
    });
}

/// An address whose domain has an empty label is nobody's.
#[test]
fn an_address_with_an_empty_label_is_refused() {
    run(async {
        let house = House::new().await;
        for email in ["a@b..c", "a@.b", "a@b.", "a@.", "a@..", "a@b.c..d", "a@", "@b.c", "a@b@c"] {
            let ask = Register { email: email.to_owned(), ..registration("mike") };
            let refused = no(house.accounts.register(&house.call(), ask).await);
            assert!(matches!(refused, Refusal::Invalid { field: "email", .. }), "{email}");
        }
        for (login, email) in [("mike", "a@b.c"), ("anna", "anna@mail"), ("zoe", "a.b+c@x-y.z")] {
            let ask = Register { email: email.to_owned(), ..registration(login) };
            yes(house.accounts.register(&house.call(), ask).await);
        }
    });
}
