//! Where browsers are sent back to by what a client app asks: addresses on a list, compared byte
//! for byte (RFC 9700, 2.1).
//!
//! An address is taken only as browsers write it, so that there is one spelling of it, and only
//! where nobody in between can read what the browser carries there.

use countersign_events::client::{self, ClientEvent, Redirects};
use countersign_events::id::{ClientId, StreamId};
use url::{Host, Url};

use super::super::answer::ClientView;
use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::given_up;
use crate::actors::account::CONFLICTS_MAX;
use crate::domain::refusal::Refusal;

/// Addresses of one kind that an app has at most.
pub const REDIRECTS_MAX: usize = 20;
/// Characters of an address.
pub const REDIRECT_CHARS_MAX: usize = 512;
/// The host that names the machine itself, besides its addresses.
const LOCALHOST: &str = "localhost";

impl Accounts {
    /// Sends browsers back to these addresses from now on, and to no other.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`], [`Refusal::Conflict`] for an app that is
    /// disabled; a [`Fault`].
    pub async fn set_redirects(
        &self,
        call: &Call,
        client: ClientId,
        redirects: Redirects,
    ) -> Verdict<ClientView> {
        if let Err(refusal) = check_redirects(&redirects) {
            return Ok(Err(refusal));
        }
        for _ in 0..CONFLICTS_MAX {
            let known = self.known_client(client).await?;
            let Some(view) = known.client.view(client) else {
                return Ok(Err(Refusal::NotFound("client")));
            };
            if !view.enabled {
                return Ok(Err(Refusal::Conflict("this client app is disabled")));
            }
            if view.redirects == redirects {
                return Ok(Ok(view));
            }
            let id = self.log().event_id()?;
            let set = client::RedirectsSet { redirects: redirects.clone(), tells_admins: true };
            let event = ClientEvent::RedirectsSet(set);
            if self.record_client(call, client, known.head, id, &event).await? {
                return Ok(Ok(ClientView { redirects, ..view }));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    pub(in crate::accounts) async fn known_app(
        &self,
        client: ClientId,
    ) -> Result<Option<ClientView>, Fault> {
        Ok(self.known_client(client).await?.client.view(client))
    }
}

/// Checks addresses that browsers are to be sent back to.
pub(super) fn check_redirects(redirects: &Redirects) -> Result<(), Refusal> {
    check("redirect_uris", &redirects.sign_in)?;
    check("post_logout_redirect_uris", &redirects.sign_out)
}

fn check(field: &'static str, uris: &[String]) -> Result<(), Refusal> {
    let invalid = |reason: String| Err(Refusal::Invalid { field, reason });
    if uris.len() > REDIRECTS_MAX {
        return invalid(format!("{REDIRECTS_MAX} addresses at most"));
    }
    for uri in uris {
        if let Err(reason) = check_one(uri) {
            return invalid(format!("{}: {reason}", uri.escape_debug()));
        }
    }
    Ok(())
}

fn check_one(uri: &str) -> Result<(), String> {
    if uri.len() > REDIRECT_CHARS_MAX {
        return Err(format!("{REDIRECT_CHARS_MAX} characters at most"));
    }
    let url = Url::parse(uri).map_err(|error| error.to_string())?;
    if url.as_str() != uri {
        return Err(format!("browsers write it as {url}"));
    }
    if url.fragment().is_some() {
        return Err("an address with a fragment (#…) is none to come back to".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user in an address is read by whoever sees the address".to_owned());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err("http is for this machine alone: anybody in between reads it".to_owned()),
        _ => Err("must begin with https://, or with http:// on this machine".to_owned()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == LOCALHOST,
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9700: one spelling, no fragment, nobody in between.
    #[test]
    fn an_address_is_taken_only_as_browsers_write_it() {
        for good in [
            "https://shop.example/callback",
            "https://shop.example/",
            "https://shop.example:8443/cb?from=sign-in",
            "http://127.0.0.1:8000/cb",
            "http://localhost/cb",
            "http://[::1]:9/cb",
        ] {
            assert_eq!(check_one(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "https://shop.example",
            "https://SHOP.example/cb",
            "https://shop.example/a/../cb",
            "https://shop.example:443/cb",
            "https://shop.example/cb#there",
            "https://shop.example@evil.example/cb",
            "https://user:secret@shop.example/cb",
            "http://shop.example/cb",
            "http://localhost.evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example.app:/cb",
            "https://shop.example/c b",
            "https://shop.example/cb\n",
        ] {
            assert!(check_one(bad).is_err(), "{bad}");
        }
        assert!(check_one(&format!("https://shop.example/{}", "a".repeat(500))).is_err());
        let many = vec!["https://shop.example/".to_owned(); REDIRECTS_MAX + 1];
        assert!(check("redirect_uris", &many).is_err());
    }
}
