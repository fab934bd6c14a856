//! A show's events as they are told: server-sent events, one [`ShowEvent`] each.

use std::sync::{Arc, Mutex};

use crosspoint_model::show::{LineReport, ShowEvent};
use tokio::task::JoinHandle;

/// Listens to a show.
#[derive(Debug)]
pub struct Events {
    told: Arc<Mutex<Vec<ShowEvent>>>,
    work: JoinHandle<()>,
}

impl Events {
    /// Listens as whoever runs the server.
    pub async fn of(url: &str, show: &str) -> Self {
        let url = format!("{url}/api/shows/{show}/events");
        let response = reqwest::Client::new().get(&url).send().await.expect("an answer");
        assert!(response.status().is_success(), "{url}: {}", response.status());
        let told = Arc::default();
        let work = tokio::spawn(listen(response, Arc::clone(&told)));
        Self { told, work }
    }

    /// All that was told so far.
    pub fn told(&self) -> Vec<ShowEvent> {
        self.told.lock().expect("nobody panics while listening").clone()
    }

    /// Forgets what was told so far.
    pub fn forget(&self) {
        self.told.lock().expect("nobody panics while listening").clear();
    }

    /// How the lines did, each time it was told.
    pub fn lines(&self) -> Vec<LineReport> {
        let lines = self.told().into_iter().filter_map(|event| match event {
            ShowEvent::Lines { lines } => Some(lines),
            _ => None,
        });
        lines.flatten().collect()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn listen(mut response: reqwest::Response, told: Arc<Mutex<Vec<ShowEvent>>>) {
    let mut text = String::new();
    while let Ok(Some(piece)) = response.chunk().await {
        text.push_str(&String::from_utf8_lossy(&piece));
        while let Some(end) = text.find("\n\n") {
            let event: String = text.drain(..end + 2).collect();
            let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).collect();
            if data.is_empty() {
                continue;
            }
            let event = serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}"));
            told.lock().expect("nobody panics while listening").push(event);
        }
    }
}
