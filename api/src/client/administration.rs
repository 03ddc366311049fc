//! Client apps and operators.

use super::{Client, Pending};
use crate::contract::client::{AddClient, ClientAdded, ClientApp};
use crate::contract::operator::{AddOperator, Operator, OperatorAdded};
use crate::contract::page::{Page, PageQuery};

impl Client {
    /// Adds a client app; its key is told once: `POST /v1/clients`.
    pub fn add_client(&self, request: &AddClient) -> Pending<ClientAdded> {
        self.post(&["clients"], request)
    }

    /// Lists the client apps: `GET /v1/clients`.
    pub fn clients(&self, page: PageQuery) -> Pending<Page<ClientApp>> {
        self.get_with(&["clients"], &page)
    }

    /// Adds an operator; the setup token is told once: `POST /v1/operators`.
    pub fn add_operator(&self, request: &AddOperator) -> Pending<OperatorAdded> {
        self.post(&["operators"], request)
    }

    /// Lists the operators: `GET /v1/operators`.
    pub fn operators(&self, page: PageQuery) -> Pending<Page<Operator>> {
        self.get_with(&["operators"], &page)
    }

    /// Says what the operator who asks may do: `GET /v1/operators/me`.
    pub fn operator_me(&self) -> Pending<Operator> {
        self.get(&["operators", "me"])
    }
}
