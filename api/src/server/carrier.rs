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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    use countersign_core::webhooks::address::HookUrl;
    use countersign_events::id::EventId;
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    /// A receiver that answers each connection with the next of these, and closes it: its address,
    /// and what it was sent.
    fn receiver(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let serves = thread::spawn(move || {
            let mut sent = vec![];
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut read = vec![0; 4096];
                let mut request = String::new();
                while !request.ends_with("{}") {
                    let count = stream.read(&mut read).unwrap();
                    request.push_str(std::str::from_utf8(&read[..count]).unwrap());
                }
                sent.push(request);
                // Whoever does not read a body to its end closes while it is being written.
                let _gone = stream.write_all(answer.as_bytes());
            }
            sent
        });
        (url, serves)
    }

    fn delivery(url: &str) -> Delivery {
        Delivery {
            url: HookUrl::parse(url).unwrap(),
            event: EventId::new(Uuid::from_u128(7)),
            at: Timestamp::from_second(1_795_000_000).unwrap(),
            signature: "v1,c2ln".to_owned(),
            body: "{}".into(),
        }
    }

    /// A redirect leads nowhere, a body of any length is not waited for, and each status is told.
    #[actix_web::test]
    async fn what_a_receiver_answers_is_its_status_and_nothing_more() {
        let head = |status: &str, more: &str| {
            format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n")
        };
        let elsewhere = "Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\n";
        let endless = format!("Content-Length: 100000000\r\n\r\n{}", "x".repeat(1 << 20));
        let (url, serves) = receiver(vec![
            head("204 No Content", ""),
            head("302 Found", elsewhere),
            head("308 Permanent Redirect", elsewhere),
            head("200 OK", &endless),
            head("410 Gone", "Content-Length: 0\r\n"),
            head("503 Unavailable", "Content-Length: 0\r\n"),
        ]);
        let carrier = HttpCarrier::new().unwrap();
        let mut told = vec![];
        for _ in 0..6 {
            told.push(carrier.carry(delivery(&url)).await);
        }
        let wanted = [
            Ok(()),
            Err(NotTaken::Status(302)),
            Err(NotTaken::Status(308)),
            Ok(()),
            Err(NotTaken::Gone),
            Err(NotTaken::Status(503)),
        ];
        assert_eq!(told, wanted);
        let sent = serves.join().unwrap();
        for header in
            ["webhook-id: ", "webhook-timestamp: 1795000000", "webhook-signature: v1,c2ln"]
        {
            assert!(sent[0].contains(header), "{header} in {}", sent[0]);
        }
        assert_eq!(carrier.carry(delivery(&url)).await, Err(NotTaken::Unreachable), "gone home");
    }

    /// A name that leads to the machine's credentials, or nowhere, leads to no receiver.
    #[actix_web::test]
    async fn a_name_leads_to_receivers_alone() {
        let resolved = async |name: &str| Receivers.resolve(name.parse().unwrap()).await.is_ok();
        assert!(resolved("127.0.0.1").await);
        for name in ["169.254.169.254", "0.0.0.0", "224.0.0.1"] {
            assert!(!resolved(name).await, "{name}");
        }
    }
}
