//! Canaries: secrets that were planted, and a search that finds them where they must not be.
//!
//! A secret is looked for as it is, in hexadecimal of both cases, in base32, and in base64 of both
//! alphabets wherever it may begin in a group. A code of six digits is too short for that: it is
//! found where it stands alone, with no letter or digit before or after it.
//!
//! One pass over the bytes, however many secrets there are.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde_json::Value;

/// Bytes that tell a secret from chance; the first of every form.
const HEAD: usize = 8;
/// Digits of a code.
const CODE_DIGITS: usize = 6;
/// Bytes of the account's id, which is no secret, at the head of a handle.
const OWNER_BYTES: usize = 16;

/// What people send and are given that must lie nowhere.
const SECRET_FIELDS: &[&str] = &[
    "api_key",
    "email",
    "login",
    "otpauth_uri",
    "password",
    "secret",
    "setup_token",
    "subject",
    "token",
];

/// What may not be found, by the secret itself.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    secrets: BTreeMap<Vec<u8>, String>,
    codes: BTreeMap<String, String>,
}

impl Canaries {
    /// Plants a secret: `what` it is, for people. One that is neither of eight bytes nor a code of
    /// six digits is left out, since it could not be told from chance: says whether it was taken.
    pub fn plant(&mut self, what: &str, secret: &[u8]) -> bool {
        let digits = secret.len() == CODE_DIGITS && secret.iter().all(u8::is_ascii_digit);
        if digits {
            self.codes.insert(String::from_utf8_lossy(secret).into_owned(), what.to_owned());
        } else if secret.len() >= HEAD {
            self.secrets.entry(secret.to_vec()).or_insert_with(|| what.to_owned());
        }
        digits || secret.len() >= HEAD
    }

    /// Plants what is secret of a body that was sent.
    pub fn plant_sent(&mut self, body: &Value) {
        self.plant_fields(body);
        if let Some(code) = body.get("code").and_then(Value::as_str) {
            self.plant_code(code);
        }
    }

    /// Plants what is secret of a body that was answered. Its `code` is that of a problem.
    pub fn plant_answered(&mut self, body: &Value) {
        self.plant_fields(body);
        if let (Some("second_factor_required"), Some(id)) =
            (body.get("status").and_then(Value::as_str), body.get("id").and_then(Value::as_str))
        {
            self.plant_handle("sign-in id", id);
        }
        let codes = body.get("recovery_codes").and_then(Value::as_array);
        for code in codes.into_iter().flatten().filter_map(Value::as_str) {
            self.plant_code(code);
        }
    }

    fn plant_fields(&mut self, body: &Value) {
        match body {
            Value::Object(fields) => {
                for (field, value) in fields {
                    match value.as_str().filter(|_| SECRET_FIELDS.contains(&field.as_str())) {
                        Some(text) => self.plant_field(field, text),
                        None => self.plant_fields(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.plant_fields(item)),
            _ => {}
        }
    }

    fn plant_field(&mut self, field: &str, text: &str) {
        match field {
            "token" | "api_key" | "setup_token" => self.plant_handle(field, text),
            "secret" => {
                self.plant("seed as text", text.as_bytes());
                if let Ok(seed) = BASE32_NOPAD.decode(text.as_bytes()) {
                    self.plant("seed", &seed);
                }
            }
            _ => {
                self.plant(field, text.as_bytes());
            }
        }
    }

    fn plant_handle(&mut self, what: &str, text: &str) {
        self.plant(what, text.as_bytes());
        let decoded = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default();
        if let Some(secret) = decoded.get(OWNER_BYTES..) {
            self.plant(&format!("{what}, its bytes"), secret);
        }
    }

    fn plant_code(&mut self, code: &str) {
        self.plant("code", code.as_bytes());
        if code.contains('-') {
            self.plant("code, its normal form", code.replace('-', "").as_bytes());
        }
    }

    /// Makes the search.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        let mut forms: HashMap<[u8; HEAD], Vec<Form<'_>>> = HashMap::new();
        for (secret, what) in &self.secrets {
            for bytes in forms_of(secret) {
                if let Some(head) = bytes.first_chunk::<HEAD>() {
                    forms.entry(*head).or_default().push(Form { bytes, what });
                }
            }
        }
        Search { forms, codes: &self.codes }
    }
}

/// The forms that a secret may lie in, each of eight bytes at least.
fn forms_of(secret: &[u8]) -> Vec<Vec<u8>> {
    let whole = |bytes: &[u8], group: usize| {
        let groups = bytes.len().checked_div(group).unwrap_or(0).saturating_mul(group);
        bytes.get(..groups).unwrap_or_default().to_vec()
    };
    let mut forms = vec![
        secret.to_vec(),
        HEXLOWER.encode(secret).into_bytes(),
        HEXUPPER.encode(secret).into_bytes(),
        BASE32_NOPAD.encode(&whole(secret, 5)).into_bytes(),
    ];
    // What stands before it in its group of three bytes shifts it and spoils the first letters.
    for (before, spoilt) in [(0, 0), (1, 2), (2, 3)] {
        let mut shifted = vec![0; before];
        shifted.extend_from_slice(secret);
        let shifted = whole(&shifted, 3);
        for encoded in [BASE64_NOPAD.encode(&shifted), BASE64URL_NOPAD.encode(&shifted)] {
            forms.push(encoded.into_bytes().get(spoilt..).unwrap_or_default().to_vec());
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

struct Form<'a> {
    bytes: Vec<u8>,
    what: &'a str,
}

/// A search for all canaries at once.
pub struct Search<'a> {
    forms: HashMap<[u8; HEAD], Vec<Form<'a>>>,
    codes: &'a BTreeMap<String, String>,
}

impl Search<'_> {
    /// Which secrets lie in these bytes, each with the place; codes are left out.
    #[must_use]
    pub fn secrets_in(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (at, window) in bytes.windows(HEAD).enumerate() {
            let head = window.first_chunk::<HEAD>();
            for form in head.and_then(|head| self.forms.get(head)).into_iter().flatten() {
                if bytes.get(at..).is_some_and(|rest| rest.starts_with(&form.bytes)) {
                    found.push(format!("{} in {place}", form.what));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The same with the codes.
    #[must_use]
    pub fn found_in(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut found = self.secrets_in(place, bytes);
        for word in bytes.split(|byte| !byte.is_ascii_alphanumeric()) {
            let code = std::str::from_utf8(word).ok().filter(|word| word.len() == CODE_DIGITS);
            if let Some(what) = code.and_then(|code| self.codes.get(code)) {
                found.push(format!("{what} in {place}"));
            }
        }
        found
    }

    /// The same in every file below a directory, less those of the names that are left out.
    ///
    /// # Errors
    /// What the file system says.
    pub fn found_below(&self, directory: &Path, left_out: &[&str]) -> std::io::Result<Vec<String>> {
        let mut found = Vec::new();
        for file in files_below(directory, left_out)? {
            match std::fs::read(&file) {
                Ok(bytes) => found.extend(self.found_in(&file.display().to_string(), &bytes)),
                // A write-ahead log goes when its last reader does.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// Every file below a directory, less those of the names that are left out.
///
/// # Errors
/// What the file system says.
pub fn files_below(directory: &Path, left_out: &[&str]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if left_out.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            files.extend(files_below(&entry.path(), left_out)?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(canaries: &Canaries, bytes: &[u8]) -> Vec<String> {
        canaries.search().found_in("here", bytes)
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_place() {
        let secret = b"a secret of some length";
        let mut canaries = Canaries::default();
        assert!(canaries.plant("it", secret));
        for before in 0..9 {
            let mut text = vec![b'#'; before];
            text.extend_from_slice(secret);
            text.extend_from_slice(b"and more");
            for form in [
                text.clone(),
                HEXLOWER.encode(&text).into_bytes(),
                HEXUPPER.encode(&text).into_bytes(),
                BASE64_NOPAD.encode(&text).into_bytes(),
                BASE64URL_NOPAD.encode(&text).into_bytes(),
            ] {
                assert_eq!(found(&canaries, &form), ["it in here"], "{before}");
            }
        }
        assert_eq!(found(&canaries, BASE32_NOPAD.encode(secret).as_bytes()), ["it in here"]);
        assert_eq!(found(&canaries, b"a secret of some other length"), [""; 0]);
    }

    #[test]
    fn a_code_is_found_where_it_stands_alone() {
        let mut canaries = Canaries::default();
        canaries.plant("code", b"042917");
        for there in ["042917", "\"code\":\"042917\"", "x 042917\0"] {
            assert_eq!(found(&canaries, there.as_bytes()), ["code in here"], "{there}");
        }
        for chance in ["1042917", "a042917f", "042918"] {
            assert_eq!(found(&canaries, chance.as_bytes()), [""; 0], "{chance}");
        }
        assert!(canaries.search().secrets_in("here", b"042917").is_empty());
    }

    #[test]
    fn bodies_are_searched_for_what_is_secret() {
        let mut canaries = Canaries::default();
        let seed = BASE32_NOPAD.encode(b"twenty bytes of seed");
        canaries.plant_sent(&json!({ "code": "042917", "password": "long enough 1" }));
        canaries.plant_answered(&json!({ "code": "authentication-failed" }));
        canaries.plant_answered(&json!({ "secret": seed, "session": { "token": "t".repeat(64) } }));
        canaries.plant_answered(&json!({ "recovery_codes": ["AAAAA-BBBBB"] }));
        for secret in
            ["042917", "long enough 1", "twenty bytes of seed", &"t".repeat(64), "AAAAABBBBB"]
        {
            assert!(!found(&canaries, secret.as_bytes()).is_empty(), "{secret}");
        }
        assert_eq!(found(&canaries, b"authentication-failed"), [""; 0]);
    }

    #[test]
    fn what_is_too_short_to_tell_from_chance_is_not_taken() {
        assert!(!Canaries::default().plant("it", b"seven b"));
        assert!(!Canaries::default().plant("it", b"12345"));
    }
}
