//! HTTP requests, counted by route and status, and timed.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds.
const BUCKETS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// HTTP requests. Cloning it is cheap.
#[derive(Clone)]
pub struct Requests {
    count: Family<Labels, Counter>,
    time: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

impl Requests {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let count = Family::default();
        let time = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        registry.register("http_requests", "HTTP requests", count.clone());
        registry.register("http_request_seconds", "How long HTTP requests took, in seconds", time.clone());
        Self { count, time }
    }

    /// Counts a request. `route` is the pattern (`/whip/{room}`), never the path: a path holds names and has no bound.
    pub fn observe(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = Labels { method: known_method(method), route: route.to_owned(), status };
        self.count.get_or_create(&labels).inc();
        self.time.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }
}

/// A client can invent methods; labels must not grow with them.
fn known_method(method: &str) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}
