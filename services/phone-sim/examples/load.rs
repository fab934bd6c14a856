//! What a call costs: `load CALLS SECONDS`. The company has a thread of its own, whose time is measured (Linux); the server that
//! takes the sockets, and sends as much as it gets, has another one.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::IntoResponse;
use axum::routing::{any, post};
use crosspoint_phone_sim::{CallRequest, PhoneCompany, Play, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let number = |index, otherwise| std::env::args().nth(index).map_or(Ok(otherwise), |text| text.parse::<u64>());
    let (calls, seconds) = (number(1, 200)?, number(2, 10)?);
    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| "another TLS provider is installed")?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime for the server");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            let document = format!(r#"<Response><Connect><Stream url="ws://{address}/media"/></Connect></Response>"#);
            let voice = move || async move { ([("content-type", "text/xml")], document.clone()).into_response() };
            let router = Router::new().route("/voice", post(voice)).route("/media", any(media));
            sender.send(address).expect("somebody waits for the address");
            axum::serve(listener, router).await.expect("serves to the end");
        });
    });
    let address = receiver.recv()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&format!("http://{address}/voice"), calls, seconds))
}

async fn measure(voice: &str, calls: u64, seconds: u64) -> Result<(), Box<dyn Error>> {
    let company = PhoneCompany::new(Settings::new("AC0", "token", "http://127.0.0.1:9", voice))?;
    let mut sids = Vec::new();
    for index in 0..calls {
        let play = Some(Play::Tone { hz: 300.0 + index as f32, level: -12.0 });
        sids.push(company.place(CallRequest { play, record: true, ..CallRequest::default() })?);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = thread_time()?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let used = thread_time()? - before;
    let share = used.as_secs_f64() / seconds as f64;
    let streams: Vec<_> = sids.iter().filter_map(|sid| company.report(sid).ok()?.stream).collect();
    let underruns: u64 = streams.iter().map(|stream| stream.underruns).sum();
    let frames: u64 = streams.iter().map(|stream| stream.media_sent).sum();
    let open = streams.iter().filter(|stream| stream.open && stream.errors.is_empty()).count();
    println!(
        "{open} of {calls} calls open and without errors, {frames} frames sent, {underruns} gaps in what was heard"
    );
    println!("{:.1} % of a core: {:.3} % a call", share * 100.0, share * 100.0 / calls as f64);
    Ok(())
}

/// How long this thread has been running on a processor.
fn thread_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("no time")?.parse()?))
}

async fn media(upgrade: WebSocketUpgrade) -> impl IntoResponse {
    upgrade.read_buffer_size(4 << 10).on_upgrade(echo)
}

/// Sends each frame back, with 60 ms in hand.
async fn echo(mut socket: WebSocket) {
    let mut sent = 0;
    while let Some(Ok(Message::Text(text))) = socket.recv().await {
        if !text.contains("\"media\"") {
            continue;
        }
        let back = text.replace("\"track\":\"inbound\",", "");
        for _ in 0..if sent == 0 { 4 } else { 1 } {
            if socket.send(Message::Text(back.clone().into())).await.is_err() {
                return;
            }
            sent += 1;
        }
    }
}
