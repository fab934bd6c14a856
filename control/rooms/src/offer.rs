//! The little that rooms read in a client's offer: its m-lines, and whether it comes from the peer connection that the leg
//! already knows. Everything else is the transport's business.

use std::collections::BTreeSet;

use crosspoint_model::{Code, MediaKind, Refusal};
use crosspoint_worker::MediaLine;

use crate::viewers::IceParameters;

/// What tells one peer connection from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfferMark {
    fingerprints: BTreeSet<String>,
    ufrags: BTreeSet<String>,
    session: String,
}

impl OfferMark {
    pub(crate) fn of(offer: &str) -> Self {
        let mut mark = Self::default();
        for line in offer.lines() {
            if let Some(value) = line.strip_prefix("a=fingerprint:") {
                mark.fingerprints.insert(value.to_ascii_lowercase());
            } else if let Some(value) = line.strip_prefix("a=ice-ufrag:") {
                mark.ufrags.insert(value.to_owned());
            } else if let Some(value) = line.strip_prefix("o=") {
                value.split(' ').nth(1).unwrap_or_default().clone_into(&mut mark.session);
            }
        }
        mark
    }

    /// Does a later offer come from the same peer connection? Another certificate is another one. With a shared certificate,
    /// a new one shows by new ICE credentials and a new session id together: an ICE restart keeps the session id (RFC 8829
    /// §5.2.2), and some clients write a new session id into every offer.
    pub(crate) fn is_same_connection(&self, later: &Self) -> bool {
        self.fingerprints == later.fingerprints && (self.ufrags == later.ufrags || self.session == later.session)
    }
}

/// Checks a description before anything is done with it.
pub(crate) fn check_offer(kind: &str, sdp: &str, limit: usize) -> Result<(), Refusal> {
    if kind != "offer" {
        return Err(Refusal::new(Code::InvalidSdp, "only descriptions of type \"offer\" are taken here"));
    }
    if sdp.len() > limit {
        return Err(Refusal::new(Code::MessageTooLarge, format!("the offer is longer than {limit} bytes")));
    }
    Ok(())
}

/// The audio and video m-lines of an offer, in order (RFC 8866 §5.14, RFC 8853 for the rids). Rejected ones are left out.
pub(crate) fn media_lines(offer: &str) -> Vec<MediaLine> {
    let mut lines = Vec::new();
    let mut sections = offer.split("\nm=");
    let session = sections.next().unwrap_or_default();
    let default_direction = direction(session).unwrap_or("sendrecv");
    for section in sections {
        let mut words = section.lines().next().unwrap_or_default().split_ascii_whitespace();
        let kind = match words.next() {
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => continue,
        };
        let bundle_only = section.lines().any(|line| line.trim_end() == "a=bundle-only");
        if words.next() == Some("0") && !bundle_only {
            continue;
        }
        let Some(mid) = attribute(section, "a=mid:") else { continue };
        let direction = direction(section).unwrap_or(default_direction);
        lines.push(MediaLine {
            mid: mid.to_owned(),
            kind,
            receives: matches!(direction, "sendrecv" | "sendonly"),
            sends: matches!(direction, "sendrecv" | "recvonly"),
            rids: sent_rids(section),
        });
    }
    lines
}

/// The same offer with other ICE credentials: what a restart over HTTP (RFC 9725 §4.3.2) means.
pub(crate) fn with_credentials(offer: &str, client: &IceParameters) -> String {
    let mut text = String::with_capacity(offer.len() + 64);
    for line in offer.lines() {
        if line.starts_with("a=candidate:") || line.trim_end() == "a=end-of-candidates" {
            continue;
        }
        if line.starts_with("a=ice-ufrag:") {
            text.push_str("a=ice-ufrag:");
            text.push_str(&client.ufrag);
        } else if line.starts_with("a=ice-pwd:") {
            text.push_str("a=ice-pwd:");
            text.push_str(&client.password);
        } else {
            text.push_str(line.trim_end());
        }
        text.push_str("\r\n");
    }
    text
}

/// The ICE credentials and candidates of an answer. With BUNDLE they are the same in every m-line: the first ones count.
pub(crate) fn credentials(answer: &str) -> IceParameters {
    let mut candidates: Vec<String> = Vec::new();
    for line in answer.lines() {
        if let Some(candidate) = line.trim_end().strip_prefix("a=candidate:")
            && !candidates.iter().any(|known| known == candidate)
        {
            candidates.push(candidate.to_owned());
        }
    }
    IceParameters {
        ufrag: attribute(answer, "a=ice-ufrag:").unwrap_or_default().to_owned(),
        password: attribute(answer, "a=ice-pwd:").unwrap_or_default().to_owned(),
        candidates,
    }
}

fn attribute<'a>(section: &'a str, prefix: &str) -> Option<&'a str> {
    section.lines().find_map(|line| line.trim_end().strip_prefix(prefix))
}

fn direction(section: &str) -> Option<&str> {
    section
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("a="))
        .find(|word| matches!(*word, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
}

/// In the order of `a=simulcast:send`, else in the order of the `a=rid` lines.
fn sent_rids(section: &str) -> Vec<String> {
    if let Some(simulcast) = attribute(section, "a=simulcast:") {
        let mut words = simulcast.split_ascii_whitespace();
        while let Some(word) = words.next() {
            if word == "send" {
                let list = words.next().unwrap_or_default();
                let first_choice =
                    |layer: &str| layer.split(',').next().map(|rid| rid.trim_start_matches('~').to_owned());
                return list.split(';').filter_map(first_choice).filter(|rid| !rid.is_empty()).collect();
            }
        }
    }
    section
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("a=rid:"))
        .filter_map(|rid| rid.split_once(' '))
        .filter(|(_, rest)| rest.starts_with("send"))
        .map(|(rid, _)| rid.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\na=fingerprint:sha-256 AA:BB\r\n\
        a=mid:0\r\na=sendonly\r\na=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendrecv\r\na=rid:h send\r\na=rid:l send\r\n\
        a=simulcast:send h;~l\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\na=sendonly\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:4\r\n";

    #[test]
    fn m_lines_are_read_with_direction_and_rids() {
        let lines = media_lines(OFFER);
        let seen: Vec<_> = lines.iter().map(|l| (l.mid.as_str(), l.kind, l.receives, l.sends)).collect();
        assert_eq!(
            seen,
            [
                ("0", MediaKind::Audio, true, false),
                ("1", MediaKind::Video, true, true),
                ("2", MediaKind::Video, false, true)
            ]
        );
        assert_eq!(lines[1].rids, ["h", "l"]);
    }

    #[test]
    fn garbage_has_no_m_lines() {
        for text in ["", "m=", "\nm=\nm=audio", "v=0\nm=audio 9 x 1\na=mid", "\u{0}\nm=video 9\na=mid:"] {
            assert!(media_lines(text).iter().all(|line| line.mid.is_empty()), "{text:?}");
        }
    }

    #[test]
    fn an_ice_restart_is_the_same_connection_and_another_certificate_is_not() {
        let mark = OfferMark::of(OFFER);
        assert!(mark.is_same_connection(&OfferMark::of(&OFFER.replace("o=- 42", "o=- 43"))));
        assert!(mark.is_same_connection(&OfferMark::of(&OFFER.replace("abcd", "efgh"))));
        assert!(!mark.is_same_connection(&OfferMark::of(&OFFER.replace("AA:BB", "AA:CC"))));
        let other = OFFER.replace("abcd", "efgh").replace("o=- 42", "o=- 43");
        assert!(!mark.is_same_connection(&OfferMark::of(&other)));
    }

    #[test]
    fn a_restart_over_http_changes_the_credentials_alone() {
        let client = IceParameters { ufrag: "new".into(), password: "pass".into(), candidates: vec![] };
        let offer = with_credentials(OFFER, &client);
        assert!(offer.contains("a=ice-ufrag:new\r\na=ice-pwd:pass\r\n") && !offer.contains("a=candidate"));
        assert_eq!(media_lines(&offer), media_lines(OFFER));
        assert_eq!(credentials(&offer).ufrag, "new");
        assert_eq!(credentials(OFFER).candidates, ["1 1 udp 1 10.0.0.1 5000 typ host"]);
    }
}
