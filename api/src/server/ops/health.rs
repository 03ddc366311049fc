//! Health: alive is whoever answers; ready is who should be given work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures::future::BoxFuture;
use serde_json::json;

/// A check that does not answer by then is not well.
const CHECK_WAIT: Duration = Duration::from_secs(2);

/// Something that must be well: its name, and what asks it.
pub type Check = (&'static str, Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>);

/// Whether this server should be given work.
#[derive(Clone, Default)]
pub(crate) struct Readiness {
    serving: Arc<AtomicBool>,
    checks: Arc<Vec<Check>>,
}

impl Readiness {
    /// Ready when serving and when every check is well.
    pub(crate) fn new(checks: Vec<Check>) -> Self {
        Self { serving: Arc::default(), checks: Arc::new(checks) }
    }

    /// Serving from now on, or no longer.
    pub(crate) fn set_serving(&self, serving: bool) {
        self.serving.store(serving, Ordering::SeqCst);
    }

    /// What is not well.
    async fn unwell(&self) -> Vec<&'static str> {
        let mut unwell = Vec::new();
        if !self.serving.load(Ordering::SeqCst) {
            unwell.push("serving");
        }
        for (name, check) in self.checks.iter() {
            if !tokio::time::timeout(CHECK_WAIT, check()).await.unwrap_or(false) {
                unwell.push(*name);
            }
        }
        unwell
    }
}

/// `GET /healthz/live`
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

/// `GET /healthz/ready`
pub(crate) async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    let unwell = readiness.unwell().await;
    if unwell.is_empty() {
        HttpResponse::Ok().json(json!({ "status": "ready" }))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({ "status": "not ready", "unwell": unwell }))
    }
}
