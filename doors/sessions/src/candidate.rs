//! Candidates as they come in: a browser's `RTCIceCandidateInit` (W3C WebRTC §4.8.2), bare or wrapped in `candidate`; nothing or an
//! empty one says that there are no more.

use crosspoint_model::{Code, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::description::revision;
use crate::side::Side;

/// Longer ones are no candidates.
const LONGEST: usize = 4 * 1024;
/// RFC 8839 §5.4: 4 to 256 characters; a mid is shorter.
const LONGEST_NAME: usize = 256;

/// A candidate, as `addIceCandidate` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// `candidate:…`
    pub candidate: String,
    /// The mid of the media that it is for.
    #[serde(default)]
    pub sdp_mid: Option<String>,
    /// The number of the media that it is for.
    #[serde(default)]
    pub sdp_m_line_index: Option<u16>,
    /// Whose it is: the ICE user fragment of its side's description.
    #[serde(default)]
    pub username_fragment: Option<String>,
}

/// What a body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The candidate; none: there are no more.
    pub candidate: Option<Candidate>,
    /// Whose ICE session it belongs to.
    pub ufrag: Option<String>,
    /// Who says that it is theirs.
    pub from: Option<Side>,
    /// The revision of the offer that it is about.
    pub revision: Option<u32>,
}

/// Reads a body.
///
/// # Errors
/// `invalid-request` for another shape, `invalid-candidate`.
pub fn read(body: &Value) -> Result<Posted, Refusal> {
    let shape = || Refusal::new(Code::InvalidRequest, "the body is a candidate, bare or as the field \"candidate\"");
    let outer = body.as_object().ok_or_else(shape)?;
    let given = outer.get("candidate").ok_or_else(shape)?;
    let (line, fields) = match given {
        Value::Null => ("", outer),
        Value::String(line) => (line.as_str(), outer),
        Value::Object(inner) => match inner.get("candidate") {
            Some(Value::String(line)) => (line.as_str(), inner),
            Some(Value::Null) => ("", inner),
            _ => return Err(shape()),
        },
        _ => return Err(shape()),
    };
    let ufrag = text(fields, "usernameFragment")?.or_else(|| ufrag_of(line));
    let candidate = if line.is_empty() { None } else { Some(candidate(line, fields, ufrag.clone())?) };
    Ok(Posted { candidate, ufrag, from: from(outer)?, revision: revision(outer)? })
}

fn candidate(line: &str, fields: &Map<String, Value>, ufrag: Option<String>) -> Result<Candidate, Refusal> {
    let line = line.strip_prefix("a=").unwrap_or(line).trim_end();
    // RFC 8839 §5.1: foundation, component, transport, priority, address, port, "typ" and a type.
    let looks_right = line.starts_with("candidate:") && line.contains(" typ ") && !line.contains(char::is_control);
    if !looks_right || line.len() > LONGEST {
        let detail =
            "candidate is text like \"candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\", or empty at the end";
        return Err(invalid(detail));
    }
    let index = match fields.get("sdpMLineIndex") {
        None | Some(Value::Null) => None,
        Some(index) => {
            let number = index.as_u64().and_then(|index| u16::try_from(index).ok());
            Some(number.ok_or_else(|| invalid("sdpMLineIndex is a number from 0 to 65535"))?)
        }
    };
    let mid = text(fields, "sdpMid")?;
    Ok(Candidate {
        candidate: line.to_owned(),
        // `addIceCandidate` wants one of the two; with everything bundled, candidates are those of the first m-line.
        sdp_m_line_index: index.or_else(|| mid.is_none().then_some(0)),
        sdp_mid: mid,
        username_fragment: ufrag,
    })
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST_NAME => Ok(Some(text.clone())),
        Some(_) => Err(invalid(&format!("{name} is text of at most {LONGEST_NAME} bytes"))),
    }
}

/// Browsers write it into the line too.
fn ufrag_of(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    words.by_ref().find(|word| *word == "ufrag")?;
    words.next().map(str::to_owned)
}

fn from(body: &Map<String, Value>) -> Result<Option<Side>, Refusal> {
    let given = body.get("from").or_else(|| body.get("role"));
    let role = |given: &Value| Side::of_role(given.as_str().unwrap_or_default());
    given.filter(|given| !given.is_null()).map(role).transpose()
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(Code::InvalidCandidate, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LINE: &str = "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag abcd network-id 1";

    #[test]
    fn a_candidate_is_bare_or_wrapped() {
        for body in [
            json!({"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}),
            json!({"candidate": {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}, "from": "agent"}),
            json!({"candidate": format!("a={LINE}"), "sdpMid": "0", "sdpMLineIndex": 0, "revision": 2}),
        ] {
            let read = read(&body).expect("a candidate");
            let expected = Candidate {
                candidate: LINE.into(),
                sdp_mid: Some("0".into()),
                sdp_m_line_index: Some(0),
                username_fragment: Some("abcd".into()),
            };
            assert_eq!((read.candidate, read.ufrag.as_deref()), (Some(expected), Some("abcd")), "{body}");
        }
    }

    #[test]
    fn one_that_names_no_m_line_is_of_the_first() {
        let index = |body| read(&body).ok()?.candidate?.sdp_m_line_index;
        assert_eq!(index(json!({"candidate": LINE})), Some(0));
        assert_eq!(index(json!({"candidate": LINE, "sdpMid": "v"})), None);
        assert_eq!(index(json!({"candidate": LINE, "sdpMLineIndex": 2})), Some(2));
    }

    #[test]
    fn nothing_and_an_empty_one_say_that_there_are_no_more() {
        for body in [
            json!({"candidate": null, "role": "controller"}),
            json!({"candidate": "", "from": "viewer"}),
            json!({"candidate": {"candidate": "", "sdpMid": "0"}, "from": "viewer"}),
        ] {
            let read = read(&body).expect("the end");
            assert_eq!((read.candidate, read.from), (None, Some(Side::Offering)), "{body}");
        }
    }

    #[test]
    fn what_is_no_candidate_is_refused() {
        let long = format!("{LINE} {}", "x".repeat(LONGEST));
        for (body, code) in [
            (json!(null), Code::InvalidRequest),
            (json!({}), Code::InvalidRequest),
            (json!({"candidate": 7}), Code::InvalidRequest),
            (json!({"candidate": {}}), Code::InvalidRequest),
            (json!({"candidate": LINE, "from": "host"}), Code::InvalidRequest),
            (json!({"candidate": "hello"}), Code::InvalidCandidate),
            (json!({"candidate": long}), Code::InvalidCandidate),
            (json!({"candidate": format!("{LINE}\r\na=x")}), Code::InvalidCandidate),
            (json!({"candidate": LINE, "sdpMLineIndex": -1}), Code::InvalidCandidate),
            (json!({"candidate": LINE, "sdpMid": "x".repeat(257)}), Code::InvalidCandidate),
        ] {
            assert_eq!(read(&body).map_err(|refusal| refusal.code), Err(code), "{body}");
        }
    }
}
