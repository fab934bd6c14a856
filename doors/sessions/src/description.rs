//! Offers and answers as they come in: bare `{type, sdp}` as browsers write it, or wrapped in `offer` or `answer`.

use std::sync::Arc;

use crosspoint_model::{Code, Refusal};
use serde_json::{Map, Value};

/// Which of the two a description is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

impl Kind {
    /// Its `type` (W3C WebRTC §4.6.1), and the field that it may be wrapped in.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
        }
    }
}

/// What a body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The session description.
    pub sdp: Arc<str>,
    /// The revision of the offer that it is about, where it says so.
    pub revision: Option<u32>,
}

/// Reads a body. `most`: bytes that a description may have.
///
/// # Errors
/// `invalid-request` for another shape or type, `invalid-sdp`, `message-too-large`.
pub fn read(body: &Value, kind: Kind, most: usize) -> Result<Posted, Refusal> {
    let word = kind.as_str();
    let shape = || {
        let detail = format!("the body is {{\"type\": \"{word}\", \"sdp\": …}}, bare or as the field \"{word}\"");
        Refusal::new(Code::InvalidRequest, detail)
    };
    let outer = body.as_object().ok_or_else(shape)?;
    let inner = match outer.get(word) {
        Some(wrapped) => wrapped.as_object().ok_or_else(shape)?,
        None => outer,
    };
    if let Some(given) = inner.get("type").filter(|given| given.as_str() != Some(word)) {
        let detail = format!("the type of this description is {given}; here goes one of type \"{word}\"");
        return Err(Refusal::new(Code::InvalidRequest, detail));
    }
    // A bare body must say what it is; in a wrapped one the field's name does.
    if !outer.contains_key(word) && !inner.contains_key("type") {
        return Err(shape());
    }
    let sdp = inner.get("sdp").and_then(Value::as_str).ok_or_else(shape)?;
    check_sdp(sdp, most)?;
    Ok(Posted { sdp: sdp.into(), revision: revision(outer)?.or(revision(inner)?) })
}

/// The `revision` of a body.
pub fn revision(body: &Map<String, Value>) -> Result<Option<u32>, Refusal> {
    match body.get("revision") {
        None | Some(Value::Null) => Ok(None),
        Some(given) => given
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| Refusal::new(Code::InvalidRequest, "revision is the number that the offer came with")),
    }
}

/// Does it look like a session description (RFC 8866 §5)? What is in it is the two sides' own matter.
fn check_sdp(sdp: &str, most: usize) -> Result<(), Refusal> {
    if sdp.len() > most {
        let detail = format!("a session description has at most {most} bytes here (rooms.sdp_size)");
        return Err(Refusal::new(Code::MessageTooLarge, detail));
    }
    let is_line = |line: &str| matches!(line.as_bytes(), [kind, b'=', ..] if kind.is_ascii_lowercase());
    let mut lines = sdp.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let begins = lines.next() == Some("v=0");
    if begins && lines.clone().all(is_line) && lines.any(|line| line.starts_with("m=")) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidSdp,
        "sdp is no session description: it begins with v=0 and has lines like m=video …",
    ))
}

/// Is this ICE user fragment one of a description's? There may be several where its media are not bundled.
pub fn has_ufrag(sdp: &str, ufrag: &str) -> bool {
    sdp.lines().filter_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:")).any(|own| own == ufrag)
}

/// Does it have one at all?
pub fn has_any_ufrag(sdp: &str) -> bool {
    sdp.lines().any(|line| line.starts_with("a=ice-ufrag:"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SDP: &str =
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\n";

    #[test]
    fn a_description_is_bare_or_wrapped_and_may_name_a_revision() {
        for (body, revision) in [
            (json!({"type": "offer", "sdp": SDP}), None),
            (json!({"offer": {"type": "offer", "sdp": SDP}}), None),
            (json!({"offer": {"sdp": SDP}, "revision": 3}), Some(3)),
            (json!({"type": "offer", "sdp": SDP, "revision": 3, "more": []}), Some(3)),
        ] {
            let read = read(&body, Kind::Offer, 1000).expect("an offer");
            assert_eq!((read.sdp.as_ref(), read.revision), (SDP, revision), "{body}");
        }
    }

    #[test]
    fn what_is_no_description_of_this_type_is_refused() {
        let long = format!("{SDP}{}", "a=x\r\n".repeat(1000));
        for (body, code) in [
            (json!([]), Code::InvalidRequest),
            (json!({}), Code::InvalidRequest),
            (json!({"sdp": SDP}), Code::InvalidRequest),
            (json!({"type": "answer", "sdp": SDP}), Code::InvalidRequest),
            (json!({"offer": {"type": "rollback", "sdp": SDP}}), Code::InvalidRequest),
            (json!({"answer": {"type": "answer", "sdp": SDP}}), Code::InvalidRequest),
            (json!({"type": "offer", "sdp": 7}), Code::InvalidRequest),
            (json!({"type": "offer", "sdp": SDP, "revision": "new"}), Code::InvalidRequest),
            (json!({"type": "offer", "sdp": ""}), Code::InvalidSdp),
            (json!({"type": "offer", "sdp": "hello"}), Code::InvalidSdp),
            (json!({"type": "offer", "sdp": "v=0\r\nm=video 9\r\n<html>"}), Code::InvalidSdp),
            (json!({"type": "offer", "sdp": "v=0\r\ns=-\r\n"}), Code::InvalidSdp),
            (json!({"type": "offer", "sdp": long}), Code::MessageTooLarge),
        ] {
            assert_eq!(read(&body, Kind::Offer, 1000).map_err(|refusal| refusal.code), Err(code), "{body}");
        }
    }

    #[test]
    fn a_user_fragment_is_found_whole() {
        assert!(has_ufrag(SDP, "abcd") && !has_ufrag(SDP, "abc") && !has_ufrag(SDP, ""));
    }
}
