//! The body of a request, read: there in time, small enough, and by its type what the call takes.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, web};
use zeroize::Zeroizing;

use super::json::BODY_BYTES_MAX;
use super::problem::ProblemAnswer;
use super::routes::declared::Body;
use crate::contract::problem::ProblemCode;
use crate::contract::{FORM_MEDIA_TYPE, JSON_MEDIA_TYPE};

/// A body that is not there by then is not waited for.
const BODY_WAIT: Duration = Duration::from_secs(10);

/// Reads a body that is there in time, small enough and by its type what the call takes (SR-067).
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    form: Body,
) -> Result<Zeroizing<Vec<u8>>, ProblemAnswer> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let body = payload.to_bytes_limited(BODY_BYTES_MAX);
    let too_large = || ProblemAnswer::invalid("the body is larger than 16 KiB");
    if declared_length(request.headers()) > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let body = match tokio::time::timeout(BODY_WAIT, body).await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Err(_)) => return Err(too_large()),
        Ok(Ok(Err(_))) => return Err(ProblemAnswer::invalid("the body broke off")),
        Err(_) => return Err(ProblemAnswer::invalid("the body did not come in time")),
    };
    if !changes && !body.is_empty() {
        return Err(ProblemAnswer::invalid("this call takes no body"));
    }
    let may_be_silent = *request.method() == Method::DELETE || form == Body::Form;
    let silent = may_be_silent && body.is_empty();
    let media_type = match form {
        Body::Json => JSON_MEDIA_TYPE,
        Body::Form => FORM_MEDIA_TYPE,
    };
    if changes && !silent && !is(media_type, request.headers()) {
        let detail = format!("this call takes {media_type}");
        return Err(ProblemAnswer::detailed(ProblemCode::UnsupportedMediaType, detail));
    }
    Ok(Zeroizing::new(body.to_vec()))
}

fn declared_length(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn is(media_type: &str, headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(content_type), None) = (types.next(), types.next()) else { return false };
    let text = content_type.to_str().unwrap_or_default();
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    essence.trim().eq_ignore_ascii_case(media_type)
        && ["", "charset=utf-8", "charset=\"utf-8\""].contains(&parameters.as_str())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    /// SR-067: nothing but `application/json`, once.
    #[test]
    fn sr_067_only_one_content_type_is_json() {
        for good in ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"] {
            assert!(is(JSON_MEDIA_TYPE, &headers("content-type", &[good])), "{good}");
        }
        for bad in
            ["text/plain", "application/json; charset=utf-16", "application/jsonp", "text/json", ""]
        {
            assert!(!is(JSON_MEDIA_TYPE, &headers("content-type", &[bad])), "{bad}");
        }
        assert!(!is(JSON_MEDIA_TYPE, &headers("content-type", &[])));
        let two = ["application/json", "text/plain"];
        assert!(!is(JSON_MEDIA_TYPE, &headers("content-type", &two)));
    }

    #[test]
    fn a_form_is_no_json_and_json_no_form() {
        let form = headers("content-type", &["application/x-www-form-urlencoded"]);
        let json = headers("content-type", &["application/json"]);
        assert!(is(FORM_MEDIA_TYPE, &form) && is(JSON_MEDIA_TYPE, &json));
        assert!(!is(JSON_MEDIA_TYPE, &form) && !is(FORM_MEDIA_TYPE, &json));
    }
}
