//! `GET /metrics`: the numbers of this process, in the text format of Prometheus.

use std::sync::OnceLock;

use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// One recorder serves a process, however many servers it starts.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Records numbers from now on.
pub(crate) fn install() {
    RECORDER.get_or_init(|| match PrometheusBuilder::new().install_recorder() {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::warn!(%error, "no metrics");
            None
        }
    });
}

/// Sets the numbers that are read off and not counted.
pub(crate) type Observe = Box<dyn Fn() + Send + Sync>;

/// `GET /metrics`
pub(crate) async fn show(observe: web::Data<Observe>) -> HttpResponse {
    let Some(Some(handle)) = RECORDER.get() else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    observe();
    handle.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render())
}
