use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, test};
use countersign_core::clock::SystemClock;
use countersign_core::entropy::{Entropy, NoEntropy, OsEntropy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::host::HostList;
use super::*;
use crate::server::listener::Listener;

fn edge(entropy: Arc<dyn Entropy>) -> web::Data<Edge> {
    web::Data::new(Edge {
        listener: Listener::Public,
        clock: Arc::new(SystemClock),
        entropy,
        hosts: HostList::new(&["here".to_owned()], "https", "10.0.0.1:1".parse().unwrap()),
    })
}

async fn breaks() -> HttpResponse {
    panic!("CANARY");
}

/// SR-076: a panic is a generic 500 with every header, and the next request is answered.
#[actix_web::test]
async fn sr_076_a_panic_is_a_generic_500_and_the_worker_survives() {
    let app = test::init_service(
        App::new()
            .app_data(edge(Arc::new(OsEntropy)))
            .route("/breaks", web::get().to(breaks))
            .route("/works", web::get().to(|| async { HttpResponse::Ok().finish() }))
            .wrap(from_fn(every_request)),
    )
    .await;
    for _ in 0..3 {
        let broken = test::TestRequest::get().uri("/breaks").insert_header(("host", "here"));
        let error = test::try_call_service(&app, broken.to_request()).await.unwrap_err();
        let answer = error.error_response();
        assert_eq!(answer.status(), 500);
        assert!(answer.headers().contains_key("content-security-policy"));
        assert!(answer.headers().contains_key("x-request-id"));
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("CANARY"));
        let works = test::TestRequest::get().uri("/works").insert_header(("host", "here"));
        assert_eq!(test::call_service(&app, works.to_request()).await.status(), 200);
    }
}

struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoEntropy> {
        Err(NoEntropy("dry".into()))
    }
}

/// SR-141: without randomness there is no request id, and no request.
#[actix_web::test]
async fn sr_141_without_randomness_a_request_ends_with_503() {
    let app = test::init_service(
        App::new()
            .app_data(edge(Arc::new(Dry)))
            .route("/works", web::get().to(|| async { HttpResponse::Ok().finish() }))
            .wrap(from_fn(every_request)),
    )
    .await;
    let works = test::TestRequest::get().uri("/works").insert_header(("host", "here"));
    let error = test::try_call_service(&app, works.to_request()).await.unwrap_err();
    assert_eq!(error.error_response().status(), 503);
}

#[derive(Default)]
struct Gate {
    entered: Notify,
    open: Notify,
    done: Notify,
    finished: AtomicBool,
}

async fn passes(gate: web::Data<Gate>) -> HttpResponse {
    gate.entered.notify_one();
    gate.open.notified().await;
    gate.finished.store(true, Ordering::SeqCst);
    gate.done.notify_one();
    HttpResponse::Ok().finish()
}

/// A client that goes away does not drop the handler that works for it: what has entered the core
/// runs to its end.
#[actix_web::test]
async fn a_client_that_goes_away_does_not_stop_its_request() {
    let gate = web::Data::new(Gate::default());
    let (edge, at_gate) = (edge(Arc::new(OsEntropy)), gate.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(edge.clone())
            .app_data(at_gate.clone())
            .route("/passes", web::get().to(passes))
            .route("/works", web::get().to(|| async { HttpResponse::Ok().finish() }))
            .wrap(from_fn(every_request))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /passes HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
    gate.entered.notified().await;
    drop(client);
    // The one worker serves these after it has seen the connection go.
    for _ in 0..20 {
        let mut other = TcpStream::connect(address).await.unwrap();
        let request = b"GET /works HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
        other.write_all(request).await.unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(!gate.finished.load(Ordering::SeqCst));
    gate.open.notify_one();
    gate.done.notified().await;
    handle.stop(true).await;
}
