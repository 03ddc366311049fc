//! Client apps, operators, the policy.

use super::{Client, Done, Pending};
use crate::contract::client::{AddClient, AddKey, ClientAdded, ClientApp, KeyAdded, Redirects};
use crate::contract::id::{AccountId, ClientId, KeyId};
use crate::contract::operator::{AddOperator, Operator, OperatorAdded, OperatorListed};
use crate::contract::page::Page;
use crate::contract::policy::{Policy, SetPolicy};

impl Client {
    /// Adds a client app; its key is told once: `POST /v1/clients`.
    pub fn add_client(&self, request: &AddClient) -> Pending<ClientAdded> {
        self.post(&["clients"], request)
    }

    /// Lists the client apps: `GET /v1/clients`.
    pub fn clients(&self) -> Pending<Page<ClientApp>> {
        self.get(&["clients"])
    }

    /// Disables a client app; its keys are dead: `DELETE /v1/clients/{client}`.
    pub fn disable_client(&self, client: ClientId) -> Pending<Done> {
        self.delete(&["clients", &client.to_string()])
    }

    /// Gives a client app another key, which is told once: `POST /v1/clients/{client}/keys`.
    pub fn add_key(&self, client: ClientId, request: &AddKey) -> Pending<KeyAdded> {
        self.post(&["clients", &client.to_string(), "keys"], request)
    }

    /// Sets where browsers are sent back to by what a client app asks:
    /// `PUT /v1/clients/{client}/redirects`.
    pub fn set_redirects(&self, client: ClientId, request: &Redirects) -> Pending<Redirects> {
        self.put(&["clients", &client.to_string(), "redirects"], request)
    }

    /// Ends one key of a client app: `DELETE /v1/clients/{client}/keys/{key}`.
    pub fn end_key(&self, client: ClientId, key: KeyId) -> Pending<Done> {
        self.delete(&["clients", &client.to_string(), "keys", &key.to_string()])
    }

    /// Adds an operator; the setup token is told once: `POST /v1/operators`.
    pub fn add_operator(&self, request: &AddOperator) -> Pending<OperatorAdded> {
        self.post(&["operators"], request)
    }

    /// Lists the operators: `GET /v1/operators`.
    pub fn operators(&self) -> Pending<Page<OperatorListed>> {
        self.get(&["operators"])
    }

    /// Disables an operator: `DELETE /v1/operators/{operator}`.
    pub fn disable_operator(&self, operator: AccountId) -> Pending<Done> {
        self.delete(&["operators", &operator.to_string()])
    }

    /// Says what the operator who asks may do: `GET /v1/operators/me`.
    pub fn operator_me(&self) -> Pending<Operator> {
        self.get(&["operators", "me"])
    }

    /// Shows the policy in force: `GET /v1/policy`.
    pub fn policy(&self) -> Pending<Policy> {
        self.get(&["policy"])
    }

    /// Puts a policy in force: `PUT /v1/policy`.
    pub fn set_policy(&self, request: &SetPolicy) -> Pending<Policy> {
        self.put(&["policy"], request)
    }
}
