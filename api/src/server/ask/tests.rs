//! What of a request is read, and what is malformed.

use actix_web::http::header::{HeaderName, HeaderValue};

use super::*;

fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn an_idempotency_key_has_22_to_64_characters() {
    let read = |values: &[&str]| idempotency_key(&headers("idempotency-key", values));
    assert!(read(&[]).is_ok_and(|key| key.is_none()));
    assert!(read(&[&"k".repeat(22)]).is_ok_and(|key| key.is_some()));
    assert!(read(&[&"k".repeat(64)]).is_ok_and(|key| key.is_some()));
    assert!(read(&[&"k".repeat(21)]).is_err());
    assert!(read(&[&"k".repeat(65)]).is_err());
    assert!(read(&[&"k ".repeat(15)]).is_err());
    assert!(read(&[&"k".repeat(22), &"k".repeat(22)]).is_err());
}

#[test]
fn a_segment_is_decoded_once() {
    assert_eq!(decode("subject:a%2Fb"), Some("subject:a/b".into()));
    assert_eq!(decode("%2525"), Some("%25".into()));
    assert_eq!(decode("%"), None);
    assert_eq!(decode("%zz"), None);
    assert_eq!(decode("%ff"), None);
}
