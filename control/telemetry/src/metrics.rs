//! The registry of figures.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::process::Process;
use crate::requests::Requests;

/// All figures of this process. Cloning it is cheap.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Requests,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// The content type of [`Self::encode`] (OpenMetrics 1.0).
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Figures of the process and of HTTP requests; more are added with [`Self::collect`].
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("crosspoint");
        let requests = Requests::register(&mut registry);
        let metrics = Self { registry: Arc::new(Mutex::new(registry)), requests };
        metrics.collect(Process);
        metrics
    }

    /// Asks this collector too, whenever somebody reads the figures.
    pub fn collect(&self, collector: impl Collector) {
        self.lock().register_collector(Box::new(collector));
    }

    /// HTTP requests.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// All figures as text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.lock())?;
        Ok(text)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registry> {
        // A collector that panicked has changed nothing in the registry.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_text_has_requests_and_the_process() {
        let metrics = Metrics::new();
        metrics.requests().observe("GET", "/api/rooms/{room}", 200, Duration::from_millis(3));
        let text = metrics.encode().expect("text");
        let counted = r#"crosspoint_http_requests_total{method="GET",route="/api/rooms/{room}",status="200"} 1"#;
        assert!(text.contains(counted), "{text}");
        for name in ["crosspoint_process_cpu_seconds_total", "crosspoint_process_resident_memory_bytes"] {
            let line = text.lines().find(|line| line.starts_with(name)).expect(name);
            assert!(
                line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).is_some_and(|value| value >= 0.0)
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
