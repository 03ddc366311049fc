//! What the command line does with client apps and their keys.

use countersign_core::accounts::request::Call;
use countersign_events::id;
use serde::{Deserialize, Serialize};

use super::{Console, Reply, WebhookVerb, reply};
use crate::contract::client::{AddClient, AddKey, Redirects};
use crate::contract::id::{ClientId, KeyId};
use crate::server::answers;

/// What is to be done with client apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientVerb {
    /// Add one.
    Add {
        /// Which.
        asked: AddClient,
    },
    /// List them.
    List,
    /// Disable one.
    Disable {
        /// The app.
        client_id: ClientId,
    },
    /// Give one another key.
    Rotate {
        /// The app.
        client_id: ClientId,
        /// What key.
        asked: AddKey,
    },
    /// Send browsers back to other addresses.
    SetRedirects {
        /// The app.
        client_id: ClientId,
        /// Where to.
        redirects: Redirects,
    },
    /// End one key.
    EndKey {
        /// The app.
        client_id: ClientId,
        /// The key.
        key_id: KeyId,
    },
    /// Something with the webhooks of one.
    Webhook {
        /// The app.
        client_id: ClientId,
        /// What.
        act: WebhookVerb,
    },
}

impl Console {
    pub(super) async fn do_with_clients(&self, call: &Call, act: ClientVerb) -> Reply {
        let accounts = &self.accounts;
        match act {
            ClientVerb::Add { asked } => {
                let added = accounts.add_client(call, answers::core_new_client(asked)).await;
                reply(added, |added| answers::client_added(&added))
            }
            ClientVerb::List => reply(accounts.clients(call).await, |clients| {
                clients.into_iter().map(answers::client_app).collect::<Vec<_>>()
            }),
            ClientVerb::Disable { client_id } => {
                reply(accounts.disable_client(call, core_id(client_id)).await, |()| ())
            }
            ClientVerb::Rotate { client_id, asked } => {
                let new = answers::core_new_key(&asked);
                let added = accounts.add_key(call, core_id(client_id), new).await;
                reply(added, |added| answers::key_added(&added))
            }
            ClientVerb::SetRedirects { client_id, redirects } => {
                let wanted = answers::core_redirects(redirects);
                let set = accounts.set_redirects(call, core_id(client_id), wanted).await;
                reply(set, |view| answers::redirects(view.redirects))
            }
            ClientVerb::Webhook { client_id, act } => {
                self.do_with_webhooks(call, core_id(client_id), act).await
            }
            ClientVerb::EndKey { client_id, key_id } => {
                let key = id::EventId::new(key_id.uuid());
                reply(accounts.end_key(call, core_id(client_id), key).await, |()| ())
            }
        }
    }
}

const fn core_id(client: ClientId) -> id::ClientId {
    id::ClientId::new(client.uuid())
}
