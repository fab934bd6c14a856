//! The documents that a provider is answered with: what is to become of a call. And those that the operator leaves with the
//! provider for when this server does not answer.
//!
//! ```xml
//! <Response>
//!   <Connect><Stream url="wss://…"><Parameter name="token" value="…"/></Stream></Connect>
//!   <Dial><Conference startConferenceOnEnter="false" muted="true" …>show-7</Conference></Dial>
//!   <Dial><Conference startConferenceOnEnter="false" muted="true" …>show-7.2</Conference></Dial> …
//! </Response>
//! ```
//! A conference that is full lets nobody in, and the provider goes on with the next verb: so a crowd waits in further ones.
//!
//! `<Connect>` has no `action`: when the stream ends, however it does, the provider goes on with the next verb by itself, without
//! asking us. So a caller whose sound we lose is in the conference of the show. For the same reason nothing in a conference points at
//! this server but its callback, which is only told.

mod fallback;
mod xml;

pub use self::fallback::fallback_twiml;
use self::xml::Document;
use crate::account::Provider;

/// Digits of a PIN.
const PIN_DIGITS: &str = "6";
/// Seconds to key in a PIN; then one comes in as an ordinary caller.
const PIN_SECONDS: &str = "6";
/// Seconds to press a key.
const CONFIRM_SECONDS: &str = "10";
/// As many as a conference of Twilio's takes at most.
const PARTICIPANTS: &str = "250";
/// As many are let into the first one, so that hosts and who is on the air find a place.
const UNRESERVED: &str = "240";
/// Conferences of one show: the first with the hosts, the others for those who find it full.
const CONFERENCES: usize = 5;

/// The conferences of a show, given the name of the first; each takes whoever finds those before it full.
pub fn conferences(first: &str) -> impl Iterator<Item = String> {
    std::iter::once(first.to_owned()).chain((2..=CONFERENCES).map(move |number| format!("{first}.{number}")))
}

/// The first conference of the show that this one belongs to, and whether it is that one.
pub fn first_conference(name: &str) -> (&str, bool) {
    name.split_once('.').map_or((name, true), |(first, _)| (first, false))
}

/// The sound of a call, connected to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream<'a> {
    /// Where it goes: [`crate::Addresses::stream`].
    pub url: &'a str,
    /// What comes back in its `start`: names and values together under 500 characters each.
    pub parameters: &'a [(&'a str, &'a str)],
}

/// The conference of a show, and how one comes into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room<'a> {
    /// Its name: `show-{showId}`.
    pub name: &'a str,
    /// The label of who comes in: the call's id. Empty: none.
    pub label: &'a str,
    /// Does it begin when this one comes?
    pub starts: bool,
    /// Does this one come in muted?
    pub muted: bool,
    /// Is a place kept for it in the first conference: for a host, for who is on the air?
    pub reserved: bool,
    /// Who is told what happens in it: [`crate::Addresses::conference`]. Empty: nobody.
    pub callback: &'a str,
    /// What one hears until it begins; absent: the provider's own music.
    pub wait_url: Option<&'a str>,
}

/// Connects the sound to us; when that ends, goes into the conference.
pub fn stream(provider: Provider, stream: &Stream<'_>, room: &Room<'_>) -> String {
    let mut document = Document::new();
    document.open("Connect", &[]);
    let mut attributes = vec![("url", stream.url)];
    attributes.extend_from_slice(match provider {
        Provider::Twilio => &[],
        // Without the mode Telnyx takes nothing but MP3 files back.
        Provider::Telnyx => &[
            ("track", "inbound_track"),
            ("codec", "PCMU"),
            ("bidirectionalMode", "rtp"),
            ("bidirectionalCodec", "PCMU"),
        ],
        // 16 kHz, where the call has it; and as the sound comes, without a buffer of the provider's own.
        Provider::SignalWire => &[("codec", "L16@16000h"), ("realtime", "true")],
    });
    document.open("Stream", &attributes);
    for (name, value) in stream.parameters {
        document.empty("Parameter", &[("name", name), ("value", value)]);
    }
    document.close("Stream");
    document.close("Connect");
    dial(&mut document, provider, room);
    document.finish()
}

/// Goes into the conference.
pub fn conference(provider: Provider, room: &Room<'_>) -> String {
    let mut document = Document::new();
    dial(&mut document, provider, room);
    document.finish()
}

/// Asks for the host's PIN, which goes to `action`; who keys in nothing goes into the conference as an ordinary caller.
pub fn ask_pin(provider: Provider, action: &str, room: &Room<'_>) -> String {
    let mut document = Document::new();
    let attributes = [
        ("input", "dtmf"),
        ("numDigits", PIN_DIGITS),
        ("timeout", PIN_SECONDS),
        ("action", action),
        ("method", "POST"),
    ];
    document.open("Gather", &attributes);
    document.text("Say", &[], "You are connected to the show. Please hold the line. Hosts, key in your PIN now.");
    document.close("Gather");
    dial(&mut document, provider, room);
    document.finish()
}

/// Asks for a key, which goes to `action`; where none is pressed (a mailbox has answered), hangs up.
pub fn confirm(action: &str, message: &str) -> String {
    let mut document = Document::new();
    let attributes = [
        ("input", "dtmf"),
        ("numDigits", "1"),
        // Else this key would be none.
        ("finishOnKey", ""),
        ("timeout", CONFIRM_SECONDS),
        ("action", action),
        ("method", "POST"),
    ];
    document.open("Gather", &attributes);
    // Twice: the first may be missed on the way to the ear.
    document.text("Say", &[("loop", "2")], message);
    document.close("Gather");
    document.empty("Hangup", &[]);
    document.finish()
}

/// Says something, and hangs up.
pub fn goodbye(message: &str) -> String {
    let mut document = Document::new();
    if !message.is_empty() {
        document.text("Say", &[], message);
    }
    document.empty("Hangup", &[]);
    document.finish()
}

/// Does not even answer.
pub fn reject() -> String {
    let mut document = Document::new();
    document.empty("Reject", &[("reason", "busy")]);
    document.finish()
}

/// Nothing more: to what is only told.
pub fn nothing() -> String {
    Document::new().finish()
}

fn dial(document: &mut Document, provider: Provider, room: &Room<'_>) {
    let word = |is: bool| if is { "true" } else { "false" };
    let mut attributes = vec![
        ("startConferenceOnEnter", word(room.starts)),
        ("endConferenceOnExit", "false"),
        ("muted", word(room.muted)),
        ("beep", "false"),
        ("maxParticipants", if room.reserved { PARTICIPANTS } else { UNRESERVED }),
        ("record", "do-not-record"),
    ];
    if provider == Provider::Twilio {
        // The others do not document these. The buffer of the usual size swells to 250 ms.
        attributes.push(("jitterBufferSize", "small"));
        if !room.label.is_empty() {
            attributes.push(("participantLabel", room.label));
        }
    }
    attributes.extend(wait(room));
    attributes.extend(told(room, "start end join leave mute hold"));
    dial_one(document, &attributes, room.name);
    if !room.starts {
        overflow(document, room);
    }
}

/// Nobody talks there: a crowd waits for a line.
fn overflow(document: &mut Document, room: &Room<'_>) {
    let mut attributes = vec![("startConferenceOnEnter", "false"), ("muted", "true"), ("beep", "false")];
    attributes.extend(wait(room));
    attributes.extend(told(room, "join leave"));
    for name in conferences(room.name).skip(1) {
        dial_one(document, &attributes, &name);
    }
}

fn wait<'a>(room: &Room<'a>) -> impl Iterator<Item = (&'static str, &'a str)> {
    room.wait_url.into_iter().flat_map(|url| [("waitUrl", url), ("waitMethod", "GET")])
}

fn told<'a>(room: &Room<'a>, events: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
    let callback = Some(room.callback).filter(|callback| !callback.is_empty());
    callback.into_iter().flat_map(move |callback| {
        [("statusCallback", callback), ("statusCallbackEvent", events), ("statusCallbackMethod", "POST")]
    })
}

fn dial_one(document: &mut Document, attributes: &[(&str, &str)], name: &str) {
    document.open("Dial", &[]);
    document.text("Conference", attributes, name);
    document.close("Dial");
}

#[cfg(test)]
mod tests;
