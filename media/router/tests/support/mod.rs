//! A stage for a room: publishers that encode like browsers do, viewers with slots, and a clock that only the test moves.
#![allow(dead_code)] // Each test file uses its part of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_model::{Identity, MediaKind, Preference, Source, TrackKey};
use crosspoint_router::{Follow, Forward, LegIndex, LegSpec, Output, Packet, Room, SlotSpec, SlotState, TrackSpec};
use crosspoint_rtp::{picture, vp8};

/// How often the stage moves.
pub const STEP: Duration = Duration::from_millis(20);
/// Frames come every other step.
const FRAME_STEPS: u64 = 2;

pub struct Stage {
    pub room: Room,
    pub now: Instant,
    pub start: Instant,
    /// Everything that the room said, with the moment.
    pub said: Vec<(Instant, Output)>,
    /// Everything that was forwarded.
    pub sent: Vec<Sent>,
    /// Calls of `handle_timeout`.
    pub timeouts: usize,
    publishers: BTreeMap<TrackKey, Publisher>,
    steps: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub at: Instant,
    pub track: TrackKey,
    pub layer: u8,
    pub key: bool,
    pub forward: Forward,
}

struct Publisher {
    kind: MediaKind,
    level: Option<i8>,
    layers: Vec<Encoder>,
}

#[derive(Clone, Copy)]
struct Encoder {
    sends: bool,
    /// Packets per frame.
    packets: u64,
    sequence: u64,
    timestamp: u32,
    picture: u16,
    frame: u16,
    key_wanted: bool,
}

impl Stage {
    pub fn new() -> Self {
        let now = Instant::now();
        let room = Room::new();
        let publishers = BTreeMap::new();
        Self { room, now, start: now, said: vec![], sent: vec![], timeouts: 0, publishers, steps: 0 }
    }

    /// A leg that publishes and receives all voices, with these slots.
    pub fn leg(&mut self, index: u32, audio: u16, video: u16) -> LegIndex {
        self.leg_with(index, audio, video, |spec| spec.auto_audio = true)
    }

    pub fn viewer_of(&mut self, index: u32, audio: u16, video: u16, follows: Follow) -> LegIndex {
        self.leg_with(index, audio, video, |spec| spec.follows = Some(follows))
    }

    pub fn leg_with(&mut self, index: u32, audio: u16, video: u16, change: impl FnOnce(&mut LegSpec)) -> LegIndex {
        let leg = LegIndex(index);
        let mut spec = LegSpec {
            identity: identity(index),
            subscribes: true,
            auto_audio: false,
            hears_mix: false,
            follows: None,
            audio_slots: 12,
            video_slots: 12,
            receive_bitrate: None,
        };
        change(&mut spec);
        self.room.add_leg(leg, spec, self.now);
        self.slots(leg, audio, video);
        leg
    }

    pub fn slots(&mut self, leg: LegIndex, audio: u16, video: u16) {
        self.room.set_slots(leg, &slots(audio, video), self.now);
        self.settle();
    }

    pub fn microphone(&mut self, key: u64, owner: LegIndex) -> TrackKey {
        self.audio(key, owner, Source::Microphone, Some(-127))
    }

    pub fn audio(&mut self, key: u64, owner: LegIndex, source: Source, level: Option<i8>) -> TrackKey {
        self.publish(key, owner, MediaKind::Audio, source, &[], level)
    }

    pub fn camera(&mut self, key: u64, owner: LegIndex) -> TrackKey {
        self.publish(key, owner, MediaKind::Video, Source::Camera, &[], None)
    }

    /// Three layers of about 1.8 Mbit/s, 600 and 200 kbit/s.
    pub fn simulcast(&mut self, key: u64, owner: LegIndex) -> TrackKey {
        self.publish(key, owner, MediaKind::Video, Source::Camera, &["h", "m", "l"], None)
    }

    pub fn publish(
        &mut self,
        key: u64,
        owner: LegIndex,
        kind: MediaKind,
        source: Source,
        rids: &[&str],
        level: Option<i8>,
    ) -> TrackKey {
        let track = TrackKey(key);
        let rids: Vec<String> = rids.iter().map(ToString::to_string).collect();
        let count = rids.len().max(1);
        let packets = |layer: usize| if count == 1 { 3 } else { [9, 3, 1][layer.min(2)] };
        let layers = (0..count).map(|layer| Encoder {
            sends: true,
            packets: packets(layer),
            sequence: 1_000 * (key + 1) + layer as u64 * 300,
            timestamp: key as u32 * 77_777 + layer as u32 * 999,
            picture: 0x7fc0 + layer as u16 * 50,
            frame: 0xff80 + layer as u16 * 10,
            key_wanted: true,
        });
        self.publishers.insert(track, Publisher { kind, level, layers: layers.collect() });
        let spec = TrackSpec { track, owner, kind, source, rids, width: 1280, height: 720, muted: false, held: false };
        self.room.add_track(spec, self.now);
        self.settle();
        track
    }

    pub fn unpublish(&mut self, track: TrackKey) {
        self.publishers.remove(&track);
        self.room.remove_track(track, self.now);
        self.settle();
    }

    pub fn leave(&mut self, leg: LegIndex) {
        self.room.remove_leg(leg, self.now);
        self.settle();
    }

    pub fn speaks(&mut self, track: TrackKey, dbov: i8) {
        assert!(self.publishers.contains_key(&track));
        self.try_speak(track, dbov);
    }

    /// Sets how loud a track is, if there is one that carries levels.
    pub fn try_speak(&mut self, track: TrackKey, dbov: i8) {
        if let Some(level) = self.publishers.get_mut(&track).and_then(|publisher| publisher.level.as_mut()) {
            *level = dbov;
        }
    }

    /// Starts or stops an encoder; it starts with a key frame.
    pub fn sends(&mut self, track: TrackKey, layer: usize, sends: bool) {
        assert!(self.publishers[&track].layers.len() > layer);
        self.try_send(track, layer, sends);
    }

    pub fn try_send(&mut self, track: TrackKey, layer: usize, sends: bool) {
        let publisher = self.publishers.get_mut(&track);
        if let Some(encoder) = publisher.and_then(|publisher| publisher.layers.get_mut(layer)) {
            encoder.key_wanted |= sends && !encoder.sends;
            encoder.sends = sends;
        }
    }

    pub fn subscribe(&mut self, leg: LegIndex, track: TrackKey) -> bool {
        self.prefer(leg, track, Preference::default())
    }

    pub fn prefer(&mut self, leg: LegIndex, track: TrackKey, preference: Preference) -> bool {
        let done = self.room.subscribe(leg, track, preference, self.now);
        self.settle();
        done
    }

    pub fn unsubscribe(&mut self, leg: LegIndex, track: TrackKey) {
        self.room.unsubscribe(leg, track, self.now);
        self.settle();
    }

    pub fn mute(&mut self, track: TrackKey, muted: bool) {
        self.room.set_flags(track, muted, false, self.now);
        self.settle();
    }

    pub fn estimate(&mut self, leg: LegIndex, bits_per_second: u64) {
        self.room.handle_estimate(leg, bits_per_second, self.now);
        self.settle();
    }

    /// Lets time pass, with all publishers sending.
    pub fn play(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while self.now < until {
            self.now += STEP;
            self.steps += 1;
            if self.room.poll_timeout().is_some_and(|at| at <= self.now) {
                self.timeouts += 1;
                self.room.handle_timeout(self.now);
                self.settle();
            }
            self.send_all();
        }
    }

    /// Lets time pass with nobody sending.
    pub fn wait(&mut self, ms: u64) {
        let publishers = std::mem::take(&mut self.publishers);
        self.play(ms);
        self.publishers = publishers;
    }

    fn send_all(&mut self) {
        for key in self.publishers.keys().copied().collect::<Vec<_>>() {
            let publisher = &self.publishers[&key];
            let count = publisher.layers.len() as u8;
            if publisher.kind == MediaKind::Video && !self.steps.is_multiple_of(FRAME_STEPS) {
                continue;
            }
            for layer in 0..count {
                self.send_frame(key, layer);
            }
        }
    }

    fn send_frame(&mut self, track: TrackKey, layer: u8) {
        let Some(publisher) = self.publishers.get_mut(&track) else { return };
        let (kind, level) = (publisher.kind, publisher.level);
        let encoder = &mut publisher.layers[usize::from(layer)];
        if !encoder.sends {
            return;
        }
        let audio = kind == MediaKind::Audio;
        encoder.timestamp = encoder.timestamp.wrapping_add(if audio { 960 } else { 3_600 });
        let key = audio || std::mem::take(&mut encoder.key_wanted);
        let packets = if audio { 1 } else { encoder.packets };
        encoder.picture = (encoder.picture + 1) & 0x7fff;
        encoder.frame = encoder.frame.wrapping_add(1);
        let numbers = vp8::Numbers { picture_id: Some(encoder.picture), wide: true, tl0_pic_idx: None };
        let picture = if audio {
            picture::Numbers::default()
        } else {
            picture::Numbers { vp8: Some(numbers), frame: Some(encoder.frame) }
        };
        let (first, timestamp) = (encoder.sequence + 1, encoder.timestamp);
        encoder.sequence += packets;
        for step in 0..packets {
            let packet = Packet {
                sequence: first + step,
                timestamp,
                marker: step + 1 == packets,
                starts_key_frame: key && step == 0,
                payload_len: if audio { 80 } else { 1_000 },
                level,
                picture,
                arrival: self.now,
                capture: None,
            };
            self.deliver(track, layer, &packet);
        }
    }

    pub fn deliver(&mut self, track: TrackKey, layer: u8, packet: &Packet) {
        let mut out = Vec::new();
        self.room.handle_packet(track, layer, packet, &mut out);
        let (at, key) = (self.now, packet.starts_key_frame);
        self.sent.extend(out.into_iter().map(|forward| Sent { at, track, layer, key, forward }));
        self.settle();
    }

    pub fn settle(&mut self) {
        while let Some(output) = self.room.poll_output() {
            if let Output::RequestKeyFrame { track, layer } = &output
                && let Some(publisher) = self.publishers.get_mut(track)
            {
                publisher.layers[usize::from(*layer)].key_wanted = true;
            }
            self.said.push((self.now, output));
        }
        if let Err(broken) = self.room.check_invariants() {
            panic!("{broken}");
        }
    }

    /// What was sent to a leg of a track since the last call of [`Self::forget`].
    pub fn got(&self, leg: LegIndex, track: TrackKey) -> Vec<Sent> {
        self.sent.iter().filter(|sent| sent.forward.leg == leg && sent.track == track).copied().collect()
    }

    /// The layers of a track that were sent to a leg, each run of packets once.
    pub fn layers(&self, leg: LegIndex, track: TrackKey) -> Vec<u8> {
        let mut layers: Vec<u8> = self.got(leg, track).iter().map(|sent| sent.layer).collect();
        layers.dedup();
        layers
    }

    /// Which tracks were sent to a leg.
    pub fn tracks(&self, leg: LegIndex) -> Vec<u64> {
        let mut tracks: Vec<u64> =
            self.sent.iter().filter(|sent| sent.forward.leg == leg).map(|sent| sent.track.0).collect();
        tracks.sort_unstable();
        tracks.dedup();
        tracks
    }

    pub fn slot(&self, leg: LegIndex, mid: &str) -> SlotState {
        self.room.slots(leg).into_iter().find(|slot| slot.mid == mid).expect("a slot of that mid")
    }

    pub fn key_frame_requests(&self, track: TrackKey, layer: u8) -> usize {
        let asked = Output::RequestKeyFrame { track, layer };
        self.said.iter().filter(|(_, output)| *output == asked).count()
    }

    pub fn speakers(&self) -> Vec<Vec<u64>> {
        let lists = self.said.iter().filter_map(|(_, output)| match output {
            Output::Speakers { speakers } => Some(speakers.iter().map(|(track, _)| track.0).collect()),
            _ => None,
        });
        let mut lists: Vec<Vec<u64>> = lists.collect();
        lists.dedup();
        lists
    }

    pub fn unwanted(&self) -> Vec<(u64, Vec<String>)> {
        let layers = self.said.iter().filter_map(|(_, output)| match output {
            Output::Layers { track, unwanted } => Some((track.0, unwanted.clone())),
            _ => None,
        });
        layers.collect()
    }

    pub fn slots_wanted(&self, leg: LegIndex) -> Vec<(u32, u32)> {
        let wanted = self.said.iter().filter_map(|(_, output)| match output {
            Output::SlotsWanted { leg: of, count } if *of == leg => Some((count.audio, count.video)),
            _ => None,
        });
        wanted.collect()
    }

    /// Forgets what was sent and said.
    pub fn forget(&mut self) {
        self.sent.clear();
        self.said.clear();
    }

    /// Every outgoing stream must go on without a gap, a repetition, a step back in time or a skipped picture.
    pub fn assert_continuous(&self) {
        let mut last: BTreeMap<(LegIndex, u16), Forward> = BTreeMap::new();
        for sent in &self.sent {
            let forward = sent.forward;
            if let Some(before) = last.insert((forward.leg, forward.slot), forward) {
                assert_eq!(forward.sequence, before.sequence + 1, "{sent:?}");
                let ahead = forward.timestamp.wrapping_sub(before.timestamp);
                assert!(ahead < u32::MAX / 2, "time runs back: {before:?} {sent:?}");
                if let (Some(before), Some(after)) = (before.picture.vp8, forward.picture.vp8) {
                    let next = before.picture_id.map(|id| (id + 1) & 0x7fff);
                    assert!([before.picture_id, next].contains(&after.picture_id), "a picture is skipped: {sent:?}");
                }
                if let (Some(before), Some(after)) = (before.picture.frame, forward.picture.frame) {
                    assert!(after.wrapping_sub(before) <= 1, "a frame is skipped or lies behind: {sent:?}");
                }
            }
        }
    }
}

pub fn identity(index: u32) -> Identity {
    Identity::parse(&format!("user-{index}")).expect("an identity")
}

pub fn slots(audio: u16, video: u16) -> Vec<SlotSpec> {
    let audio_slots = (0..audio).map(|at| SlotSpec { index: 10 + at, mid: format!("a{at}"), kind: MediaKind::Audio });
    let video_slots = (0..video).map(|at| SlotSpec { index: 40 + at, mid: format!("v{at}"), kind: MediaKind::Video });
    audio_slots.chain(video_slots).collect()
}

pub fn of_height(height: u32) -> Preference {
    Preference { height: Some(height), ..Preference::default() }
}
