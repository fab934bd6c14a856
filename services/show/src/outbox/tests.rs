//! The outbox against receivers on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use crosspoint_auth::{DEV_KEY, Keys, unix_now};
use crosspoint_model::show::CallState;
use crosspoint_store::Store;
use crosspoint_telemetry::Metrics;
use serde_json::{Value, json};

use super::{Outbox, Pace, Settings, post as posts};
use crate::archive::tests::{call, made, rang, show};
use crate::archive::{Archive, Change};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_happens_is_told_in_order_signed_and_with_a_name_of_its_own() {
    let hook = Hook::open(&[]).await;
    let archive = archive(&[&hook]).await;
    let outbox = start(&archive, Pace::default()).await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    for seq in 2..20 {
        archive.save(rang(seq, &call("a", CallState::Ringing))).await.expect("saved");
    }
    hook.until_heard(19).await;
    let heard = hook.heard();
    let seqs: Vec<_> = heard.iter().map(|(_, body)| body["seq"].as_u64().expect("a number")).collect();
    assert_eq!(seqs, (1..20).collect::<Vec<_>>());
    assert_eq!((&heard[0].1["event"], &heard[0].1["showId"]), (&json!("show"), &json!("morning")));
    assert_eq!((&heard[1].1["what"], &heard[1].1["call"]["callId"]), (&json!("rang"), &json!("a")));
    assert_eq!(heard[0].1["show"]["pin"].as_str().unwrap_or_default(), "", "the PIN is nobody's business");
    let ids: std::collections::BTreeSet<_> = heard.iter().map(|(_, body)| body["id"].to_string()).collect();
    assert_eq!(ids.len(), heard.len());
    for (headers, _) in &heard {
        let token = headers["authorization"].to_str().expect("text");
        assert!(Keys::dev().verify(token, unix_now()).is_ok());
        assert_eq!(headers["content-type"], "application/webhook+json");
    }
    until_empty(&archive).await;
    outbox.finish(SOON).await;
}

#[tokio::test]
async fn one_that_fails_is_tried_again_and_those_behind_it_wait() {
    let hook = Hook::open(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND]).await;
    let archive = archive(&[&hook]).await;
    let outbox = start(&archive, quick()).await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    hook.until_heard(4).await;
    let heard = hook.heard();
    let seqs: Vec<_> = heard.iter().map(|(_, body)| body["seq"].as_u64()).collect();
    assert_eq!(seqs, [Some(1), Some(1), Some(1), Some(2)]);
    assert_eq!(heard[0].1["id"], heard[2].1["id"], "the same name each time");
    until_empty(&archive).await;
    outbox.finish(SOON).await;
}

#[tokio::test]
async fn an_address_that_is_dead_delays_no_other() {
    let (dead, alive) = (Hook::open(&[StatusCode::BAD_GATEWAY; 1000]).await, Hook::open(&[]).await);
    let archive = archive(&[&dead, &alive]).await;
    let outbox = start(&archive, Pace { pause: Duration::from_secs(600), ..quick() }).await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    alive.until_heard(2).await;
    dead.until_heard(1).await;
    assert_eq!(dead.heard().len(), 1);
    outbox.finish(SOON).await;
}

#[tokio::test]
async fn what_waits_is_sent_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let hook = Hook::open(&[StatusCode::BAD_GATEWAY]).await;
    let store = Store::open(&path).expect("a store");
    let first = Archive::open(store.clone()).await.expect("an archive").with_webhooks(vec![hook.url.clone()]);
    first.save(made(&show("morning", 1))).await.expect("saved");
    let outbox = start(&first, Pace { pause: Duration::from_millis(200), ..quick() }).await;
    hook.until_heard(1).await;
    outbox.finish(SOON).await;
    store.close().await;

    let store = Store::open(&path).expect("a store");
    let again = Archive::open(store).await.expect("an archive").with_webhooks(vec![hook.url.clone()]);
    let outbox = start(&again, quick()).await;
    hook.until_heard(2).await;
    let heard = hook.heard();
    assert_eq!(heard[0].1, heard[1].1);
    until_empty(&again).await;
    outbox.finish(SOON).await;
}

#[tokio::test]
async fn what_is_refused_or_too_old_is_given_up_and_counted() {
    let hook = Hook::open(&[StatusCode::BAD_REQUEST, StatusCode::BAD_GATEWAY]).await;
    let archive = archive(&[&hook]).await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    archive.save(rang(3, &call("a", CallState::Ringing))).await.expect("saved");
    let metrics = Metrics::new();
    let pace = Pace { give_up: Duration::ZERO, ..quick() };
    let outbox = Outbox::start(&archive, settings(pace), &metrics).await.expect("an outbox");
    hook.until_heard(3).await;
    until_empty(&archive).await;
    outbox.finish(SOON).await;
    let figures = metrics.encode().expect("figures");
    assert!(figures.contains("crosspoint_show_webhooks_lost_total 2"), "{figures}");
    assert!(figures.contains("crosspoint_show_webhooks_delivered_total 1"), "{figures}");
}

#[tokio::test]
async fn what_was_not_saved_is_not_told() {
    let hook = Hook::open(&[]).await;
    let archive = archive(&[&hook]).await;
    let orphan = archive.save(rang(1, &call("a", CallState::Ringing))).await;
    assert!(orphan.is_err(), "there is no such show");
    archive.save(Change::default()).await.expect("nothing");
    assert_eq!(waiting(&archive).await, 0);
}

#[tokio::test]
async fn the_oldest_make_room_and_those_of_addresses_that_are_gone_are_thrown_away() {
    let hook = Hook::open(&[]).await;
    let archive = archive(&[&hook]).await;
    let addresses = ["http://here.example".to_owned(), "http://gone.example".to_owned()];
    let event = made(&show("morning", 1)).events;
    let put = |kept| {
        let (event, addresses) = (event.clone(), addresses.clone());
        archive.store().write(move |tx| {
            let made = posts::posts(&event, &addresses).expect("webhooks");
            Ok(posts::put_within(tx, &made, kept)?)
        })
    };
    assert_eq!(put(3).await, Ok(0));
    assert_eq!(put(3).await, Ok(1));
    assert_eq!(waiting(&archive).await, 3);
    let known = [addresses[0].clone()];
    assert_eq!(archive.store().write(move |tx| Ok(posts::forget_others(tx, &known)?)).await, Ok(2));
    assert_eq!(archive.store().write(|tx| Ok(posts::forget_others(tx, &[])?)).await, Ok(1));
}

fn quick() -> Pace {
    Pace { pause: Duration::from_millis(5), ..Pace::default() }
}

fn settings(pace: Pace) -> Settings {
    Settings { keys: Keys::dev(), key: DEV_KEY.into(), pace }
}

async fn start(archive: &Archive, pace: Pace) -> Outbox {
    Outbox::start(archive, settings(pace), &Metrics::new()).await.expect("an outbox")
}

async fn archive(hooks: &[&Hook]) -> Archive {
    let archive = Archive::open(Store::in_memory().expect("a store")).await.expect("an archive");
    archive.with_webhooks(hooks.iter().map(|hook| hook.url.clone()).collect())
}

async fn waiting(archive: &Archive) -> i64 {
    let count = archive.store().read(|db| Ok(db.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?));
    count.await.expect("a count")
}

async fn until_empty(archive: &Archive) {
    let wait = async {
        while waiting(archive).await > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SOON, wait).await.expect("they stay");
}

type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A receiver that answers the first requests like this, and the later ones with 200.
struct Hook {
    url: String,
    heard: Heard,
}

#[derive(Clone)]
struct Answers(Heard, Arc<Mutex<Vec<StatusCode>>>);

impl Hook {
    async fn open(answers: &[StatusCode]) -> Self {
        // Two tests may race for it; whoever comes second finds it done.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let heard = Heard::default();
        let answers = Answers(heard.clone(), Arc::new(Mutex::new(answers.iter().rev().copied().collect())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let router = Router::new().route("/hook", post(hear)).with_state(answers);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url: format!("http://{address}/hook"), heard }
    }

    fn heard(&self) -> Vec<(HeaderMap, Value)> {
        self.heard.lock().expect("the list").clone()
    }

    async fn until_heard(&self, count: usize) {
        let wait = async {
            while self.heard.lock().expect("the list").len() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(SOON, wait).await.expect("they did not come");
    }
}

async fn hear(State(Answers(heard, answers)): State<Answers>, headers: HeaderMap, body: Bytes) -> StatusCode {
    heard.lock().expect("the list").push((headers, serde_json::from_slice(&body).expect("json")));
    answers.lock().expect("the list").pop().unwrap_or(StatusCode::OK)
}
