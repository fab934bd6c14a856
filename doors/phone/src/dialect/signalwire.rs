//! SignalWire's `<Stream>` of cXML: Twilio's messages, and with `codec="L16@16000h"` twice the bandwidth.
//!
//! Its documents name the codecs and not how `mediaFormat.encoding` spells them, so every spelling that was seen is taken.

use super::twilio::{self, MediaFormat};
use super::{Format, Heard, Wrong};

pub fn hear(text: &str) -> Result<Heard, Wrong> {
    twilio::hear_with(text, format)
}

fn format(given: &MediaFormat) -> Option<Format> {
    let encoding = given.encoding.to_ascii_lowercase();
    let name = encoding.strip_prefix("audio/").unwrap_or(&encoding);
    let name = name.split('@').next().unwrap_or_default().trim_start_matches("x-");
    match (name, given.sample_rate, given.channels) {
        ("mulaw" | "pcmu", 8000, 1) => Some(Format::MU_LAW),
        ("l16", 16_000, 1) => Some(Format::WIDE),
        _ => None,
    }
}
