//! What a call declares, its cache and its problems, holds for every answer of every suite.

use countersign_api::server::listener::Listener;
use countersign_api::server::openapi::problems::problems;
use countersign_api::server::routes::declared::Cache;
use countersign_api::server::routes::{Row, TABLE, fits};
use reqwest::Method;
use reqwest::header::CACHE_CONTROL;

use super::calls::Answered;

/// The row that serves a path on a listener, as the router finds it: the first whose path fits,
/// then by the method.
fn row(on: Listener, method: &Method, path: &str) -> Option<&'static Row> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let served = || TABLE.iter().filter(|row| row.on.contains(&on));
    let template = served().find(|row| fits(row.path, path))?.path;
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    served().find(|row| row.path == template && row.method.as_str() == method)
}

/// Panics where an answer is not what the row of its call declares.
pub(super) fn check(on: Listener, method: &Method, path: &str, answered: &Answered) {
    let Some(row) = row(on, method, path) else { return };
    let succeeded = (200..300).contains(&answered.status);
    let wanted = if succeeded { row.cache } else { Cache::NoStore };
    let cache = answered.headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    assert_eq!(cache, Some(wanted.header().as_str()), "{method} {}: {answered:?}", row.path);
    let code = answered.text_at("/code");
    if answered.status >= 400 && !code.is_empty() {
        let declared = problems(row);
        let is_declared = declared.iter().any(|problem| problem.text() == code);
        assert!(is_declared, "{method} {} answers {code}, undeclared: {answered:?}", row.path);
    }
}
