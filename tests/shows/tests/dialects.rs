//! The other companies' dialects, as their documents have them, by sockets made by hand: no simulated company speaks them.
//! A tone goes from the line to the host and another one back, each at its level.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crosspoint_dsp::g711::{self, Law};
use crosspoint_dsp::spectrum::click_score;
use crosspoint_shows_tests::House;
use crosspoint_shows_tests::handmade::{Document, Line, form};
use crosspoint_shows_tests::tone::{ODD, TONES, level, said};
use crosspoint_shows_tests::wait::{PATIENCE, within};
use serde_json::{Value, json};
use tokio::time::interval;

const NUMBER: &str = "+14155550101";
const FROM: &str = "+12025550111";
const SECRET: &str = "a-key-of-tests";
/// What the line says: no two frames of it are alike. And what the host says.
const CALLER: f64 = ODD;
const HOST: f64 = TONES[0];
/// Frames in another order than they were said are far above this, dB.
const CLEAN: f64 = -20.0;
/// dB that sound may lose or win on its way.
const TOLERANCE: f64 = 1.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signalwire_is_spoken_with_in_wideband() {
    let house = House::open(&[
        "--phone.signalwire_project",
        "project-of-tests",
        "--phone.signalwire_token",
        SECRET,
        "--phone.signalwire_url",
        "http://127.0.0.1:9",
    ])
    .await;
    let webhook = format!("{}/api/phone/signalwire/voice", house.server.url());
    let parameters = ring();
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signature = crosspoint_phone_sim::sign(SECRET, &webhook, &pairs);
    talk(&house, Wire::Wide, &webhook, &[("X-SignalWire-Signature", signature)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telnyx_is_spoken_with_though_its_pieces_come_in_disorder() {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let public = STANDARD.encode(pair.public_key().as_ref());
    let house = House::open(&[
        "--phone.telnyx_account",
        "account-of-tests",
        "--phone.telnyx_key",
        SECRET,
        "--phone.telnyx_public_key",
        &public,
        "--phone.telnyx_url",
        "http://127.0.0.1:9",
    ])
    .await;
    let webhook = format!("{}/api/phone/telnyx/voice", house.server.url());
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs().to_string();
    let message = format!("{time}|{}", form(&ring()));
    let signature = STANDARD.encode(pair.sign(message.as_bytes()));
    talk(&house, Wire::Telnyx, &webhook, &[("telnyx-signature-ed25519", signature), ("telnyx-timestamp", time)]).await;
}

fn ring() -> [(&'static str, &'static str); 5] {
    [
        ("AccountSid", "account-of-tests"),
        ("CallSid", "call-of-tests"),
        ("CallStatus", "ringing"),
        ("From", FROM),
        ("To", NUMBER),
    ]
}

/// A call from the webhook to the air: both hear each other.
async fn talk(house: &House, wire: Wire, webhook: &str, signature: &[(&str, String)]) {
    let studio = house.show("dialects", NUMBER).await;
    let host = studio.seat("host", "Hannah").await;
    let (ear, mut mouth) = studio.sit(&host).await;
    mouth.say_tone(HOST);

    let mut request = reqwest::Client::new().post(webhook).body(form(&ring()));
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in signature {
        request = request.header(*name, value);
    }
    let answer = request.send().await.expect("an answer").text().await.expect("a document");
    let document = Document::read(&answer).expect("a document");
    assert_eq!(document.verbs, ["Connect", "Dial"], "{answer}");
    for expected in wire.attributes() {
        assert!(answer.contains(expected), "{expected} in {answer}");
    }
    let mut line = Line::open(document.stream.as_deref().expect("a stream")).await;
    line.say(&wire.start(&document.custom_parameters())).await;

    let heard = Arc::new(Mutex::new(Vec::new()));
    let talking = tokio::spawn(speak_and_listen(line, wire, Arc::clone(&heard)));
    let call = studio.arrival_of("call-of-tests").await;
    studio.act(&host.api, &call, "approve").await;
    studio.act(&host.api, &call, "air").await;
    let is_right = |level: f64| level.abs() < TOLERANCE;
    ear.until_level(PATIENCE, "the host hears the line at its level", CALLER, is_right).await;
    let piece = ear.span(ear.position(), 24_000).await;
    let clicks = click_score(&piece, CALLER);
    assert!(clicks < CLEAN, "its pieces are in their order: {clicks} dB");
    let half = wire.rate() as usize / 2;
    let tail = within(PATIENCE, "the line hears the host at its level", || async {
        let heard = heard.lock().expect("nobody panics with it");
        let tail = heard.len().checked_sub(half).map(|from| heard[from..].to_vec())?;
        is_right(level(&tail, wire.rate(), HOST)).then_some(tail)
    })
    .await;
    assert!(level(&tail, wire.rate(), CALLER) < -50.0, "and not itself");
    talking.abort();
}

/// Says its tone in real time, and keeps what it hears. Marks come back as if they had been played.
async fn speak_and_listen(mut line: Line, wire: Wire, heard: Arc<Mutex<Vec<f32>>>) {
    let rate = wire.rate() as usize;
    // A second holds a whole number of turns.
    let tone = said(CALLER, wire.rate(), rate);
    let mut clock = interval(Duration::from_millis(20));
    for pair in (0..).step_by(2) {
        let mut numbers = [pair, pair + 1];
        if wire == Wire::Telnyx {
            // Each second one overtakes the one before it.
            numbers.reverse();
        }
        for number in numbers {
            clock.tick().await;
            let at = number % 50 * (rate / 50);
            line.say(&wire.media(number, &tone[at..at + rate / 50])).await;
            while let Some(message) = line.waiting_message().await {
                match message["event"].as_str() {
                    Some("media") => {
                        let payload = message["media"]["payload"].as_str().expect("sound");
                        wire.hear(payload, &mut heard.lock().expect("nobody panics with it"));
                    }
                    Some("mark") => line.say(&message).await,
                    _ => {}
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// SignalWire, `codec="L16@16000h"`.
    Wide,
    /// Telnyx, `bidirectionalMode="rtp"`.
    Telnyx,
}

impl Wire {
    fn rate(self) -> u32 {
        if self == Self::Wide { 16_000 } else { 8_000 }
    }

    fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Wide => &["codec=\"L16@16000h\"", "/api/phone/signalwire/media-stream"],
            Self::Telnyx => &["bidirectionalMode=\"rtp\"", "/api/phone/telnyx/media-stream"],
        }
    }

    fn start(self, parameters: &Value) -> Value {
        match self {
            Self::Wide => json!({"event": "start", "sequenceNumber": "1", "streamSid": "stream-1", "start": {
                "accountSid": "account-of-tests", "streamSid": "stream-1", "callSid": "call-of-tests", "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/l16", "sampleRate": 16000, "channels": 1}, "customParameters": parameters,
            }}),
            Self::Telnyx => json!({"event": "start", "sequence_number": "1", "stream_id": "stream-1", "start": {
                "user_id": "account-of-tests", "call_control_id": "call-of-tests",
                "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}, "custom_parameters": parameters,
            }}),
        }
    }

    fn media(self, number: usize, piece: &[f32]) -> Value {
        let (chunk, timestamp) = ((number + 1).to_string(), (20 * number).to_string());
        let mut bytes = Vec::new();
        match self {
            Self::Wide => piece.iter().for_each(|one| bytes.extend(((one * 32_767.0).round() as i16).to_le_bytes())),
            Self::Telnyx => g711::encode(Law::Mu, piece, &mut bytes),
        }
        let media =
            json!({"track": "inbound", "chunk": chunk, "timestamp": timestamp, "payload": STANDARD.encode(bytes)});
        json!({"event": "media", "streamSid": "stream-1", "stream_id": "stream-1", "media": media})
    }

    fn hear(self, payload: &str, heard: &mut Vec<f32>) {
        let bytes = STANDARD.decode(payload).expect("base64");
        match self {
            Self::Wide => heard
                .extend(bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)),
            Self::Telnyx => g711::decode(Law::Mu, &bytes, heard),
        }
    }
}
