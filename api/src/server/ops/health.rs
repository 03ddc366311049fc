//! Health: alive is whoever answers; ready is who should be given work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use serde_json::json;

/// Whether this server should be given work.
#[derive(Clone, Default)]
pub struct Readiness {
    serving: Arc<AtomicBool>,
    checks: Arc<Vec<Check>>,
}

/// Something that must be well: its name, and whether it is.
pub type Check = (&'static str, Box<dyn Fn() -> bool + Send + Sync>);

impl Readiness {
    /// Ready when serving and when every check is well.
    #[must_use]
    pub fn new(checks: Vec<Check>) -> Self {
        Self { serving: Arc::default(), checks: Arc::new(checks) }
    }

    /// Serving from now on, or no longer.
    pub fn set_serving(&self, serving: bool) {
        self.serving.store(serving, Ordering::SeqCst);
    }

    /// What is not well.
    fn unwell(&self) -> Vec<&'static str> {
        let mut unwell: Vec<_> =
            self.checks.iter().filter(|(_, well)| !well()).map(|(name, _)| *name).collect();
        if !self.serving.load(Ordering::SeqCst) {
            unwell.push("serving");
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
    let unwell = readiness.unwell();
    if unwell.is_empty() {
        HttpResponse::Ok().json(json!({ "status": "ready" }))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({ "status": "not ready", "unwell": unwell }))
    }
}
