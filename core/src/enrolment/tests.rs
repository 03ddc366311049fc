//! The URI is read back by two parsers that share nothing with its writer: the one of totp-rs,
//! which apps in Rust use, and a hand-written reading of RFC 3986. The QR code is read back by a
//! decoder, from the picture that the SVG draws.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{
    EnrolmentError, ISSUER_ENCODED_BYTES_MAX, NAME_ENCODED_BYTES_MAX, account_label, base32,
    otpauth_uri, qr_svg,
};

const SECRET: &[u8; 20] = b"12345678901234567890";

/// What a reader of a URI found.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    issuer: String,
    name: String,
    secret: Vec<u8>,
}

#[test]
fn sr_003_a_uri_says_sha1_six_digits_and_thirty_seconds() {
    let uri = otpauth_uri("Acme", "jane@example.com", SECRET).unwrap();
    assert_eq!(
        *uri,
        "otpauth://totp/Acme:jane%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=Acme&algorithm=SHA1&digits=6&period=30"
    );
    let totp = totp_rs::Totp::from_url(&*uri).unwrap();
    assert_eq!((totp.digits(), totp.step()), (6, 30));
    assert_eq!(totp.generate(59).to_string(), "287082");
}

proptest! {
    /// SR-004: whatever the issuer and the name, two independent parsers read them back.
    #[test]
    fn sr_004_two_parsers_read_back_what_was_written(
        issuer in text(16), name in text(64), secret in any::<[u8; 20]>()
    ) {
        let uri = otpauth_uri(&issuer, &name, &secret).unwrap();
        let written = Read { issuer, name, secret: secret.to_vec() };
        prop_assert_eq!(&read_by_hand(&uri), &written);
        prop_assert_eq!(&read_by_totp_rs(&uri), &written);
    }

    /// SR-004: a colon, wherever it stands, is refused.
    #[test]
    fn sr_004_a_colon_is_refused(before in text(8), after in text(8)) {
        let colon = format!("{before}:{after}");
        prop_assert_eq!(
            otpauth_uri(&colon, "jane", SECRET), Err(EnrolmentError::Colon("issuer"))
        );
        prop_assert_eq!(
            otpauth_uri("Acme", &colon, SECRET), Err(EnrolmentError::Colon("account name"))
        );
    }

    /// Any login, subject or display name makes a label, and what fits already stays as it is.
    #[test]
    fn any_name_makes_a_label_that_is_accepted(name in any::<String>(), fit in text(64)) {
        prop_assert!(otpauth_uri("Acme", &account_label(&name), SECRET).is_ok());
        prop_assert_eq!(account_label(&name.repeat(200)).contains(':'), false);
        prop_assert!(otpauth_uri("Acme", &account_label(&name.repeat(200)), SECRET).is_ok());
        prop_assert_eq!(account_label(fit.trim()), if fit.trim().is_empty() {
            "account"
        } else {
            fit.trim()
        });
    }
}

#[test]
fn empty_parts_and_control_characters_are_refused() {
    let of = |issuer: &str, name: &str| otpauth_uri(issuer, name, SECRET).unwrap_err();
    assert_eq!(of("", "jane"), EnrolmentError::Empty("issuer"));
    assert_eq!(of("Acme", ""), EnrolmentError::Empty("account name"));
    assert_eq!(of("Ac\nme", "jane"), EnrolmentError::Control("issuer"));
    assert_eq!(of("Acme", "jane\0"), EnrolmentError::Control("account name"));
}

#[test]
fn a_part_at_its_limit_is_accepted_and_one_byte_more_is_refused() {
    let issuer = "i".repeat(ISSUER_ENCODED_BYTES_MAX);
    let name = "é".repeat(NAME_ENCODED_BYTES_MAX / 6);
    let uri = otpauth_uri(&issuer, &name, SECRET).unwrap();
    qr_svg(&uri).unwrap();
    let max = ISSUER_ENCODED_BYTES_MAX;
    assert_eq!(
        otpauth_uri(&format!("{issuer}i"), "jane", SECRET),
        Err(EnrolmentError::TooLong { part: "issuer", max })
    );
    let max = NAME_ENCODED_BYTES_MAX;
    assert_eq!(
        otpauth_uri("Acme", &format!("{name}n"), SECRET),
        Err(EnrolmentError::TooLong { part: "account name", max })
    );
}

#[test]
fn a_secret_of_another_length_is_refused() {
    for bytes in [0, 10, 19, 21, 32] {
        assert_eq!(
            otpauth_uri("Acme", "jane", &vec![7; bytes]),
            Err(EnrolmentError::SecretLength(bytes))
        );
    }
}

#[test]
fn base32_has_no_padding() {
    assert_eq!(*base32(b"f"), "MY");
    assert_eq!(*base32(b"foobar"), "MZXW6YTBOI");
    assert_eq!(*base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

#[test]
fn a_qr_code_reads_back_as_its_uri() {
    for (issuer, name) in [("Acme", "jane@example.com"), ("Käse & Söhne 100 %", "日本 太郎")]
    {
        let uri = otpauth_uri(issuer, name, SECRET).unwrap();
        assert_eq!(read_qr(&qr_svg(&uri).unwrap()), *uri);
    }
}

#[test]
fn text_that_no_qr_code_holds_is_refused() {
    assert_eq!(qr_svg(&"x".repeat(3000)), Err(EnrolmentError::Qr));
}

/// Text of 1 to `chars` characters, rich in what URIs treat specially.
fn text(chars: usize) -> impl Strategy<Value = String> {
    let special: Vec<char> = " %&?=#/+@;,.!'\"<>()[]\\{}|^`~-_%3A".chars().collect();
    let fit = any::<char>().prop_filter("fit", |c| *c != ':' && !c.is_control());
    vec(prop_oneof![fit, select(special), select(vec!['a', 'Z', '0', 'é', '日', '😀'])], 1..=chars)
        .prop_map(|chars| chars.into_iter().collect())
}

fn read_by_totp_rs(uri: &str) -> Read {
    let totp = totp_rs::Totp::from_url(uri).unwrap();
    Read {
        issuer: totp.issuer().unwrap().to_owned(),
        name: totp.account_name().to_owned(),
        secret: totp.secret().as_bytes().to_vec(),
    }
}

/// RFC 3986, 3: scheme, authority, path, query; then the Key URI format.
fn read_by_hand(uri: &str) -> Read {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    assert!(uri.bytes().all(legal), "{uri}");
    let rest = uri.strip_prefix("otpauth://").unwrap();
    let (authority, rest) = rest.split_once('/').unwrap();
    assert_eq!(authority, "totp");
    let (path, query) = rest.split_once('?').unwrap();
    assert!(!query.contains('#') && !path.contains('/'));
    let [issuer, name] = path.split(':').collect::<Vec<_>>()[..] else { panic!("{path}") };
    let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    let parameter = |key: &str| {
        let [value] = pairs.iter().filter(|pair| pair.0 == key).collect::<Vec<_>>()[..] else {
            panic!("{key} stands not once: {query}")
        };
        value.1
    };
    assert_eq!(parameter("issuer"), issuer, "label and parameter are equal");
    let fixed = ["algorithm", "digits", "period"].map(parameter);
    assert_eq!(fixed, ["SHA1", "6", "30"]);
    assert_eq!(pairs.len(), 5);
    Read {
        issuer: percent_decoded(issuer),
        name: percent_decoded(name),
        secret: base32_decoded(parameter("secret")),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = vec![];
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    String::from_utf8(decoded).unwrap()
}

/// RFC 4648, 6, bit by bit.
fn base32_decoded(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let value = |byte: u8| alphabet.iter().position(|letter| *letter == byte).unwrap();
    let bits: Vec<u8> = text
        .bytes()
        .flat_map(|byte| (0..5).rev().map(move |bit| (value(byte) >> bit & 1) as u8))
        .collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}

/// Draws the SVG's rectangles (`M{left} {top}h{width}v{height}…`) and decodes the picture.
fn read_qr(svg: &str) -> String {
    let attribute = |name: &str| {
        let rest = svg.split_once(&format!(" {name}=\"")).unwrap().1;
        rest.split_once('"').unwrap().0
    };
    let side: usize = attribute("width").parse().unwrap();
    let mut dark = vec![false; side * side];
    let path = svg.split_once("<path").unwrap().1.split_once(" d=\"").unwrap().1;
    let path = path.split_once('"').unwrap().0;
    for rectangle in path.split('M').skip(1) {
        let numbers: Vec<usize> = rectangle
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [left, top, width, height, ..] = numbers[..] else { panic!("{rectangle}") };
        for y in top..top + height {
            dark[y * side + left..y * side + left + width].fill(true);
        }
    }
    let quiet = (0..side).all(|at| !dark[at] && !dark[at * side]);
    assert!(quiet, "a quiet zone surrounds the code");
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        if dark[y * side + x] { 0 } else { 255 }
    });
    let [grid] = &image.detect_grids()[..] else { panic!("not one code") };
    let (meta, text) = grid.decode().unwrap();
    assert_eq!(meta.ecc_level, 0, "level M");
    text
}
