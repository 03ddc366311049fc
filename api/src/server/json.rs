//! Reading JSON strictly: what a lenient reader would guess at is refused (SR-077).
//!
//! A body is an object of at most 16 KiB, nested at most 8 deep, and no object names a key twice:
//! two readers of one body must never see different things. Unknown fields are refused by the
//! types of the contract; within, an object is an object and a name a string ([`Strict`]). A
//! message names fields of ours and places in the text, and never repeats a value.

use std::collections::HashSet;
use std::fmt;

use countersign_core::domain::recovery_code::NormalRecoveryCode;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::problem::ProblemAnswer;
use super::strict::Strict;
use crate::contract::kind::CodeMethod;
use crate::contract::secret::Secret;
use crate::contract::{CODE_DIGITS, RECOVERY_CODE_DIGITS};

/// Bytes of a body at most.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;
/// Nesting at most; the outermost object is 1.
pub(crate) const DEPTH_MAX: usize = 8;

/// Reads a body as `T`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProblemAnswer> {
    top_level_keys(body)?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    T::deserialize(Strict(&mut reader)).map_err(|error| ProblemAnswer::invalid(explain(&error)))
}

/// The keys of the outermost object, after checking the shape of the whole.
pub(crate) fn top_level_keys(body: &[u8]) -> Result<HashSet<String>, ProblemAnswer> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        return Err(ProblemAnswer::invalid("the body must be a JSON object"));
    }
    let mut keys = HashSet::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let shape = Shape { depth: 1, keys: Some(&mut keys) };
    let read = shape.deserialize(&mut reader).and_then(|()| reader.end());
    match read {
        Ok(()) => Ok(keys),
        Err(error) => Err(ProblemAnswer::invalid(explain(&error))),
    }
}

/// A code by e-mail: six ASCII digits, or eight where it leads to a recovery.
pub(crate) fn six_or_eight_digits(code: &Secret) -> Result<(), ProblemAnswer> {
    if code.reveal().len() == RECOVERY_CODE_DIGITS
        && code.reveal().bytes().all(|b| b.is_ascii_digit())
    {
        return Ok(());
    }
    six_digits(code)
}

/// A code of six ASCII digits (SR-010); anything else is malformed, and no guess.
pub(crate) fn six_digits(code: &Secret) -> Result<(), ProblemAnswer> {
    let text = code.reveal().as_bytes();
    if text.len() == CODE_DIGITS && text.iter().all(u8::is_ascii_digit) {
        Ok(())
    } else {
        Err(ProblemAnswer::invalid("`code` must be a string of six digits"))
    }
}

/// A code in the form of its method.
pub(crate) fn well_formed(method: CodeMethod, code: &Secret) -> Result<(), ProblemAnswer> {
    match method {
        CodeMethod::Totp => six_digits(code),
        CodeMethod::EmailCode => six_or_eight_digits(code),
        CodeMethod::RecoveryCode => recovery_code(code),
    }
}

/// A recovery code in any of its spellings (SR-035); anything else is malformed, and no guess.
fn recovery_code(code: &Secret) -> Result<(), ProblemAnswer> {
    match NormalRecoveryCode::parse(code.reveal()) {
        Some(_) => Ok(()),
        None => Err(ProblemAnswer::invalid(
            "`code` must be a recovery code: 25 letters and digits, with or without hyphens",
        )),
    }
}

/// What was wrong, without the value that was.
fn explain(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => {
            let message = error.to_string();
            let told = TOLD.iter().any(|known| message.starts_with(known));
            if let Some(names) = names_there_are(&message) {
                return format!("a value must be {names}");
            }
            if !told || message.len() > MESSAGE_BYTES_MAX {
                return format!("a value has the wrong type at line {line} column {column}");
            }
            // Where the object ends that lacks a field is of no use to anybody.
            match message.split_once(" at line ") {
                Some((lacks, _)) if lacks.starts_with("missing field") => lacks.to_owned(),
                _ => message,
            }
        }
        _ => format!("not JSON at line {line} column {column}"),
    }
}

/// Of a name that there is not: those that there are, and where it stands. What was sent comes
/// before them, however it is written.
fn names_there_are(message: &str) -> Option<&str> {
    let told = message.strip_prefix("unknown variant `")?;
    told.rsplit_once("`, expected ").map(|(_, names)| names).filter(|names| !names.is_empty())
}

/// How messages begin that repeat no value.
const TOLD: [&str; 5] =
    ["unknown field", "missing field", "doubled key", "nested deeper", "unknown scope"];
/// Longer messages would only repeat what was sent.
const MESSAGE_BYTES_MAX: usize = 300;

/// Walks a value and keeps nothing of it but the outermost keys.
struct Shape<'k> {
    depth: usize,
    keys: Option<&'k mut HashSet<String>>,
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        check_depth(self.depth)?;
        while items.next_element_seed(Shape { depth: self.depth + 1, keys: None })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        check_depth(self.depth)?;
        let mut own = HashSet::new();
        let keys = self.keys.unwrap_or(&mut own);
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("doubled key"));
            }
            entries.next_value_seed(Shape { depth: self.depth + 1, keys: None })?;
        }
        Ok(())
    }
}

fn check_depth<E: serde::de::Error>(depth: usize) -> Result<(), E> {
    if depth <= DEPTH_MAX { Ok(()) } else { Err(E::custom("nested deeper than 8")) }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;

    use super::*;
    use crate::contract::account::RegisterPerson;
    use crate::contract::client::AddClient;
    use crate::contract::sign_in::VouchedSignIn;
    use crate::contract::support::ResetLockout;

    fn refuses(body: &str) {
        let refused = read::<RegisterPerson>(body.as_bytes()).expect_err(body);
        assert_eq!(refused.status_code(), 400, "{body}");
    }

    #[test]
    fn a_well_formed_body_is_read() {
        let body = r#"{"login":"ada","email":"a@example.com","password":"tr0ub4dor"}"#;
        let read: RegisterPerson = read(body.as_bytes()).unwrap();
        assert_eq!(read.login, "ada");
    }

    /// SR-077: unknown and doubled keys, in every spelling of the same key, and other shapes.
    #[test]
    fn sr_077_what_two_readers_could_read_differently_is_refused() {
        refuses(r#"{"login":"a","login":"b","email":"e","password":"p"}"#);
        refuses(r#"{"login":"a","log\u0069n":"b","email":"e","password":"p"}"#);
        refuses(r#"{"login":"a","email":"e","password":"p","admin":true}"#);
        refuses(r#"{"login":"a","email":"e"}"#);
        refuses(r#"{"login":"a","email":"e","password":"p"} {}"#);
        refuses(r#"[{"login":"a","email":"e","password":"p"}]"#);
        refuses(r#"{"login":1,"email":"e","password":"p"}"#);
        refuses("");
        refuses("null");
        refuses("{'login':'a'}");
    }

    #[test]
    fn sr_077_doubled_keys_are_refused_at_any_depth() {
        assert!(top_level_keys(br#"{"a":{"b":1,"b":2}}"#).is_err());
        assert!(top_level_keys(br#"{"a":{"b":1},"c":{"b":2}}"#).is_ok());
    }

    #[test]
    fn sr_077_nesting_has_a_bound() {
        let deep = |levels: usize| {
            let inner = levels - 1;
            format!(r#"{{"a":{}1{}}}"#, "[".repeat(inner), "]".repeat(inner))
        };
        assert!(top_level_keys(deep(DEPTH_MAX).as_bytes()).is_ok());
        assert!(top_level_keys(deep(DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(top_level_keys(format!(r#"{{"a":{}"#, "[".repeat(16_000)).as_bytes()).is_err());
    }

    /// SR-077: a body is an object, also where nothing is asked of it.
    #[test]
    fn sr_077_a_body_is_an_object() {
        assert!(top_level_keys(b" {}\n").is_ok());
        for body in ["[]", "null", "0", "\"\"", "true", "[{}]", " [] ", ""] {
            assert!(top_level_keys(body.as_bytes()).is_err(), "{body}");
        }
    }

    /// SR-077: a list is no object and an object no name, at the top and within.
    #[test]
    fn sr_077_what_stands_for_an_object_or_a_name_is_refused() {
        let vouched = |context: &str, factor: &str| {
            let body = format!(r#"{{"subject":"s","first_factor":{factor},"context":{context}}}"#);
            read::<VouchedSignIn>(body.as_bytes())
        };
        assert!(vouched(r#"{"ip":"192.0.2.1"}"#, r#""vouched""#).is_ok());
        assert!(vouched(r#"["192.0.2.1",null,null]"#, r#""vouched""#).is_err());
        assert!(vouched(r#"{"ip":"192.0.2.1"}"#, r#"{"vouched":null}"#).is_err());
        assert!(read::<RegisterPerson>(br#"["ada","a@example.com","tr0ub4dor"]"#).is_err());

        let client = |scopes: &str| {
            let body = format!(r#"{{"name":"shop","scopes":{scopes}}}"#);
            read::<AddClient>(body.as_bytes())
        };
        assert!(client(r#"["history:read","accounts:write"]"#).is_ok());
        assert!(client(r#"[{"history:read":null}]"#).is_err());
        let unknown = format!("{:?}", client(r#"["any"]"#).unwrap_err());
        assert!(unknown.contains("unknown scope: there are accounts:write"), "{unknown}");
        assert!(!unknown.contains("any"), "{unknown}");

        let reset = |method: &str| {
            let body =
                format!(r#"{{"scope":"counters","method":{method},"reason":"r","ticket":"t"}}"#);
            read::<ResetLockout>(body.as_bytes())
        };
        assert_eq!(reset("null").unwrap().method, None);
        assert!(reset(r#""totp""#).unwrap().method.is_some());
        assert!(reset(r#"{"totp":null}"#).is_err());
    }

    /// A number that is whole is the same one however it is written; no other is taken for it.
    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let lives = |number: &str| {
            let body = format!(r#"{{"name":"shop","scopes":[],"expires_in_seconds":{number}}}"#);
            read::<AddClient>(body.as_bytes()).map(|client| client.expires_in_seconds)
        };
        for same in ["3600", "3600.0", "3.6e3"] {
            assert_eq!(lives(same).unwrap(), Some(3600), "{same}");
        }
        for other in ["3600.5", "-3600.0", "1e300", "9007199254740993.0", "\"3600\"", "[3600]"] {
            assert!(lives(other).is_err(), "{other}");
        }
    }

    /// SR-106: a message never repeats a value.
    #[test]
    fn sr_106_a_message_never_repeats_a_value() {
        for body in [
            r#"{"login":"a","email":"e","password":["CANARY"]}"#,
            r#"{"login":"a","email":"e","password":{"CANARY":"CANARY"}}"#,
            r#"{"login":"a","email":"e","password":CANARY}"#,
        ] {
            let refused = format!("{:?}", read::<RegisterPerson>(body.as_bytes()).unwrap_err());
            assert!(!refused.contains("CANARY"), "{refused}");
        }
    }

    /// SR-010: exactly six ASCII digits.
    #[test]
    fn sr_010_a_code_is_exactly_six_ascii_digits() {
        assert!(six_digits(&Secret::new("012345")).is_ok());
        for bad in
            ["", "0", "12345", "1234567", " 123456", "123456 ", "123 456", "+12345", "１２３４５６"]
        {
            assert!(six_digits(&Secret::new(bad)).is_err(), "{bad}");
        }
    }
}
