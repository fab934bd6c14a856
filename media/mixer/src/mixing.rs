//! Adding up: what each bus sounds like in this tick, who hears it as it is, and who hears something else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosspoint_dsp::FRAME;
use crosspoint_model::{Bus, TrackKey};

use crate::bus::BusState;
use crate::line::Made;
use crate::listener::{Audience, Listener, ListenerId, Service};
use crate::mixer::{Mixer, Output, encoder_settings};
use crate::pcm::PcmFrame;
use crate::voice::{SILENT, Voice};

type Voices = BTreeMap<TrackKey, Voice>;

impl Mixer {
    /// Adds up what was decoded, gives it to those who read it as it is, and finds out which packets are to be made.
    pub(crate) fn mix(&mut self) -> Vec<Audience> {
        let channels = self.channels();
        let passing = self.passing;
        let mut ducked = false;
        for (track, voice) in &mut self.voices {
            if Some(*track) != passing {
                let heard = voice.air(channels);
                ducked |= heard && voice.spec.settings.ducks && voice.only.is_none();
            }
        }
        self.duck(ducked, channels);
        for voice in self.voices.values() {
            if voice.is_in_bus() {
                match voice.spec.bus {
                    Bus::Programme => self.programme.add(&voice.frame),
                    Bus::Hold => self.hold.add(&voice.frame),
                }
            }
        }
        self.programme.close();
        self.hold.close();
        let mut packets = self.who_hears_what();
        let alone = self.voices.iter().filter(|(_, voice)| voice.alone.is_some());
        packets.extend(alone.map(|(track, voice)| Audience::Solo(*track, voice.packets)));
        self.read_out();
        // Those who speak are served first: whoever waits for the others is popped last.
        packets.reverse();
        packets
    }

    fn duck(&mut self, active: bool, channels: usize) {
        let ramp = self.ducker.next(active);
        if (ramp.from, ramp.to) == (1.0, 1.0) {
            return;
        }
        for voice in self.voices.values_mut() {
            if voice.has_frame && !voice.spec.settings.ducks && voice.spec.bus == Bus::Programme {
                ramp.apply(&mut voice.frame, channels);
            }
        }
    }

    /// Who shares the packets of a bus, and who gets one of its own.
    fn who_hears_what(&mut self) -> Vec<Audience> {
        let keep = !self.settings.dtx && !self.voices.is_empty();
        let passing = self.passing.and_then(|track| self.voices.get(&track)).map(|voice| voice.spec.identity.clone());
        let mut packets = Vec::new();
        for bus in [&mut self.programme, &mut self.hold] {
            bus.audience.clear();
        }
        // Of hundreds who could speak only some do.
        let heard: Vec<&Voice> = self.voices.values().filter(|voice| voice.has_frame && voice.sounds).collect();
        for (id, listener) in &mut self.listeners {
            let differs = heard.iter().any(|voice| sets_apart(voice, listener));
            let bus = match listener.bus() {
                Some(Bus::Programme) => Some(&mut self.programme),
                Some(Bus::Hold) => Some(&mut self.hold),
                None => None,
            };
            let quiet = bus.as_ref().is_none_or(|bus| !bus.has_history());
            let service = listener.serve(differs, quiet);
            if !listener.encoded {
                continue;
            }
            match bus {
                Some(bus) if service == Service::Parting => {
                    bus.line.align();
                    packets.push(Audience::One(*id));
                }
                _ if service == Service::Apart => packets.push(Audience::One(*id)),
                Some(bus) if passing.as_ref() != Some(&listener.identity) => {
                    if std::mem::take(&mut listener.fresh) {
                        bus.line.align();
                    }
                    bus.audience.push(*id);
                }
                _ => {}
            }
        }
        for (bus, state) in [(Bus::Programme, &mut self.programme), (Bus::Hold, &mut self.hold)] {
            let passed = bus == Bus::Programme && passing.is_some();
            if !state.audience.is_empty() && !passed && (state.sounds || state.line.runs || keep) {
                packets.push(Audience::Bus(bus));
            } else {
                state.line.runs = false;
            }
        }
        packets
    }

    /// Gives plain sound to those who read it.
    fn read_out(&mut self) {
        let (position, due) = (self.tick * FRAME as u64, self.due());
        let channels = self.channels();
        let mut limited: [Option<Arc<[f32]>>; 2] = [None, None];
        for (id, plain) in &mut self.lines {
            let Some(listener) = self.listeners.get_mut(id) else { continue };
            let (bus, cache) = match listener.bus() {
                Some(Bus::Hold) => (&mut self.hold, &mut limited[1]),
                _ => (&mut self.programme, &mut limited[0]),
            };
            let samples = if listener.line.is_some() || listener.same == 0 {
                own_sound(&self.voices, listener, bus, &mut self.scratch);
                let spoke = spoke_before(&self.voices, listener);
                let (line, fresh) = listener.own_line(encoder_settings(&self.settings));
                if let (true, false, Some(last)) = (fresh, spoke, bus.history().last()) {
                    let mut last = last.to_vec();
                    line.limit(&mut last);
                }
                line.limit(&mut self.scratch);
                Arc::from(self.scratch.as_slice())
            } else {
                cache.get_or_insert_with(|| limit(bus, &mut self.scratch)).clone()
            };
            let position = plain.line.position(position, due);
            plain.line.give(PcmFrame { position, samples, channels });
        }
    }

    /// Makes one packet.
    pub(crate) fn send(&mut self, audience: Audience) {
        let (position, due) = (self.tick * FRAME as u64, self.due());
        let made = match audience {
            Audience::Bus(bus) => self.make_shared(bus),
            Audience::One(id) => self.make_own(id),
            Audience::Solo(track, _) => self.make_alone(track),
        };
        if let Made::Packet(packet, begins) = made {
            let payload = Arc::from(packet);
            self.outputs.push_back(Output::Packet { audience, payload, position, due, begins });
        }
    }

    fn make_shared(&mut self, bus: Bus) -> Made<'_> {
        let keep = !self.settings.dtx;
        let state = match bus {
            Bus::Programme => &mut self.programme,
            Bus::Hold => &mut self.hold,
        };
        state.warm();
        state.line.make(&state.sum, state.sounds, keep)
    }

    fn make_own(&mut self, id: ListenerId) -> Made<'_> {
        let keep = !self.settings.dtx;
        let Some(listener) = self.listeners.get_mut(&id) else { return Made::Nothing };
        let bus = match listener.bus() {
            Some(Bus::Hold) => &self.hold,
            _ => &self.programme,
        };
        own_sound(&self.voices, listener, bus, &mut self.scratch);
        let sounds = self.scratch.iter().any(|sample| sample.abs() > SILENT);
        let spoke = spoke_before(&self.voices, listener);
        let (line, fresh) = listener.own_line(encoder_settings(&self.settings));
        if fresh && !spoke && bus.has_history() {
            line.warm(bus.history());
        }
        line.make(&self.scratch, sounds, keep)
    }

    fn make_alone(&mut self, track: TrackKey) -> Made<'_> {
        let Some(voice) = self.voices.get_mut(&track) else { return Made::Nothing };
        let heard = voice.quiet == 0 && voice.has_frame && voice.only.is_none();
        let Some(line) = &mut voice.alone else { return Made::Nothing };
        if !heard {
            voice.frame.fill(0.0);
        }
        let made = line.make(&voice.frame, heard, false);
        voice.packets += u64::from(made != Made::Nothing);
        made
    }
}

/// Is this a voice that the listener must not hear: its own, on its bus?
fn is_own(voice: &Voice, listener: &Listener) -> bool {
    voice.spec.identity == listener.identity && listener.bus() == Some(voice.spec.bus) && voice.is_in_bus()
}

/// What the listener hears of this voice beside its bus: what it says to the listener alone, or all of it before its fader.
fn extra<'a>(voice: &'a Voice, listener: &Listener) -> Option<&'a [f32]> {
    if voice.spec.identity == listener.identity || !voice.has_frame || !voice.sounds {
        return None;
    }
    if voice.only.as_ref() == Some(&listener.identity) && voice.quiet == 0 {
        return Some(&voice.frame);
    }
    let pre_fade = listener.listening.pre_fade.as_ref() == Some(&voice.spec.identity);
    let in_its_bus = voice.is_in_bus() && listener.bus() == Some(voice.spec.bus);
    (pre_fade && !in_its_bus).then_some(voice.before_fade.as_slice())
}

/// Was the listener heard in the frames before? Then they hold its own voice, which must not come back to it through the memory
/// of a limiter or an encoder.
fn spoke_before(voices: &Voices, listener: &Listener) -> bool {
    voices.values().any(|voice| is_own(voice, listener) && voice.was_heard_before())
}

/// Does this voice make what the listener hears unlike its bus?
fn sets_apart(voice: &Voice, listener: &Listener) -> bool {
    is_own(voice, listener) || extra(voice, listener).is_some()
}

/// What a listener hears: its bus without its own voice, and what only it hears.
fn own_sound(voices: &Voices, listener: &Listener, bus: &BusState, sound: &mut Vec<f32>) {
    sound.clear();
    match listener.bus() {
        Some(_) => sound.extend_from_slice(&bus.sum),
        None => sound.resize(bus.sum.len(), 0.0),
    }
    for voice in voices.values() {
        if is_own(voice, listener) {
            sound.iter_mut().zip(&voice.frame).for_each(|(sum, sample)| *sum -= sample);
        } else if let Some(extra) = extra(voice, listener) {
            sound.iter_mut().zip(extra).for_each(|(sum, sample)| *sum += sample);
        }
    }
}

fn limit(bus: &mut BusState, scratch: &mut Vec<f32>) -> Arc<[f32]> {
    if !std::mem::replace(&mut bus.plain_ran, true)
        && !bus.plain_ran_before
        && let Some(last) = bus.history().last()
    {
        scratch.clear();
        scratch.extend_from_slice(last);
        bus.plain.limit(scratch);
    }
    scratch.clone_from(&bus.sum);
    bus.plain.limit(scratch);
    Arc::from(scratch.as_slice())
}
