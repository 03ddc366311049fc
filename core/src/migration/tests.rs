use data_encoding::BASE64;
use proptest::prelude::*;
use prost::Message as _;

use super::google::{Authenticator, Payload};
use super::*;

/// 20 bytes, `12345678901234567890`.
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// What a file says, line by line: name and address, or why not.
fn told(file: &str) -> Vec<(u64, Result<String, Why>)> {
    let lines = lines(file.as_bytes(), None, NamedBy::Login).expect("readable");
    let told = lines.map(|line| (line.number, line.read.map(|row| row.name.to_string())));
    told.collect()
}

fn row(file: &str) -> Row {
    let mut lines = lines(file.as_bytes(), None, NamedBy::Login).expect("readable");
    lines.next().expect("a line").read.expect("a row")
}

fn why(line: &str) -> Why {
    let mut lines = lines(line.as_bytes(), None, NamedBy::Login).expect("readable");
    lines.next().expect("a line").read.err().expect(line)
}

/// Why a line of a table with these columns is not taken.
fn why_in(header: &str, line: &str) -> Why {
    why(&format!("{header}\n{line}\n"))
}

fn header(file: &str) -> String {
    let unreadable = lines(file.as_bytes(), None, NamedBy::Login).err().expect(file);
    unreadable.to_string()
}

#[test]
fn a_table_is_read_by_the_names_of_its_columns() {
    let file = format!(
        "\u{feff}login,email,email_verified,seed,name,password_hash\r\n\
         ada, ada@example.com ,yes,{SEED},\"Ada's \"\"old\"\" phone, blue\",\r\n\
         \r\n\
         bob,,,,,$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS\n\
         cleo,,false,otpauth://totp/x:y?secret={SEED},,"
    );
    let lines: Vec<Line> = super::lines(file.as_bytes(), None, NamedBy::Login).unwrap().collect();
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [2, 4, 5]);
    let rows: Vec<Row> = lines.into_iter().map(|line| line.read.unwrap()).collect();
    let [ada, bob, cleo] = rows.as_slice() else { panic!("{} rows", rows.len()) };
    assert_eq!(ada.name.as_str(), "ada");
    assert_eq!(ada.email.as_ref().unwrap().as_str(), "ada@example.com");
    assert!(ada.email_verified && !bob.email_verified && !cleo.email_verified);
    assert_eq!(ada.authenticator, "Ada's \"old\" phone, blue");
    assert_eq!(ada.seed.as_ref().unwrap().bytes(), b"12345678901234567890");
    assert!(ada.password_hash.is_none() && bob.seed.is_none() && bob.email.is_none());
    assert!(bob.password_hash.as_ref().unwrap().starts_with("$2b$04$"));
    assert_eq!(cleo.seed.as_ref().unwrap().bytes(), b"12345678901234567890");
    let semicolons = row(&format!("SEED;Login\n{};ada", SEED.to_lowercase()));
    assert_eq!(semicolons.name.as_str(), "ada");
}

#[test]
fn a_table_that_names_no_columns_is_not_read_and_nothing_of_it_is_told() {
    for (file, says) in [
        ("login,secret\n", "column 2 has another name"),
        ("login,login,seed\n", "twice"),
        ("email,seed\n", "login or subject"),
        ("login,subject,seed\n", "not both"),
        ("login,email\n", "seed or password_hash"),
        ("\"login,seed\n", "quotation mark"),
        ("\n \n", "empty"),
    ] {
        assert!(header(file).contains(says), "{file}: {}", header(file));
    }
    // The header was forgotten: what stands there is no name, and may be a secret.
    assert!(!header(&format!("ada,{SEED}\n")).contains(SEED));
}

#[test]
fn a_line_that_is_not_taken_says_why_and_costs_no_other() {
    let file = format!(
        "login,seed\nada,{SEED}\nbob,\"{SEED}\ncleo,{SEED},x\ndana\neve,{SEED}\n,{SEED}\nfay,\n"
    );
    let fields = |found| Err(Why::Fields { found, named: 2 });
    assert_eq!(
        told(&file),
        [
            (2, Ok("ada".to_owned())),
            (3, Err(Why::Quotes)),
            (4, fields(3)),
            (5, fields(1)),
            (6, Ok("eve".to_owned())),
            (7, Err(Why::Nameless("login"))),
            (8, Err(Why::Nothing)),
        ]
    );
    assert_eq!(why_in("login,seed", "ada,A\"B"), Why::Quotes);
    assert_eq!(why_in("login,seed", "\"ada\"x,ABC"), Why::Quotes);
    assert_eq!(why_in("login,seed", "ada,MZXW6"), Why::ShortSeed(24));
    assert_eq!(why_in("login,seed", "ada,GEZDGNBVGY3TQOJQ"), Why::ShortSeed(80));
    assert_eq!(why_in("login,seed", &format!("ada,{}", "A".repeat(104))), Why::LongSeed);
    assert_eq!(why_in("login,seed", "ada,1nvalid8"), Why::NotBase32);
    assert_eq!(why_in("login,seed,email_verified", &format!("a,{SEED},maybe")), Why::Verified);
    let unknown = Why::Hash(ForeignError::Unknown);
    assert_eq!(why_in("login,password_hash", "ada,hunter2"), unknown);
    let of_subject = "a,$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
    assert_eq!(why_in("subject,password_hash", of_subject), Why::HashOfSubject);
    let long = format!("login,seed\nada,{}\nbob,{SEED}\n", "A".repeat(LINE_BYTES_MAX));
    assert_eq!(told(&long), [(2, Err(Why::TooLong)), (3, Ok("bob".to_owned()))]);
    let mut bytes = format!("login,seed\nada,{SEED}\n").into_bytes();
    bytes[11] = 0xff;
    let read = lines(&bytes, None, NamedBy::Login).unwrap().next().unwrap().read;
    assert_eq!(read.err(), Some(Why::NotText));
}

#[test]
fn uris_are_read_by_their_label() {
    let file = format!(
        "# exported\n\
         otpauth://totp/Shop:ada?secret={SEED}&issuer=Shop\n\
         OTPAUTH://TOTP/Shop%3A%20bob%40example.com?issuer=Shop&secret={SEED}&algorithm=sha1\
         &digits=6&period=30&image=x\n\
         otpauth://totp/cleo?secret=gezd%20gnbv-gy3t qojq gezd gnbv gy3t qojq====\n\
         otpauth://totp/Shop:a%3Ab?secret={SEED}\n"
    );
    let names: Vec<_> = told(&file).into_iter().map(|(_, name)| name.unwrap()).collect();
    assert_eq!(names, ["ada", "bob@example.com", "cleo", "a:b"]);
}

#[test]
fn codes_that_cannot_be_served_are_refused() {
    let with = |more: &str| why(&format!("otpauth://totp/x:ada?secret={SEED}&{more}"));
    assert_eq!(with("digits=8"), Why::Digits);
    assert_eq!(with("period=60"), Why::Period);
    assert_eq!(with("algorithm=SHA256"), Why::Algorithm);
    assert_eq!(with("algorithm=SHA512"), Why::Algorithm);
    assert_eq!(with(&format!("secret={SEED}")), Why::NotAUri);
    assert_eq!(why(&format!("otpauth://hotp/x:ada?secret={SEED}&counter=1")), Why::Hotp);
    assert_eq!(why(&format!("otpauth://steam/x:ada?secret={SEED}")), Why::NotAUri);
    assert_eq!(why("otpauth://totp/x:ada"), Why::NoSeed);
    assert_eq!(why("otpauth://totp/x:ada?secret="), Why::NoSeed);
    assert_eq!(why("otpauth://totp/x:ada?secret=%GG"), Why::NotText);
    assert!(matches!(why(&format!("otpauth://totp/x:?secret={SEED}")), Why::Nameless(_)));
    let second = told(&format!("otpauth://totp/a?secret={SEED}\nhttps://example.com\n"));
    assert_eq!(second[1], (2, Err(Why::NotAUri)));
}

fn authenticator(name: &str) -> Authenticator {
    Authenticator {
        secret: b"12345678901234567890".to_vec(),
        name: name.to_owned(),
        issuer: "Shop".to_owned(),
        algorithm: 1,
        digits: 1,
        kind: 2,
    }
}

fn exported(authenticators: Vec<Authenticator>) -> String {
    let bytes = Payload { authenticators }.encode_to_vec();
    let data = BASE64.encode(&bytes).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("otpauth-migration://offline?data={data}")
}

#[test]
fn what_google_authenticator_exports_is_read() {
    let others = vec![
        authenticator("Shop:ada"),
        Authenticator { kind: 1, ..authenticator("bob") },
        Authenticator { algorithm: 2, ..authenticator("cleo") },
        Authenticator { digits: 2, ..authenticator("dana") },
        Authenticator { secret: vec![1; 10], ..authenticator("eve") },
        Authenticator { algorithm: 0, digits: 0, ..authenticator("fay") },
        Authenticator { kind: 0, ..authenticator("gil") },
    ];
    let file = format!("{}\n\n{}", exported(others), exported(vec![authenticator("hal")]));
    let lines = lines(file.as_bytes(), None, NamedBy::Login).unwrap();
    let told: Vec<_> = lines
        .map(|line| (line.number, line.part, line.read.map(|row| row.name.to_string())))
        .collect();
    let expected = [
        (1, Some(1), Ok("ada".to_owned())),
        (1, Some(2), Err(Why::Hotp)),
        (1, Some(3), Err(Why::Algorithm)),
        (1, Some(4), Err(Why::Digits)),
        (1, Some(5), Err(Why::ShortSeed(80))),
        (1, Some(6), Ok("fay".to_owned())),
        (1, Some(7), Err(Why::Payload)),
        (3, Some(1), Ok("hal".to_owned())),
    ];
    assert_eq!(told, expected);
    for broken in ["", "data=", "data=%%%", "data=AAAA", "x=y", "data=CgA"] {
        assert_eq!(why(&format!("otpauth-migration://offline?{broken}")), Why::Payload, "{broken}");
    }
}

/// Two bytes are an authenticator: a line of them is told of once.
#[test]
fn a_line_of_more_accounts_than_are_exported_is_refused_as_one() {
    let many = |count: usize| exported(vec![authenticator("ada"); count]);
    let told = |uri: &str| lines(uri.as_bytes(), None, NamedBy::Login).unwrap().count();
    assert_eq!(told(&many(PARTS_MAX)), PARTS_MAX);
    for too_many in [
        many(PARTS_MAX + 1),
        format!("otpauth-migration://offline?data={}", BASE64.encode(&b"\x0a\x00".repeat(24_000))),
    ] {
        assert_eq!((why(&too_many), told(&too_many)), (Why::Parts, 1));
    }
}

/// The sample that is published with the readers of this format: a secret of ten bytes.
#[test]
fn a_sample_that_others_publish_is_read() {
    let sample = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29v\
                  Z2xlLmNvbRoHRXhhbXBsZTAC";
    assert_eq!(why(sample), Why::ShortSeed(80));
}

#[test]
fn what_is_written_is_read_again() {
    for name in ["ada", "a:b c", "ädä@example.com", "100%", "a/b?c=d&e#f"] {
        let uri = seed_uri("My Shop", name, b"12345678901234567890");
        let read = row(&uri);
        assert_eq!(read.name.as_str(), name);
        assert_eq!(read.seed.unwrap().bytes(), b"12345678901234567890");
    }
}

/// What a line is made of, and what breaks it.
fn broken() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "otpauth://totp/",
        "otpauth://",
        "otpauth-migration://offline?data=",
        "secret=",
        SEED,
        "&",
        "?",
        "%",
        "%4",
        "%FF",
        ":",
        ",",
        ";",
        "\"",
        "\"\"",
        "\n",
        "\r\n",
        "login",
        "seed",
        "ada",
        "$2b$04$",
        "$argon2id$v=19$",
        "pbkdf2_sha256$",
        "\u{0}",
        "\u{202e}",
        "ä",
        "=",
        "CjEKCg",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever a file holds: nothing panics, every line that is not blank is told of once and in
    /// order, and no reason says anything of what stands there.
    #[test]
    fn any_file_is_told_of_line_by_line(body in broken(), table in any::<bool>()) {
        let header = if table { "login,seed,password_hash\n" } else { "otpauth://x\n" };
        let file = format!("{header}{body}");
        let told: Vec<_> = lines(file.as_bytes(), None, NamedBy::Login).unwrap().collect();
        let numbers: Vec<u64> = told.iter().map(|line| line.number).collect();
        let not_blank = |line: &&str| !line.trim_ascii().is_empty();
        let expected = file.split('\n').filter(not_blank).count();
        prop_assert_eq!(numbers.len(), expected - usize::from(table));
        prop_assert!(numbers.is_sorted());
        for line in told {
            if let Err(why) = line.read {
                prop_assert!(!why.to_string().contains(SEED));
            }
        }
    }

    /// And bytes that are no text at all.
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [None, Some(Format::Csv), Some(Format::Uris)] {
            if let Ok(lines) = lines(&bytes, format, NamedBy::Subject) {
                let _told = lines.count();
            }
        }
    }

    /// A damaged payload is refused or read, and nothing panics.
    #[test]
    fn any_payload_is_read(mut bytes in prop::collection::vec(any::<u8>(), 0..120), whole: bool) {
        if whole {
            let sound = Payload { authenticators: vec![authenticator("ada")] }.encode_to_vec();
            bytes.splice(0..0, sound);
        }
        let uri = format!("otpauth-migration://offline?data={}", BASE64.encode(&bytes));
        let _told = lines(uri.as_bytes(), None, NamedBy::Login).unwrap().count();
    }
}
