//! What may be a password, by tables.

use proptest::prelude::*;

use super::*;

/// Every password of at least eight characters that zxcvbn's list holds, as of its version 3.1.
const LISTED: &str = include_str!("listed.txt");
/// What is known of an account.
const TEXTS: [&str; 5] =
    ["mike.smith", "m.smith@mail.example.org", "Jörg Müller", "Acme Works", "Countersign"];

fn judge(password: &str) -> Result<(), WeakPassword> {
    PasswordRules::default().judge(password, &TEXTS)
}

/// SR-047: eight code points after NFC, 1024 bytes, and no rule about kinds of characters.
#[test]
fn sr_047_length_is_counted_in_code_points_after_nfc_and_bounded_in_bytes() {
    let line = "der Mond ist aufgegangen, die goldnen Sternlein prangen; ";
    let kib: String = line.chars().cycle().take(1024).collect();
    let many: String = "éäö ñü õå".chars().cycle().take(128).collect();
    let emoji = "🦀🌵🎺🧊🪁🍋🛶🦉";
    let allowed = ["kqzvxwjp", "Gänsefüßchen", "нехорошоспать", "二人で山へ行くのだ", emoji];
    for password in allowed.into_iter().chain([many.as_str(), &kib]) {
        assert_eq!(judge(password), Ok(()), "{password:?}");
    }
    let seven_after_nfc = "kqzvxwe\u{301}";
    let seven_emoji: String = emoji.chars().skip(1).collect();
    for password in ["", "kqzvxwj", seven_after_nfc, &seven_emoji] {
        assert_eq!(judge(password), Err(WeakPassword::TooShort { chars_min: 8 }), "{password:?}");
    }
    let (over, emoji_over) = (format!("{kib}x"), emoji.repeat(33));
    for password in [over, emoji_over] {
        assert_eq!(judge(&password), Err(WeakPassword::TooLong { bytes_max: 1024 }));
    }
}

/// SR-047: what is set stricter counts, what is set looser than the least does not.
#[test]
fn sr_047_the_rules_can_be_tightened_only() {
    let with = |chars_min, score_min, password: &str| {
        PasswordRules { chars_min, score_min }.judge(password, &TEXTS)
    };
    let fifteen = WeakPassword::TooShort { chars_min: 15 };
    assert_eq!(with(15, 2, "kqzvxwjpkqfvbn"), Err(fifteen));
    assert_eq!(with(15, 2, "kqzvxwjpkqfvbnm"), Ok(()));
    assert_eq!(with(1, 0, "kqzvxwj"), Err(WeakPassword::TooShort { chars_min: 8 }));
    assert_eq!(with(1, 0, "aaaaaaaaa"), Err(WeakPassword::Guessable));
    assert_eq!(with(8, 3, "kqzvxwjp"), Err(WeakPassword::Guessable));
    assert_eq!(with(8, 3, "kqzvxwjpfb"), Ok(()));
}

/// SR-049: each of the 11,611, as it stands and in capitals, is refused.
#[test]
fn sr_049_every_listed_password_is_refused() {
    let mut count = 0;
    for listed in LISTED.lines() {
        for password in [listed.to_owned(), listed.to_uppercase()] {
            let refused = judge(&password).expect_err(listed);
            assert!(
                !matches!(refused, WeakPassword::TooShort { .. } | WeakPassword::TooLong { .. }),
                "{password}: {refused}"
            );
        }
        count += 1;
    }
    assert!(count >= 10_000, "{count}");
}

/// SR-049: the reason is the one that helps, and what people do to a listed password does not.
#[test]
fn sr_049_a_listed_password_with_something_around_it_is_refused_as_one() {
    let variants = [
        "password",
        "PASSWORD",
        "Password1",
        "p@ssw0rd",
        "P@$$w0rd!",
        "drowssap",
        "pässwört",
        "ｐａｓｓｗｏｒｄ",
        "2024password",
        "!!password!!",
        "password12071985",
        "iloveyou!!!",
        "Summer2024!",
        "qwertyuiop",
        "12345678",
    ];
    for password in variants {
        assert_eq!(judge(password), Err(WeakPassword::Common), "{password:?}");
    }
    assert_eq!(judge("password837261940"), Ok(()), "nine digits of no meaning are no affix");
    for password in ["aaaaaaaa", "        ", "🦀🦀🦀🦀🦀🦀🦀🦀", "19850712", "hunter2hunter2"]
    {
        assert_eq!(judge(password), Err(WeakPassword::Guessable), "{password:?}");
    }
}

/// SR-049: words of the account and the service, whatever their case, accents, spelling and order.
#[test]
fn sr_049_words_of_the_context_are_refused() {
    let personal = [
        "mike.smith",
        "MikeSmith",
        "smithmike1",
        "mikemikemike",
        "m1ke.5mith",
        "Mike1985!",
        "m.smith@mail.example.org",
        "example.org",
        "mail.example",
        "example2024",
        "Jörg Müller",
        "jorgmuller",
        "MULLER12071985",
        "acme works",
        "AcmeWorks1",
        "countersign",
        "C0unter$ign!",
        "countersign mike",
    ];
    for password in personal {
        assert_eq!(judge(password), Err(WeakPassword::Personal), "{password:?}");
    }
    for password in ["mike likes green cake", "smith837261940", "the works of jorg in acme"] {
        assert_eq!(judge(password), Ok(()), "{password:?}");
    }
    let short = ["ann.o.li", "al@x.io"];
    for password in ["AnnOLi1999!", "ann_o_li", "ann-o-li!", "al@x.io!", "alxio1999"] {
        let judged = PasswordRules::default().judge(password, &short);
        assert_eq!(judged, Err(WeakPassword::Personal), "{password:?}");
    }
    assert_eq!(judge("mike;!?#-_.:,<>"), Ok(()), "eleven signs are more than little");
    let nobody: [&str; 0] = [];
    assert_eq!(PasswordRules::default().judge("MULLERskamp1", &nobody), Ok(()));
    let digits = PasswordRules::default().judge("83720194", &["83720194"]);
    assert_eq!(digits, Err(WeakPassword::Personal), "a login may be a number");
}

/// SR-049: people's own ways to a good password are none of our business.
#[test]
fn sr_049_passphrases_and_random_passwords_are_accepted() {
    let good = [
        "correct horse battery",
        "tr0ubador & his mule",
        "seven green umbrellas",
        "Vier kalte Ziegel",
        "Xq7!vT2p",
        "aV4$kk9#",
        "kauze zupfen blech dorne",
        "xkcd was right about this",
        "{(<[4@8+7|1!$5%2369}",
    ];
    for password in good {
        assert_eq!(judge(password), Ok(()), "{password:?}");
    }
}

/// The cost of a rating is bounded, and a dozen characters are rated whatever they are.
#[test]
fn sr_052_what_is_rated_is_bounded() {
    let signs = "4@8({[<369 1!|70$5+%2";
    let everything: String = signs.chars().cycle().take(1024).collect();
    let digits: String = "0123456789".chars().cycle().take(1024).collect();
    let letters = "abcdefgh".repeat(128);
    for (text, at_least) in [(&everything, 10), (&digits, 32), (&letters, 100)] {
        let rated = affordable(text);
        let chars = rated.chars().count();
        let cost = (chars - 1).pow(2) * combinations(&rated.chars().collect());
        assert!((at_least..=100).contains(&chars), "{chars}");
        assert!(cost <= RATING_COST_MAX, "{cost}");
    }
    assert_eq!(affordable("🦀 four"), "🦀 four");
    let many: Vec<String> = (0..1000).map(|number| format!("word{number}")).collect();
    assert_eq!(words(&many).len(), WORDS_MAX);
}

/// A long walk over the keypad with a turn at each step, for which zxcvbn's count overflows: that
/// is no panic, and no reason to take it.
#[test]
fn a_walk_over_the_keypad_is_judged() {
    assert_eq!(judge(&"1254".repeat(25)), Err(WeakPassword::Guessable));
}

proptest! {
    /// Whatever is typed gets a verdict.
    #[test]
    fn anything_is_judged(password in "\\PC{0,80}", text in "\\PC{0,20}") {
        let _verdict = PasswordRules::default().judge(&password, &[text]);
    }
}
