//! Where the browser goes back: the app's own address with what the app is to know behind it.

use url::Url;

/// Where to, with these parameters behind what the address has already.
pub(crate) fn back(redirect_uri: &str, parameters: &[(&str, Option<&str>)]) -> Option<String> {
    let mut url = Url::parse(redirect_uri).ok()?;
    let given = parameters.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let mut given = given.peekable();
    // Where there is nothing to be told, the address stays as the app has registered it.
    if given.peek().is_some() {
        url.query_pairs_mut().extend_pairs(given);
    }
    Some(url.into())
}

/// The same with why there is no grant (RFC 6749, 4.1.2.1; RFC 9207).
pub(crate) fn back_with_error(
    redirect_uri: &str,
    (error, description): (&str, &str),
    state: Option<&str>,
    issuer: &str,
) -> Option<String> {
    let parameters = [
        ("error", Some(error)),
        ("error_description", Some(description)),
        ("state", state),
        ("iss", Some(issuer)),
    ];
    back(redirect_uri, &parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_has_already_stays() {
        let there =
            back("https://a.example/cb?from=x%20y", &[("code", Some("1&2")), ("state", None)]);
        assert_eq!(there.as_deref(), Some("https://a.example/cb?from=x%20y&code=1%262"));
        let there = back("https://a.example/left", &[("state", None)]);
        assert_eq!(there.as_deref(), Some("https://a.example/left"));
        let there = back_with_error(
            "https://a.example/cb",
            ("login_required", "nobody is signed in"),
            Some("s=1"),
            "https://id.example",
        );
        assert_eq!(
            there.as_deref(),
            Some(
                "https://a.example/cb?error=login_required&error_description=nobody+is+signed+in\
                 &state=s%3D1&iss=https%3A%2F%2Fid.example"
            )
        );
    }
}
