//! The documents that a provider is answered with: what is to become of a call. And those that the operator leaves with the
//! provider for when this server does not answer.
//!
//! ```xml
//! <Response>
//!   <Connect><Stream url="wss://…"><Parameter name="token" value="…"/></Stream></Connect>
//!   <Dial><Conference startConferenceOnEnter="false" muted="true" …>show-7</Conference></Dial>
//! </Response>
//! ```
//! `<Connect>` has no `action`: when the stream ends, however it does, the provider goes on with the next verb by itself, without
//! asking us. So a caller whose sound we lose is in the conference of the show. For the same reason nothing in a conference points at
//! this server but its callback, which is only told.

mod fallback;
mod xml;

pub use self::fallback::fallback_twiml;
use self::xml::Document;
use crate::account::Provider;

/// Providers take no longer ones by REST.
pub const LONGEST: usize = 4000;
/// Digits of a PIN.
const PIN_DIGITS: &str = "6";
/// Seconds to key in a PIN; then one comes in as an ordinary caller.
const PIN_SECONDS: &str = "6";
/// Seconds to press a key.
const CONFIRM_SECONDS: &str = "10";
/// As many as a conference of Twilio's takes at most.
const PARTICIPANTS: &str = "250";

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
        ("maxParticipants", PARTICIPANTS),
        ("record", "do-not-record"),
    ];
    if provider == Provider::Twilio {
        // The others do not document these. The buffer of the usual size swells to 250 ms.
        attributes.push(("jitterBufferSize", "small"));
        if !room.label.is_empty() {
            attributes.push(("participantLabel", room.label));
        }
    }
    if let Some(url) = room.wait_url {
        attributes.extend([("waitUrl", url), ("waitMethod", "GET")]);
    }
    if !room.callback.is_empty() {
        attributes.push(("statusCallback", room.callback));
        attributes.push(("statusCallbackEvent", "start end join leave mute hold"));
        attributes.push(("statusCallbackMethod", "POST"));
    }
    document.open("Dial", &[]);
    document.text("Conference", &attributes, room.name);
    document.close("Dial");
}

#[cfg(test)]
mod tests;
