//! The server's own log lines.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use super::running::Running;

/// SR-071, SR-146: one valid JSON line an answer, with the route's template and nothing typed.
#[actix_web::test]
async fn sr_071_sr_146_access_lines_are_json_and_hold_nothing_that_was_typed() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let running = Running::start().await;
    let token = running.signed_in("canary-login").await;
    let odd = "canary\u{1b}[31m\"}\\";
    let body = serde_json::json!({ "login": odd, "password": "canary-password" });
    running.post("/v1/sign-ins", &body).await;
    running.post(&format!("/v1/sign-ins/{}/answers", "CANARY0A".repeat(8)), &body).await;
    running.call("GET", running.public("/v1/accounts/me?email=canary%0d%0a"), Some(&token)).await;
    running.call("GET", running.public("/canary%0d%0a%22%7d/x"), None).await;
    let agent = running.http.get(running.public("/v1/session")).header("user-agent", "canary\"}");
    agent.send().await.unwrap();
    running.stop().await;

    let text = lines.text();
    let mut answered = 0;
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["target"] == "countersign::access" {
            answered += 1;
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
            assert!(line["fields"]["route"].is_string(), "{line}");
        }
    }
    assert!(answered >= 7, "{text}");
    assert!(text.contains("/v1/sign-ins/{id}/answers"), "{text}");
    assert!(!text.to_ascii_lowercase().contains("canary"), "{text}");
    assert!(!text.contains(&token), "{text}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
