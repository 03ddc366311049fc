//! The way out for deliveries to webhooks: HTTP over TLS, with bounds on everything that a receiver
//! decides.
//!
//! A redirect is not followed: it would lead where no admin has. The body of an answer is not read:
//! its status says all. Names are resolved here, so that none leads to where a URL may not.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_core::webhooks::address::leads_to_no_receiver;
use countersign_core::webhooks::{Carrier, Delivery, NotTaken};
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, redirect};

use crate::contract::app_event::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};

/// How long a connection with its handshake may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one delivery may take, connecting included: one that is answered after half a minute
/// is taken.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(40);
/// How long an idle connection is kept.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections to one receiver at most.
const IDLE_PER_RECEIVER_MAX: usize = 8;
/// Who we say that we are.
const USER_AGENT: &str = concat!("Countersign/", env!("CARGO_PKG_VERSION"));

/// Carries deliveries over HTTP.
#[derive(Debug, Clone)]
pub(super) struct HttpCarrier(Client);

impl HttpCarrier {
    /// A carrier, which speaks to nobody before the first delivery.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(Receivers)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(SEND_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_RECEIVER_MAX)
            .build()
            .map(Self)
    }

    async fn send(&self, delivery: Delivery) -> Result<(), NotTaken> {
        let Delivery { url, event, at, signature, body } = delivery;
        let request = self
            .0
            .post(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(WEBHOOK_ID, event.to_string())
            .header(WEBHOOK_TIMESTAMP, at.as_second())
            .header(WEBHOOK_SIGNATURE, signature)
            .body(body);
        let answer = request.send().await.map_err(|error| match error.is_timeout() {
            true => NotTaken::TimedOut,
            false => NotTaken::Unreachable,
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(NotTaken::Gone),
            status => Err(NotTaken::Status(status.as_u16())),
        }
    }
}

impl Carrier for HttpCarrier {
    fn carry(&self, delivery: Delivery) -> BoxFuture<'_, Result<(), NotTaken>> {
        Box::pin(self.send(delivery))
    }
}

/// Resolves names, less the addresses where no receiver is.
struct Receivers;

impl Resolve for Receivers {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is that of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let fine: Vec<SocketAddr> =
                found.filter(|address| !leads_to_no_receiver(address.ip())).collect();
            if fine.is_empty() {
                return Err(io::Error::other("the name leads to no receiver").into());
            }
            Ok(Box::new(fine.into_iter()) as Addrs)
        })
    }
}
