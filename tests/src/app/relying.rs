//! Client apps that browsers are sent back to.

use countersign_core::accounts::request::NewClient;
use countersign_events::client::Redirects;

use super::person::yes;
use super::{TestApp, loudly};

/// Such an app.
#[derive(Debug, Clone)]
pub struct RelyingApp {
    /// Its id.
    pub id: String,
    /// Its API key.
    pub key: String,
}

impl TestApp {
    /// An app that browsers come back to with a sign-in, and go back to when they have signed out.
    ///
    /// # Panics
    /// Where it cannot be added.
    pub async fn relying_app(&self, name: &str, back: &str, left: &str) -> RelyingApp {
        loudly(self.add_relying(name, back, left).await)
    }

    async fn add_relying(&self, name: &str, back: &str, left: &str) -> anyhow::Result<RelyingApp> {
        let redirects =
            Redirects { sign_in: vec![back.to_owned()], sign_out: vec![left.to_owned()] };
        let new = NewClient { redirects, ..NewClient::new(name.to_owned(), Vec::new(), None) };
        let accounts = &self.served()?.accounts;
        let added = yes(accounts.add_client(&self.core_call()?, new).await)?;
        let key = added.api_key.reveal().to_string();
        self.plant("API key", key.as_bytes());
        Ok(RelyingApp { id: added.client.to_string(), key })
    }
}
