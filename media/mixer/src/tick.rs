//! Time: when there is a tick, and the jobs of one. A tick is begun when it is due; each job is then done when its caller
//! has time for it, so that a mixer never keeps packets waiting for longer than one decoding or encoding takes.

use std::time::{Duration, Instant};

use crosspoint_dsp::ducker::Ducker;
use crosspoint_model::TrackKey;

use crate::listener::Audience;
use crate::mixer::{Mixer, Output, Stage};
use crate::receiver::Packet;
use crate::voice::{Input, Voice};

/// A tick.
const TICK: Duration = Duration::from_millis(20);
/// When the machine is so far behind, ticks are left out.
const BEHIND: u32 = 3;

impl Mixer {
    /// A packet of a voice.
    pub fn handle_packet(&mut self, track: TrackKey, packet: &Packet<'_>) {
        let Some(voice) = self.voices.get_mut(&track) else { return };
        let needed = voice.passes() || voice.monitored;
        let Some(receiver) = voice.receiver() else { return };
        if receiver.handle_packet(packet) {
            if needed {
                self.wake(packet.arrival);
            } else {
                receiver.idle(packet.arrival);
            }
        }
    }

    /// When [`Self::handle_timeout`] wants to be called; none: nothing is going on.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// Begins a tick that is due. What it takes is done by [`Self::work`].
    pub fn handle_timeout(&mut self, now: Instant) {
        let Some(due) = self.next.filter(|due| *due <= now && !self.has_work()) else { return };
        let behind = (now.saturating_duration_since(due).as_micros() / TICK.as_micros()) as u32;
        let left_out = if behind > BEHIND { behind } else { 0 };
        self.skipped += u64::from(left_out);
        let due = due + TICK * left_out;
        self.tick = self.number(due);
        self.next = Some(due + TICK);
        self.begin(due);
    }

    /// Is there something to do?
    pub fn has_work(&self) -> bool {
        !matches!(self.stage, Stage::Rest)
    }

    /// Does one job: some tens of µs up to some hundreds.
    pub fn work(&mut self) {
        match std::mem::take(&mut self.stage) {
            Stage::Rest => {}
            Stage::Voices(mut left) => {
                if let Some(track) = left.pop() {
                    self.render(track);
                }
                self.stage = if left.is_empty() { Stage::Mix } else { Stage::Voices(left) };
            }
            Stage::Mix => {
                let packets = self.mix();
                self.go_on(packets);
            }
            Stage::Packets(mut left) => {
                if let Some(audience) = left.pop() {
                    self.send(audience);
                }
                self.go_on(left);
            }
        }
    }

    /// What came of it.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn go_on(&mut self, packets: Vec<Audience>) {
        if packets.is_empty() {
            self.finish();
        } else {
            self.stage = Stage::Packets(packets);
        }
    }

    /// The next tick at which something that came now can be heard.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.next.is_none() {
            let since = now.saturating_duration_since(self.epoch).as_micros();
            let number = since.div_ceil(TICK.as_micros()).max(u128::from(self.tick) + 1);
            self.next = Some(self.epoch + Duration::from_micros((number * TICK.as_micros()) as u64));
        }
    }

    fn number(&self, due: Instant) -> u64 {
        (due.saturating_duration_since(self.epoch).as_micros() / TICK.as_micros()) as u64
    }

    pub(crate) fn due(&self) -> Instant {
        self.epoch + Duration::from_micros(self.tick * TICK.as_micros() as u64)
    }

    fn begin(&mut self, now: Instant) {
        self.programme.begin();
        self.hold.begin();
        self.voices.values_mut().for_each(Voice::begin);
        self.decide_passing(now);
        let awake = |(track, voice): (&TrackKey, &Voice)| {
            (voice.is_awake() && !voice.is_passing() && Some(*track) != self.passing).then_some(*track)
        };
        let jobs: Vec<TrackKey> = self.voices.iter().filter_map(awake).collect();
        self.stage = if jobs.is_empty() { Stage::Mix } else { Stage::Voices(jobs) };
    }

    fn render(&mut self, track: TrackKey) {
        let (due, channels) = (self.due(), self.channels());
        let Some(voice) = self.voices.get_mut(&track) else { return };
        let line = match voice.input {
            Input::Opus(_) => None,
            Input::Pcm => self.lines.values_mut().find(|plain| plain.voice == Some(track)).map(|plain| &mut plain.line),
        };
        voice.render(due, channels, line);
    }

    fn finish(&mut self) {
        self.tell_levels();
        let gone: Vec<TrackKey> =
            self.voices.iter().filter(|(_, voice)| voice.leaving && !voice.on_air).map(|(track, _)| *track).collect();
        gone.into_iter().for_each(|track| self.forget_voice(track));
        for (id, plain) in &mut self.lines {
            if plain.line.is_abandoned() && !std::mem::replace(&mut plain.told, true) {
                self.outputs.push_back(Output::Abandoned(*id));
            }
        }
        if !self.has_reason_to_tick() {
            self.next = None;
            self.ducker = Ducker::new(-self.settings.ducking);
        }
    }

    fn has_reason_to_tick(&self) -> bool {
        let lines = self.listeners.values().filter_map(|listener| listener.line.as_ref());
        let talks_on = !self.settings.dtx && !self.voices.is_empty() && !self.listeners.is_empty();
        talks_on
            || self.told_levels
            || self.passing.is_some()
            || !self.lines.is_empty()
            || self.voices.values().any(Voice::is_awake)
            || [&self.programme, &self.hold].iter().any(|bus| bus.has_history() || bus.line.runs)
            || lines.into_iter().any(|line| !line.is_quiet())
    }
}
