//! Operators and client apps, as they go over the wire.

use countersign_core::accounts::answer as core;
use countersign_core::accounts::request::{NewClient, NewKey};
use countersign_events::client;
use countersign_events::id::EventId;
use jiff::SignedDuration;

use super::{account_id, by, client_id, core_scope, role, scope};
use crate::contract::client::{
    AddClient, AddKey, ClientAdded, ClientApp, ClientKey, KeyAdded, Redirects,
};
use crate::contract::id::KeyId;
use crate::contract::operator::{Operator, OperatorAdded, OperatorListed};
use crate::contract::secret::Secret;

pub(crate) fn operator(view: &core::OperatorView) -> Operator {
    Operator {
        account_id: account_id(view.account),
        role: role(view.role),
        set_up: view.set_up,
        enabled: view.enabled,
    }
}

pub(crate) fn operator_listed(listed: core::OperatorListed) -> OperatorListed {
    OperatorListed {
        account_id: account_id(listed.operator.account),
        login: listed.login,
        role: role(listed.operator.role),
        role_since: listed.role_since,
        added_by: listed.added_by.map(by),
        added_at: listed.added_at,
        last_used_at: listed.last_used_at,
        set_up: listed.operator.set_up,
        enabled: listed.operator.enabled,
    }
}

pub(crate) fn operator_added(added: &core::OperatorAdded) -> OperatorAdded {
    OperatorAdded {
        account_id: account_id(added.account),
        setup_token: Secret::from(added.setup_token.reveal()),
    }
}

pub(crate) fn client_app(listed: core::ClientListed) -> ClientApp {
    let core::ClientListed { client: view, keys } = listed;
    ClientApp {
        client_id: client_id(view.client),
        name: view.name,
        scopes: view.scopes.into_iter().map(scope).collect(),
        enabled: view.enabled,
        redirect_uris: view.redirects.sign_in,
        post_logout_redirect_uris: view.redirects.sign_out,
        keys: keys.into_iter().map(client_key).collect(),
    }
}

fn client_key(view: core::KeyView) -> ClientKey {
    ClientKey {
        key_id: key_id(view.id),
        added_at: view.added_at,
        added_by: by(view.added_by),
        expires_at: view.expires_at,
        overlaps_until: view.overlaps_until,
        ended_at: view.ended_at,
        last_used_at: view.last_used_at,
        alive: view.alive,
    }
}

pub(crate) fn redirects(redirects: client::Redirects) -> Redirects {
    let client::Redirects { sign_in, sign_out } = redirects;
    Redirects { redirect_uris: sign_in, post_logout_redirect_uris: sign_out }
}

pub(crate) fn core_redirects(redirects: Redirects) -> client::Redirects {
    let Redirects { redirect_uris, post_logout_redirect_uris } = redirects;
    client::Redirects { sign_in: redirect_uris, sign_out: post_logout_redirect_uris }
}

pub(crate) fn core_new_client(asked: AddClient) -> NewClient {
    NewClient {
        name: asked.name,
        scopes: asked.scopes.into_iter().map(core_scope).collect(),
        expires_in: asked.expires_in_seconds.map(span),
        redirects: client::Redirects {
            sign_in: asked.redirect_uris,
            sign_out: asked.post_logout_redirect_uris,
        },
    }
}

pub(crate) fn client_added(added: &core::ClientAdded) -> ClientAdded {
    ClientAdded {
        client_id: client_id(added.client),
        key_id: key_id(added.key),
        api_key: Secret::from(added.api_key.reveal()),
        expires_at: added.expires_at,
    }
}

pub(crate) fn key_added(added: &core::KeyAdded) -> KeyAdded {
    KeyAdded {
        client_id: client_id(added.client),
        key_id: key_id(added.key),
        api_key: Secret::from(added.api_key.reveal()),
        expires_at: added.expires_at,
        others_end_at: added.others_end_at,
    }
}

pub(crate) fn core_new_key(asked: &AddKey) -> NewKey {
    NewKey {
        overlap: asked.overlap_seconds.map(span),
        expires_in: asked.expires_in_seconds.map(span),
    }
}

/// So many seconds; more than there can be are as many as there can be, and beyond every bound.
pub(crate) fn span(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn key_id(id: EventId) -> KeyId {
    KeyId::new(id.uuid())
}
