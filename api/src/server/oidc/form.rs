//! A body as HTML forms send it, each name once.

use std::collections::BTreeMap;

use url::form_urlencoded;
use zeroize::Zeroizing;

/// What a form says.
pub(crate) struct Form(BTreeMap<String, Zeroizing<String>>);

impl Form {
    /// Reads a form; `None` for one that says something twice (RFC 6749, 3.2).
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let value = Zeroizing::new(value.into_owned());
            if fields.insert(name.into_owned(), value).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// What it says of this, if anything: what is empty says nothing (RFC 6749, 3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&Zeroizing<String>> {
        self.0.get(name).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_everything_once() {
        let form = Form::read(b"code=a%2Bb+c&empty=&other=1").unwrap();
        assert_eq!(form.get("code").map(|text| text.as_str()), Some("a+b c"));
        assert!(form.get("empty").is_none() && form.get("none").is_none());
        assert!(Form::read(b"code=1&code=1").is_none());
    }
}
