//! An m-line as negotiated, and what is needed to send on it.

use std::sync::Arc;

use crosspoint_egress::PayloadTypes;
use crosspoint_model::MediaKind;
use str0m::format::CodecConfig;
use str0m::media::{Media, Mid, Pt, Rid, Rids};

use crate::packet::Format;

/// An m-line as negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaLine {
    /// Its mid.
    pub mid: String,
    /// Sound or picture.
    pub kind: MediaKind,
    /// The client sends on it: it can carry a published track.
    pub receives: bool,
    /// The server sends on it: it is a slot.
    pub sends: bool,
    /// The simulcast rids that the client sends, best first.
    pub rids: Vec<String>,
}

/// A line with what is looked up for each packet on it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) mid: Mid,
    pub(crate) rids: Vec<Rid>,
    pub(crate) view: MediaLine,
    /// The client's payload types for this line.
    accepted: Vec<Pt>,
    /// All that its offer lists there: those of resends and redundant audio, too.
    offered: Vec<u8>,
    /// The format that came last and the payload types it has here.
    matched: Option<(Arc<Format>, Option<PayloadTypes>)>,
}

impl Line {
    pub(crate) fn new(media: &Media, offered: Vec<u8>) -> Self {
        let mut rids = match media.rids_rx() {
            Rids::Specific(rids) => rids.clone(),
            Rids::None | Rids::Any => Vec::new(),
        };
        best_first(&mut rids);
        let kind = if media.kind().is_audio() { MediaKind::Audio } else { MediaKind::Video };
        let view = MediaLine {
            mid: media.mid().to_string(),
            kind,
            receives: media.direction().is_receiving(),
            sends: media.direction().is_sending(),
            rids: rids.iter().map(ToString::to_string).collect(),
        };
        Self { mid: media.mid(), rids, view, accepted: media.remote_pts().to_vec(), offered, matched: None }
    }

    /// The payload types under which the client takes this format on this line.
    pub(crate) fn payload_types(&mut self, format: &Arc<Format>, codecs: &CodecConfig) -> Option<PayloadTypes> {
        if let Some((last, types)) = &self.matched
            && Arc::ptr_eq(last, format)
        {
            return *types;
        }
        // str0m knows these for the whole connection; each line may take them or not.
        let offered = |pt: Option<Pt>| pt.map(|pt| *pt).filter(|pt| self.offered.contains(pt));
        let params = codecs.match_params(format.params).filter(|params| self.accepted.contains(&params.pt()));
        let types = params.map(|params| PayloadTypes {
            media: *params.pt(),
            rtx: offered(params.resend()),
            red: offered(params.red()),
        });
        self.matched = Some((format.clone(), types));
        types
    }
}

/// Puts the rids in order of quality. Known families are `h m l` (ours), `f h q` (LiveKit, mediasoup examples) and
/// `2 1 0`; others stay as the client listed them.
fn best_first(rids: &mut [Rid]) {
    const FAMILIES: [&[&str]; 3] = [&["h", "m", "l"], &["f", "h", "q"], &["2", "1", "0"]];
    let names: Vec<String> = rids.iter().map(ToString::to_string).collect();
    let family = FAMILIES.into_iter().find(|family| names.iter().all(|name| family.contains(&name.as_str())));
    if let Some(family) = family {
        rids.sort_by_key(|rid| family.iter().position(|name| *name == rid.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&str]) -> Vec<String> {
        let mut rids: Vec<Rid> = names.iter().map(|name| Rid::from(*name)).collect();
        best_first(&mut rids);
        rids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn known_rids_are_ordered_best_first() {
        assert_eq!(ordered(&["l", "h", "m"]), ["h", "m", "l"]);
        assert_eq!(ordered(&["q", "h", "f"]), ["f", "h", "q"]);
        assert_eq!(ordered(&["0", "1"]), ["1", "0"]);
        assert_eq!(ordered(&["big", "small"]), ["big", "small"]);
    }
}
