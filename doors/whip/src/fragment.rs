//! SDP fragments (`application/trickle-ice-sdpfrag`, RFC 8840 §9): ICE credentials and candidates without the rest.

use std::fmt::Write as _;

use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::IceParameters;

/// The media type.
pub const MEDIA_TYPE: &str = "application/trickle-ice-sdpfrag";

/// More candidates than any client has; each costs the server a connectivity check.
const MOST_CANDIDATES: usize = 64;
/// RFC 8839 §5.4: ufrag 4 to 256 characters, pwd 22 to 256.
const LONGEST: usize = 256;

/// Reads a client's fragment. Credentials are empty when it has none.
pub fn read(text: &str) -> Result<IceParameters, Refusal> {
    let invalid = |why: &str| Refusal::new(Code::InvalidCandidate, why);
    let mut found = IceParameters::default();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if !is_sdp_line(line) {
            return Err(invalid("the body is not an SDP fragment: its lines look like a=candidate:…"));
        }
        if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
            ufrag.clone_into(&mut found.ufrag);
        } else if let Some(password) = line.strip_prefix("a=ice-pwd:") {
            password.clone_into(&mut found.password);
        } else if let Some(candidate) = line.strip_prefix("a=candidate:") {
            found.candidates.push(candidate.to_owned());
        }
    }
    if found.candidates.len() > MOST_CANDIDATES {
        return Err(invalid("the fragment has more than 64 candidates"));
    }
    if found.ufrag.len() > LONGEST || found.password.len() > LONGEST {
        return Err(invalid("the ICE credentials are longer than 256 characters"));
    }
    if found.ufrag.is_empty() != found.password.is_empty() {
        return Err(invalid("ICE credentials come in pairs: a=ice-ufrag and a=ice-pwd"));
    }
    Ok(found)
}

/// Writes the server's fragment: the answer to an ICE restart. With BUNDLE one m-line stands for all (RFC 9725 §4.3.3), the
/// first one of the answer that the session began with.
pub fn write(answer: &str, server: &IceParameters) -> String {
    let mut text = String::from("a=ice-lite\r\n");
    if let Some(group) = answer.lines().find(|line| line.starts_with("a=group:BUNDLE")) {
        push(&mut text, group.trim_end());
    }
    let mut media = answer.lines().skip_while(|line| !line.starts_with("m="));
    if let Some(line) = media.next() {
        push(&mut text, line.trim_end());
        if let Some(mid) = media.find(|line| line.starts_with("a=mid:")) {
            push(&mut text, mid.trim_end());
        }
    }
    push(&mut text, &format!("a=ice-ufrag:{}", server.ufrag));
    push(&mut text, &format!("a=ice-pwd:{}", server.password));
    for candidate in &server.candidates {
        push(&mut text, &format!("a=candidate:{candidate}"));
    }
    push(&mut text, "a=end-of-candidates");
    text
}

/// The ICE user fragment that an offer came with.
pub fn ufrag(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:")).unwrap_or_default()
}

fn push(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{line}\r\n");
}

fn is_sdp_line(line: &str) -> bool {
    matches!(line.as_bytes(), [kind, b'=', ..] if kind.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fragment_of_the_rfc_is_read() {
        let text = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n\
                    a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\
                    a=end-of-candidates\r\n";
        let read = read(text).expect("a fragment");
        assert_eq!((read.ufrag.as_str(), read.candidates.len()), ("EsAw", 1));
        assert_eq!(read.candidates[0], "1387637174 1 udp 2122260223 192.0.2.1 61764 typ host");
    }

    #[test]
    fn what_is_no_fragment_is_refused() {
        let many = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n".repeat(65);
        let long = format!("a=ice-ufrag:{0}\r\na=ice-pwd:{0}\r\n", "x".repeat(257));
        for text in ["{}", "hello", "a=ice-ufrag:abcd\r\n", &many, &long] {
            assert_eq!(read(text).map_err(|refusal| refusal.code), Err(Code::InvalidCandidate), "{text}");
        }
    }

    #[test]
    fn a_restart_is_answered_with_credentials_and_candidates_below_the_first_line() {
        let answer =
            "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 X 111\r\na=rtcp-mux\r\na=mid:0\r\nm=video 9 X 96\r\na=mid:1\r\n";
        let server = IceParameters { ufrag: "u".into(), password: "p".into(), candidates: vec!["1 1 udp".into()] };
        assert_eq!(
            write(answer, &server),
            "a=ice-lite\r\na=group:BUNDLE 0 1\r\nm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n\
             a=candidate:1 1 udp\r\na=end-of-candidates\r\n"
        );
    }
}
