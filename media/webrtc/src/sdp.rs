//! What is done to session descriptions outside of str0m: bounds on what comes in, paired stream ids on slots, own ICE
//! credentials in answers.
//!
//! **Pairs.** The n-th audio slot and the n-th video slot of a connection get the same media stream id. Browsers
//! synchronise tracks of one stream, and the router puts sound and picture of a participant into slots of one pair where
//! it can, so lips and sound stay together without a new negotiation. str0m mirrors the `a=msid` of an offered line into
//! its answer, so the ids are written into the offer before it is parsed.

use std::fmt::Write;

use crosspoint_egress::{CNAME, ExtensionIds};
use crosspoint_model::{Code, Refusal};
use str0m::IceCreds;

use crate::extensions;

/// More m-lines than any honest client needs: 12 + 12 slots, some tracks, a data channel, and retired ones.
const MAX_LINES: usize = 128;

/// Checks an offer's outer shape and writes the paired stream ids onto its receive-only lines.
pub fn prepare_offer(offer: &str) -> Result<String, Refusal> {
    if !offer.starts_with("v=0") {
        return Err(invalid("it does not begin with v=0"));
    }
    let sections = offer.split_inclusive('\n').filter(|line| line.starts_with("m=")).count();
    if sections == 0 {
        return Err(invalid("it has no m-line: offer at least one track, slot or data channel"));
    }
    if sections > MAX_LINES {
        return Err(invalid("it has more than 128 m-lines"));
    }
    let mut prepared = String::with_capacity(offer.len() + 64 * sections);
    let mut pairs = Pairs::default();
    for section in split_sections(offer) {
        pairs.write(section, &mut prepared);
    }
    Ok(prepared)
}

/// The user fragment and password of the first section that has them.
pub fn ice_credentials(sdp: &str) -> Option<(&str, &str)> {
    Some((attribute(sdp, "ice-ufrag:")?, attribute(sdp, "ice-pwd:")?))
}

/// The DTLS certificate fingerprint (RFC 8122).
pub fn fingerprint(sdp: &str) -> Option<&str> {
    attribute(sdp, "fingerprint:")
}

/// Puts other ICE credentials into every section.
pub fn replace_credentials(sdp: &str, credentials: &IceCreds) -> String {
    let mut replaced = String::with_capacity(sdp.len());
    for line in sdp.split_inclusive('\n') {
        if line.starts_with("a=ice-ufrag:") {
            let _ = write!(replaced, "a=ice-ufrag:{}\r\n", credentials.ufrag);
        } else if line.starts_with("a=ice-pwd:") {
            let _ = write!(replaced, "a=ice-pwd:{}\r\n", credentials.pass);
        } else {
            replaced.push_str(line);
        }
    }
    replaced
}

/// What an answer says of one m-line, as far as the sending half needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    pub(crate) mid: &'a str,
    pub(crate) ids: ExtensionIds,
}

/// Below a browser's host candidates over TCP, which have 90, and above its relays, which have 2 at most.
const TYPE_PREFERENCE: u32 = 64;
/// Candidates of one transport that are told apart.
const RANKS: u32 = 64;
/// Soon after it the type preference would be 90.
const MAX_RESTARTS: u32 = 13_000;

/// The m-lines of an answer.
pub(crate) fn sections(answer: &str) -> impl Iterator<Item = Section<'_>> {
    split_sections(answer).into_iter().filter(|section| section.starts_with("m=")).map(|section| {
        let mid = attribute(section, "mid:").unwrap_or_default();
        let mut ids = ExtensionIds::default();
        for line in section.lines().filter_map(|line| line.strip_prefix("a=extmap:")) {
            let mut words = line.split_ascii_whitespace();
            // "4" or "4/sendonly", then the URI.
            let id = words.next().and_then(|id| id.split('/').next()?.parse().ok());
            if let (Some(id), Some(uri)) = (id, words.next()) {
                extensions::set_id(&mut ids, uri, id);
            }
        }
        Section { mid, ids }
    })
}

/// The payload types that a description lists, by m-line.
#[derive(Debug)]
pub(crate) struct Offered<'a>(Vec<(&'a str, Vec<u8>)>);

impl<'a> Offered<'a> {
    pub(crate) fn read(sdp: &'a str) -> Self {
        let sections = split_sections(sdp).into_iter().filter(|section| section.starts_with("m="));
        let listed = sections.filter_map(|section| {
            let line = section.lines().next()?;
            // "m=audio 9 UDP/TLS/RTP/SAVPF 111 63"
            let numbers = line.split_ascii_whitespace().skip(3).filter_map(|number| number.parse().ok());
            Some((attribute(section, "mid:")?, numbers.collect()))
        });
        Self(listed.collect())
    }

    /// Those of one m-line.
    pub(crate) fn on(&self, mid: &str) -> &[u8] {
        self.0.iter().find(|(known, _)| *known == mid).map_or(&[], |(_, numbers)| numbers)
    }
}

/// Lists the payload types of each m-line in the order of the offer (RFC 3264 §6.1): browsers send the first one.
pub(crate) fn keep_order(answer: &str, offered: &Offered<'_>) -> String {
    let mut ordered = String::with_capacity(answer.len());
    for section in split_sections(answer) {
        let (line, rest) = section.split_once("\r\n").unwrap_or((section, ""));
        let wanted = attribute(section, "mid:").map(|mid| offered.on(mid)).unwrap_or_default();
        let mut words: Vec<&str> = line.split(' ').collect();
        if line.starts_with("m=") && words.len() > 3 {
            // What is not offered there goes last.
            words[3..]
                .sort_by_key(|word| wanted.iter().position(|number| word.parse() == Ok(*number)).unwrap_or(usize::MAX));
        }
        ordered.push_str(&words.join(" "));
        ordered.push_str("\r\n");
        ordered.push_str(rest);
    }
    ordered
}

/// Puts the sources of the sending half in the place of str0m's: the stream and the one under which it resends.
pub(crate) fn replace_sources(answer: &str, sources_of: impl Fn(&str) -> Option<(u32, u32)>) -> String {
    let mut replaced = String::with_capacity(answer.len());
    for section in split_sections(answer) {
        let sources = attribute(section, "mid:").and_then(&sources_of);
        let Some((ssrc, rtx)) = sources.filter(|_| section.contains("a=ssrc:")) else {
            replaced.push_str(section);
            continue;
        };
        for line in section.split_inclusive('\n').filter(|line| !line.starts_with("a=ssrc")) {
            replaced.push_str(line);
        }
        let resends = section.contains("a=ssrc-group:FID");
        if resends {
            let _ = write!(replaced, "a=ssrc-group:FID {ssrc} {rtx}\r\n");
        }
        let msid = attribute(section, "msid:").unwrap_or("-");
        for source in [Some(ssrc), resends.then_some(rtx)].into_iter().flatten() {
            let _ = write!(replaced, "a=ssrc:{source} cname:{CNAME}\r\na=ssrc:{source} msid:{msid}\r\n");
        }
    }
    replaced
}

/// Ranks the host candidates by the number of ICE restarts so far, all below a client's own. Priorities of pairs (RFC 8445
/// §6.1.2.3) begin with the lower one of both sides: so each pair after a restart is above all from before, and a client does not
/// stay with one that is dead because it was the preferred one.
pub(crate) fn rank_candidates(answer: &str, restarts: u32) -> String {
    let mut ranked = String::with_capacity(answer.len());
    for line in answer.split_inclusive('\n') {
        match line.strip_prefix("a=candidate:").and_then(|candidate| rank_candidate(candidate, restarts)) {
            Some(candidate) => ranked.push_str(&candidate),
            None => ranked.push_str(line),
        }
    }
    ranked
}

fn rank_candidate(candidate: &str, restarts: u32) -> Option<String> {
    // "foundation component transport priority address port typ host"
    let mut words = candidate.splitn(5, ' ');
    let [foundation, component, transport, priority, rest] = std::array::from_fn(|_| words.next());
    let (transport, priority) = (transport?, priority?.parse::<u32>().ok()?);
    // str0m counts down with each further candidate, by two, from 65,535 for IPv6 and 65,534 for IPv4: of the same place both have
    // the same rank here, and which of them it is to be is the client's choice.
    let place = ((u32::from(u16::MAX) - (priority >> 8 & 0xffff)) / 2).min(RANKS - 1);
    let udp = if transport.eq_ignore_ascii_case("udp") { RANKS } else { 0 };
    let local_preference = restarts.min(MAX_RESTARTS) * 2 * RANKS + udp + RANKS - 1 - place;
    let priority = (TYPE_PREFERENCE << 24) + (local_preference << 8) + (priority & 0xff);
    Some(format!("a=candidate:{} {} {transport} {priority} {}", foundation?, component?, rest?))
}

/// A refusal of a session description.
pub(crate) fn invalid(why: &str) -> Refusal {
    Refusal::new(Code::InvalidSdp, format!("the session description cannot be used: {why}"))
}

fn attribute<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)).map(str::trim)
}

/// The session part, then each m-line with what belongs to it.
fn split_sections(sdp: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.push(sdp.len());
    starts.windows(2).map(|ends| &sdp[ends[0]..ends[1]]).collect()
}

/// Counts slots of each kind while it writes their stream ids.
#[derive(Default)]
struct Pairs {
    audio: usize,
    video: usize,
}

impl Pairs {
    fn write(&mut self, section: &str, out: &mut String) {
        let receives_only = section.lines().any(|line| line.trim_end() == "a=recvonly");
        let slot = if !receives_only {
            None
        } else if section.starts_with("m=audio") {
            self.audio += 1;
            Some((self.audio, 'a'))
        } else if section.starts_with("m=video") {
            self.video += 1;
            Some((self.video, 'v'))
        } else {
            None
        };
        let Some((number, kind)) = slot else { return out.push_str(section) };
        for line in section.split_inclusive('\n').filter(|line| !line.starts_with("a=msid:")) {
            out.push_str(line);
        }
        if !out.ends_with('\n') {
            out.push_str("\r\n");
        }
        let _ = write!(out, "a=msid:pair{number} {kind}{number}\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\na=sendonly\r\na=msid:mine t\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=recvonly\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\na=msid:- x\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\na=recvonly";

    #[test]
    fn the_nth_audio_and_the_nth_video_slot_share_a_stream() {
        let prepared = prepare_offer(OFFER).expect("fine");
        let ids: Vec<&str> = prepared.lines().filter_map(|line| line.strip_prefix("a=msid:")).collect();
        assert_eq!(ids, ["mine t", "pair1 a1", "pair1 v1", "pair2 v2"]);
    }

    #[test]
    fn an_answer_gets_other_credentials_in_every_section() {
        let credentials = IceCreds { ufrag: "new".into(), pass: "word".into() };
        let replaced = replace_credentials(OFFER, &credentials);
        assert_eq!(ice_credentials(&replaced), Some(("new", "word")));
        assert_eq!(ice_credentials(OFFER), Some(("abcd", "secret")));
    }

    #[test]
    fn candidates_after_a_restart_are_above_all_before_and_below_a_browsers() {
        let answer = "a=candidate:ab 1 udp 2130706175 203.0.113.1 7882 typ host\r\n\
            a=candidate:cd 1 udp 2130706431 2001:db8::1 7882 typ host\r\n\
            a=candidate:cd 1 udp 2130705663 203.0.113.2 7882 typ host\r\n\
            a=candidate:ef 1 tcp 1526726143 203.0.113.1 7882 typ host tcptype passive\r\na=end-of-candidates\r\n";
        let priorities = |restarts| {
            let ranked = rank_candidates(answer, restarts);
            assert!(
                ranked.ends_with(" 203.0.113.1 7882 typ host tcptype passive\r\na=end-of-candidates\r\n"),
                "{ranked}"
            );
            let priority = |line: &str| line.split(' ').nth(3)?.parse::<u32>().ok();
            ranked.lines().filter_map(priority).collect::<Vec<_>>()
        };
        let mut in_order: Vec<u32> = [1, 0].into_iter().flat_map(&priorities).chain([RELAYED]).collect();
        in_order.dedup();
        assert_eq!(in_order.len(), 7, "IPv4 and IPv6 have the same rank: {in_order:?}");
        assert!(in_order.is_sorted_by(|above, below| above > below), "{in_order:?}");
        assert!(priorities(u32::MAX)[0] < SIXTIETH_OVER_TCP && priorities(u32::MAX)[3] > priorities(12_999)[0]);
    }

    /// A candidate of Chromium on a relay over UDP.
    const RELAYED: u32 = 41_885_439;
    /// Chromium's host candidate over TCP on its sixtieth network.
    const SIXTIETH_OVER_TCP: u32 = 1_514_414_079;

    #[test]
    fn an_answer_names_our_sources_and_the_numbers_of_extensions() {
        let answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=msid:pair1 v1\r\n\
            a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:3/sendonly urn:3gpp:video-orientation\r\n\
            a=ssrc:1 cname:x\r\na=ssrc:1 msid:pair1 v1\r\na=ssrc:2 cname:x\r\na=ssrc-group:FID 1 2\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\n";
        let replaced = replace_sources(answer, |mid| (mid == "2").then_some((77, 88)));
        assert!(
            replaced.contains("a=ssrc-group:FID 77 88\r\na=ssrc:77 cname:crosspoint\r\na=ssrc:77 msid:pair1 v1\r\n")
        );
        assert!(!replaced.contains("a=ssrc:1 ") && replaced.ends_with("a=recvonly\r\n"));
        let sections: Vec<Section<'_>> = sections(answer).collect();
        assert_eq!((sections[0].mid, sections[0].ids.mid, sections[0].ids.orientation), ("2", 4, 3));
        let offer = answer.replace("SAVPF 96", "SAVPF 45 98 96 97");
        let ordered = keep_order(&answer.replace("SAVPF 96", "SAVPF 96 97 98"), &Offered::read(&offer));
        assert_eq!(ordered, answer.replace("SAVPF 96", "SAVPF 98 96 97"));
        let listed = Offered::read(answer);
        assert_eq!((listed.on("0").to_vec(), listed.on("7").to_vec()), (vec![111], vec![]));
        assert_eq!(sections[1], Section { mid: "0", ..Section::default() });
    }

    #[test]
    fn an_offer_without_shape_is_refused_with_a_reason() {
        for (offer, word) in [("", "v=0"), ("hello", "v=0"), ("v=0\r\ns=-\r\n", "no m-line")] {
            let refusal = prepare_offer(offer).expect_err("refused");
            assert!(refusal.code == Code::InvalidSdp && refusal.detail.contains(word), "{refusal}");
        }
    }
}
