//! Operators and client apps, as they go over the wire.

use countersign_core::accounts::answer as core;

use super::{account_id, by, client_id, role, scope};
use crate::contract::client::{ClientAdded, ClientApp};
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

pub(crate) fn client_app(view: core::ClientView) -> ClientApp {
    ClientApp {
        client_id: client_id(view.client),
        name: view.name,
        scopes: view.scopes.into_iter().map(scope).collect(),
        enabled: view.enabled,
    }
}

pub(crate) fn client_added(added: &core::ClientAdded) -> ClientAdded {
    ClientAdded {
        client_id: client_id(added.client),
        api_key: Secret::from(added.api_key.reveal()),
    }
}
