//! What no telephone company would send, by sockets made by hand: each ends as is documented, the server stays well, and a
//! call that goes on meanwhile is not harmed.

use std::time::Duration;

use crosspoint_shows_tests::handmade::{Document, Line, Provider};
use crosspoint_shows_tests::tone::TONES;
use crosspoint_shows_tests::wait::until;
use crosspoint_shows_tests::{House, Mouth, Studio};
use reqwest::StatusCode;
use serde_json::{Value, json};

const NUMBER: &str = "+14155550101";
const FROM: &str = "+12025550111";
/// The close codes of sockets that do what they must not (RFC 6455 §7.4.1).
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
const UNSUPPORTED: u16 = 1003;
/// Louder than this is heard, softer than that is not.
const HEARD: f64 = -3.0;
const SETTLED: Duration = Duration::from_secs(3);
/// So many messages that nobody understands are once too often.
const TOO_MANY: usize = 20;
const SILENCE: [u8; 160] = [0xFF; 160];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_do_what_no_company_does_are_closed_and_nobody_else_notices() {
    let bench = Bench::open(&[]).await;
    bench.a_signature_that_is_wrong().await;
    bench.a_token_is_good_once_and_for_its_call().await;
    bench.media_before_start().await;
    bench.two_starts().await;
    bench.no_start_at_all().await;
    bench.events_that_nobody_knows().await;
    bench.sound_that_is_none().await;
    bench.frames_that_are_too_large().await;
    bench.binary_frames().await;
    bench.text_that_is_no_json().await;
    bench.formats_that_are_not_carried().await;
    bench.is_well().await;
}

/// A server with one healthy call in it.
struct Bench {
    house: House,
    provider: Provider,
    ear: crosspoint_shows_tests::Ear,
    healthy: crosspoint_shows_tests::studio::Ringing,
    _studio: Studio,
    _mouth: Mouth,
}

impl Bench {
    async fn open(more: &[&str]) -> Self {
        let house = House::open(more).await;
        let studio = house.show("bench", NUMBER).await;
        let host = studio.seat("host", "Hannah").await;
        let (ear, mouth) = studio.sit(&host).await;
        let healthy = studio.ring(&house.phones, 0).await;
        studio.act(&host.api, &healthy.call, "approve").await;
        studio.act(&host.api, &healthy.call, "air").await;
        ear.until_level(SETTLED, "the healthy call is heard", TONES[0], |level| level > HEARD).await;
        let provider = Provider::of(&house.server.url());
        Self { house, provider, ear, healthy, _studio: studio, _mouth: mouth }
    }

    /// A call that was announced, and how it was answered.
    async fn announced(&self) -> (String, Document) {
        let sid = Provider::new_sid();
        let document = self.provider.document(&sid, FROM, NUMBER).await;
        assert_eq!(document.verbs, ["Connect", "Dial"], "{}", document.text);
        (sid, document)
    }

    /// The socket of a call that was announced.
    async fn socket(&self) -> (String, Document, Line) {
        let (sid, document) = self.announced().await;
        let line = self.provider.connect(document.stream.as_deref().expect("a stream"), None).await.expect("a socket");
        (sid, document, line)
    }

    async fn a_signature_that_is_wrong(&self) {
        let parameters = [("CallSid", "CA0"), ("From", FROM), ("To", NUMBER)];
        let (status, body) =
            self.provider.webhook("/api/phone/voice", &parameters, Some("bm8=")).await.expect("an answer");
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
        let (_, document) = self.announced().await;
        let stream = document.stream.expect("a stream");
        let refused = match self.provider.connect(&stream, Some("bm8=")).await {
            Err(status) => status,
            Ok(mut line) => line.close().await.0,
        };
        assert!([401, 403, POLICY].contains(&refused), "{refused}");
        self.is_well().await;
    }

    async fn a_token_is_good_once_and_for_its_call(&self) {
        let (sid, document, mut first) = self.socket().await;
        first.start(&sid, &document.custom_parameters()).await;
        assert!(first.hears_sound(SETTLED).await, "the first one is let in");
        let again = self.start_with(&sid, &document.custom_parameters(), &document).await;
        assert_eq!(again.0, POLICY, "used before: {}", again.1);
        let (other, other_document) = self.announced().await;
        let stolen = self.start_with(&Provider::new_sid(), &other_document.custom_parameters(), &other_document).await;
        assert_eq!(stolen.0, POLICY, "of {other}: {}", stolen.1);
        let (sid, document) = self.announced().await;
        let none = self.start_with(&sid, &json!({}), &document).await;
        assert_eq!(none.0, POLICY, "{}", none.1);
        assert!(first.hears_sound(SETTLED).await, "the first one is still there");
        self.is_well().await;
    }

    async fn start_with(&self, sid: &str, parameters: &Value, document: &Document) -> (u16, String) {
        let stream = document.stream.as_deref().expect("a stream");
        let mut line = self.provider.connect(stream, None).await.expect("a socket");
        line.start(sid, parameters).await;
        line.close().await
    }

    async fn media_before_start(&self) {
        let (sid, document, mut line) = self.socket().await;
        line.media(&SILENCE).await;
        line.start(&sid, &document.custom_parameters()).await;
        assert!(line.hears_sound(SETTLED).await, "what comes before the start is left out");
        self.is_well().await;
    }

    async fn two_starts(&self) {
        let (sid, document, mut line) = self.socket().await;
        line.start(&sid, &document.custom_parameters()).await;
        assert!(line.hears_sound(SETTLED).await);
        line.start(&sid, &document.custom_parameters()).await;
        self.is_closed(line, POLICY).await;
    }

    async fn no_start_at_all(&self) {
        let (_, _, mut line) = self.socket().await;
        line.say(&json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})).await;
        self.is_closed(line, POLICY).await;
    }

    async fn events_that_nobody_knows(&self) {
        let (sid, mut line) = self.provider.call(FROM, NUMBER).await;
        line.say(&json!({"event": "dance", "streamSid": line.sid, "callSid": sid})).await;
        assert!(line.hears_sound(SETTLED).await, "one is left out");
        for _ in 1..TOO_MANY {
            line.say(&json!({"event": "dance", "streamSid": line.sid})).await;
        }
        self.is_closed(line, POLICY).await;
    }

    async fn sound_that_is_none(&self) {
        let (_, mut line) = self.provider.call(FROM, NUMBER).await;
        line.payload("a").await;
        line.payload("%%%%").await;
        assert!(line.hears_sound(SETTLED).await, "what cannot be read is left out");
        for _ in 2..TOO_MANY {
            line.payload("abc").await;
        }
        self.is_closed(line, POLICY).await;
    }

    async fn frames_that_are_too_large(&self) {
        let (_, mut line) = self.provider.call(FROM, NUMBER).await;
        line.payload(&"A".repeat(1024 * 1024)).await;
        self.is_closed(line, TOO_BIG).await;
    }

    async fn binary_frames(&self) {
        let (_, mut line) = self.provider.call(FROM, NUMBER).await;
        line.binary(vec![0; 160]).await;
        self.is_closed(line, UNSUPPORTED).await;
    }

    async fn text_that_is_no_json(&self) {
        let (_, mut line) = self.provider.call(FROM, NUMBER).await;
        line.text("{\"event\": \"media\", \"media\": {\"payload\":").await;
        assert!(line.hears_sound(SETTLED).await, "one is left out");
        for _ in 1..TOO_MANY {
            line.text("\u{0}\u{0}").await;
        }
        self.is_closed(line, POLICY).await;
    }

    async fn formats_that_are_not_carried(&self) {
        for format in [json!({"encoding": "audio/opus", "sampleRate": 48000, "channels": 2}), json!({})] {
            let (sid, document, mut line) = self.socket().await;
            let start = json!({
                "callSid": sid, "streamSid": line.sid, "accountSid": "AC", "tracks": ["inbound"], "mediaFormat": format,
                "customParameters": document.custom_parameters(),
            });
            line.say(&json!({"event": "start", "sequenceNumber": "1", "streamSid": line.sid, "start": start})).await;
            self.is_closed(line, POLICY).await;
        }
    }

    /// The server closes it with this code, and everybody else notices nothing.
    async fn is_closed(&self, mut line: Line, expected: u16) {
        let (code, reason) = line.close().await;
        assert_eq!(code, expected, "{reason}");
        self.is_well().await;
    }

    /// The server answers, and the healthy call is heard and hears.
    async fn is_well(&self) {
        let health = self.house.operator.get("/api/twilio/media-stream/health").await;
        assert_eq!(health.status, StatusCode::OK, "{}", health.body);
        self.ear.until_level(SETTLED, "the healthy call is heard", TONES[0], |level| level > HEARD).await;
        let before = self.healthy.caller.stream().media_received;
        until("the healthy call hears", || async {
            (self.healthy.caller.stream().media_received > before + 5).then_some(())
        })
        .await;
        assert_eq!(self.healthy.caller.report().streams, 1, "its socket stayed");
    }
}
