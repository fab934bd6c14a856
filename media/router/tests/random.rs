//! Whatever happens in whatever order: nothing goes to who did not ask, no slot is lost, every stream is continuous.

mod support;

use std::collections::BTreeSet;

use crosspoint_model::{MediaKind, Preference, Source, TrackKey};
use crosspoint_router::{Follow, LegIndex};
use proptest::prelude::*;
use support::{Stage, identity};

#[derive(Clone, Debug)]
enum Step {
    Join { leg: u32, audio: u16, video: u16, follows: u8 },
    Leave { leg: u32 },
    Publish { track: u64, leg: u32, kind: u8 },
    Unpublish { track: u64 },
    Subscribe { leg: u32, track: u64, height: u32, priority: i32, paused: bool },
    Unsubscribe { leg: u32, track: u64 },
    Negotiate { leg: u32, audio: u16, video: u16 },
    Flags { track: u64, muted: bool, held: bool },
    Speak { track: u64, level: i8 },
    Encode { track: u64, layer: usize, sends: bool },
    Estimate { leg: u32, kilobits: u64 },
    AskKeyFrame { leg: u32, slot: u16 },
    Play { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (leg, track) = (|| 1u32..8, || 1u64..14);
    prop_oneof![
        3 => (leg(), 0u16..4, 0u16..4, 0u8..6).prop_map(|(leg, audio, video, follows)| Step::Join { leg, audio, video, follows }),
        1 => leg().prop_map(|leg| Step::Leave { leg }),
        4 => (track(), leg(), 0u8..5).prop_map(|(track, leg, kind)| Step::Publish { track, leg, kind }),
        1 => track().prop_map(|track| Step::Unpublish { track }),
        5 => (leg(), track(), 90u32..1000, -1i32..2, prop::bool::weighted(0.1)).prop_map(|(leg, track, height, priority, paused)| {
            Step::Subscribe { leg, track, height, priority, paused }
        }),
        1 => (leg(), track()).prop_map(|(leg, track)| Step::Unsubscribe { leg, track }),
        2 => (leg(), 0u16..5, 0u16..5).prop_map(|(leg, audio, video)| Step::Negotiate { leg, audio, video }),
        1 => (track(), any::<bool>(), any::<bool>()).prop_map(|(track, muted, held)| Step::Flags { track, muted, held }),
        2 => (track(), -60i8..-10).prop_map(|(track, level)| Step::Speak { track, level }),
        1 => (track(), 0usize..3, any::<bool>()).prop_map(|(track, layer, sends)| Step::Encode { track, layer, sends }),
        2 => (leg(), 20u64..5_000).prop_map(|(leg, kilobits)| Step::Estimate { leg, kilobits }),
        1 => (leg(), 8u16..45).prop_map(|(leg, slot)| Step::AskKeyFrame { leg, slot }),
        4 => (1u64..1_500).prop_map(|ms| Step::Play { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_leaves_the_room_whole(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World { stage: Stage::new(), asked: BTreeSet::new(), unasked: BTreeSet::new(), tracks: BTreeSet::new() };
        for step in steps {
            // The stage checks the room's invariants after every event.
            world.apply(step);
        }
        for leg in 1..8 {
            world.apply(Step::Leave { leg });
        }
        prop_assert!(world.stage.room.is_empty());
        world.stage.wait(5_000);
        prop_assert_eq!(world.stage.room.poll_timeout(), None);
    }
}

/// The stage, and what should be true of it.
struct World {
    stage: Stage,
    asked: BTreeSet<(LegIndex, TrackKey)>,
    /// Legs to which tracks come unasked.
    unasked: BTreeSet<LegIndex>,
    tracks: BTreeSet<(TrackKey, LegIndex)>,
}

impl World {
    fn apply(&mut self, step: Step) {
        let stage = &mut self.stage;
        match step {
            Step::Join { leg, audio, video, follows } => {
                self.forget_leg(LegIndex(leg));
                let follow = match follows {
                    0 => Some(Follow::Dominant),
                    1 => Some(Follow::Participant { identity: identity(leg % 7 + 1), source: None }),
                    3 => Some(Follow::Participant { identity: identity(leg), source: None }),
                    _ => None,
                };
                let unasked = follow.is_some() || follows != 2;
                if unasked {
                    self.unasked.insert(LegIndex(leg));
                }
                self.stage.leg_with(leg, audio, video, |spec| {
                    (spec.follows, spec.auto_audio) = (follow, unasked);
                });
            }
            Step::Leave { leg } => {
                self.forget_leg(LegIndex(leg));
                self.stage.leave(LegIndex(leg));
            }
            Step::Publish { track, leg, kind } => {
                self.forget_track(TrackKey(track));
                let (media, source, rids, level): (_, _, &[&str], _) = match kind {
                    0 => (MediaKind::Audio, Source::Microphone, &[], Some(-127)),
                    1 => (MediaKind::Audio, Source::Phone, &[], None),
                    2 => (MediaKind::Video, Source::Screen, &[], None),
                    3 => (MediaKind::Video, Source::Camera, &["h", "l"], None),
                    _ => (MediaKind::Video, Source::Camera, &["h", "m", "l"], None),
                };
                self.stage.publish(track, LegIndex(leg), media, source, rids, level);
                self.tracks.insert((TrackKey(track), LegIndex(leg)));
            }
            Step::Unpublish { track } => {
                self.forget_track(TrackKey(track));
                self.stage.unpublish(TrackKey(track));
            }
            Step::Subscribe { leg, track, height, priority, paused } => {
                let preference = Preference {
                    height: Some(height),
                    priority: Some(priority),
                    paused: Some(paused),
                    ..Preference::default()
                };
                if stage.prefer(LegIndex(leg), TrackKey(track), preference) {
                    self.asked.insert((LegIndex(leg), TrackKey(track)));
                }
            }
            Step::Unsubscribe { leg, track } => {
                self.asked.remove(&(LegIndex(leg), TrackKey(track)));
                stage.unsubscribe(LegIndex(leg), TrackKey(track));
            }
            Step::Negotiate { leg, audio, video } => stage.slots(LegIndex(leg), audio, video),
            Step::Flags { track, muted, held } => {
                stage.room.set_flags(TrackKey(track), muted, held, stage.now);
                stage.settle();
            }
            Step::Speak { track, level } => stage.try_speak(TrackKey(track), level),
            Step::Encode { track, layer, sends } => stage.try_send(TrackKey(track), layer, sends),
            Step::Estimate { leg, kilobits } => stage.estimate(LegIndex(leg), kilobits * 1_000),
            Step::AskKeyFrame { leg, slot } => {
                stage.room.handle_key_frame_request(LegIndex(leg), slot, stage.now);
                stage.settle();
            }
            Step::Play { ms } => self.play(ms),
        }
    }

    /// Lets time pass and judges what was sent meanwhile.
    fn play(&mut self, ms: u64) {
        let judged = self.stage.sent.len();
        self.stage.play(ms);
        self.stage.assert_continuous();
        for sent in &self.stage.sent[judged..] {
            let leg = sent.forward.leg;
            assert!(!self.tracks.contains(&(sent.track, leg)), "{sent:?} goes to its own leg");
            let asked = self.asked.contains(&(leg, sent.track)) || self.unasked.contains(&leg);
            assert!(asked, "{sent:?} was not asked for");
        }
    }

    fn forget_leg(&mut self, leg: LegIndex) {
        self.stage.sent.retain(|sent| sent.forward.leg != leg);
        self.asked.retain(|(of, _)| *of != leg);
        self.unasked.remove(&leg);
        let own: Vec<_> = self.tracks.iter().filter(|(_, owner)| *owner == leg).map(|(track, _)| *track).collect();
        for track in own {
            self.forget_track(track);
        }
    }

    fn forget_track(&mut self, track: TrackKey) {
        self.asked.retain(|(_, of)| *of != track);
        self.tracks.retain(|(of, _)| *of != track);
    }
}
