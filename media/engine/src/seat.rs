//! What a room has to know of a leg, wherever its transport is, and the number under which the room's router has it.

use crosspoint_model::{Hears, Identity, LegKey, RoomKey, VoiceSettings};
use crosspoint_router::{LegIndex, LegSpec, SlotSpec};
use crosspoint_webrtc::MediaLine;

use crate::data::Allowance;
use crate::order::{LegProfile, RoomSettings, TrackSpec};
use crate::routes::Index;

/// In a router's number: the leg is a guest.
const GUEST: u32 = 1 << 31;
/// In a router's number: it is a leg of plain sound.
const PLAIN: u32 = 1 << 30;

/// Somebody in a room of this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Member {
    /// A leg of this worker.
    Leg(Index),
    /// A leg whose transport is on another worker.
    Guest(Index),
    /// A leg of plain sound.
    Plain(Index),
}

impl Member {
    /// The number that a router gave back.
    pub(crate) fn of(number: LegIndex) -> Self {
        let index = (number.0 & !(GUEST | PLAIN)) as Index;
        match (number.0 & GUEST, number.0 & PLAIN) {
            (0, 0) => Self::Leg(index),
            (0, _) => Self::Plain(index),
            _ => Self::Guest(index),
        }
    }

    /// Its number in a router.
    pub(crate) fn number(self) -> LegIndex {
        let narrow = |index: Index| {
            let index = u32::try_from(index).ok().filter(|index| index & (GUEST | PLAIN) == 0);
            index.expect("a worker has fewer than 2^30 legs")
        };
        match self {
            Self::Leg(index) => LegIndex(narrow(index)),
            Self::Guest(index) => LegIndex(narrow(index) | GUEST),
            Self::Plain(index) => LegIndex(narrow(index) | PLAIN),
        }
    }
}

/// A leg as its room sees it.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) key: LegKey,
    pub(crate) room: RoomKey,
    pub(crate) identity: Identity,
    pub(crate) profile: LegProfile,
    pub(crate) publish: Vec<TrackSpec>,
    pub(crate) lines: Vec<MediaLine>,
    /// How its voices are treated before they are mixed.
    pub(crate) voice: VoiceSettings,
    /// Pre-fade listen: whom it hears as well.
    pub(crate) pre_fade: Option<Identity>,
    /// Has it subscribed to the mix, whatever comes to it unasked?
    pub(crate) mix_wanted: bool,
    /// Does somebody talk to it alone?
    pub(crate) addressed: bool,
    /// What data it may still send.
    pub(crate) allowance: Option<Allowance>,
}

impl Seat {
    /// The mid, kind and rids of a track's line.
    pub(crate) fn media_line(&self, spec: &TrackSpec) -> Option<&MediaLine> {
        self.lines.iter().find(|line| line.mid == spec.mid && line.receives && line.kind == spec.kind)
    }

    pub(crate) fn spec(&self, room: &RoomSettings) -> LegSpec {
        LegSpec {
            identity: self.identity.clone(),
            subscribes: self.profile.subscribes,
            auto_audio: self.profile.hears == Hears::Tracks,
            hears_mix: self.hears_mix(),
            follows: self.profile.follows.clone(),
            audio_slots: room.audio_slots,
            video_slots: room.video_slots,
            receive_bitrate: self.profile.receive_bitrate,
        }
    }

    /// Does a bus of the room's mixer come to it?
    pub(crate) fn hears_mix(&self) -> bool {
        matches!(self.profile.hears, Hears::Mix | Hears::Hold)
            || self.pre_fade.is_some()
            || self.addressed
            || self.mix_wanted
    }

    pub(crate) fn slots(&self) -> Vec<SlotSpec> {
        let slots = self.lines.iter().enumerate().filter(|(_, line)| line.sends);
        let slots = slots.filter_map(|(index, line)| {
            Some(SlotSpec { index: u16::try_from(index).ok()?, mid: line.mid.clone(), kind: line.kind })
        });
        slots.collect()
    }

    /// What it publishes, as a router takes it; none: it names a line that was not negotiated.
    pub(crate) fn track(&self, spec: &TrackSpec, owner: Member) -> Option<crosspoint_router::TrackSpec> {
        Some(crosspoint_router::TrackSpec {
            track: spec.track,
            owner: owner.number(),
            kind: spec.kind,
            source: spec.source,
            rids: self.media_line(spec)?.rids.clone(),
            width: spec.width,
            height: spec.height,
            muted: spec.muted,
            held: spec.held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_tells_legs_and_guests_apart() {
        for member in [Member::Leg(0), Member::Leg(7), Member::Guest(0), Member::Guest(7), Member::Plain(7)] {
            assert_eq!(Member::of(member.number()), member);
        }
        assert_ne!(Member::Leg(7).number(), Member::Guest(7).number());
    }
}
