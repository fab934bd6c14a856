//! What a caller says and hears, 20 ms at a time. In: a tone, a file, or the microphone of a page. Out: the recording of what
//! was played to the caller, and whoever listens along.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::tone::Tone;
use crate::{FRAME, RATE};

/// What a microphone may be ahead of the line: more than this and the oldest is left out.
const MOST_AHEAD: usize = 10 * FRAME;
/// What it should be ahead once it is there, so that uneven arrivals make no gaps.
const AHEAD: usize = 3 * FRAME;
/// An hour is recorded; what comes after it is not.
const LONGEST_RECORDING: usize = 3_600 * RATE as usize;

/// A frame of a telephone line.
pub(crate) type Frame = [f32; FRAME];

/// What a caller plays.
#[derive(Debug)]
pub(crate) enum Voice {
    Silence,
    Tone(Tone),
    Samples { samples: Arc<[f32]>, at: usize, repeat: bool },
    Live(Microphone),
}

/// Samples of a page's microphone that are yet to be said.
#[derive(Debug, Default)]
pub(crate) struct Microphone {
    waiting: VecDeque<f32>,
    /// Whether enough has come in to begin.
    flowing: bool,
}

/// One telephone.
#[derive(Debug)]
pub(crate) struct Handset {
    voice: Voice,
    recording: Option<Vec<i16>>,
    listeners: Vec<mpsc::Sender<Box<Frame>>>,
    /// A file has been played to its end.
    finished: bool,
}

impl Handset {
    pub(crate) fn new(voice: Voice, record: bool) -> Self {
        let recording = record.then(Vec::new);
        Self { voice, recording, listeners: Vec::new(), finished: false }
    }

    pub(crate) fn say(&mut self, voice: Voice) {
        self.voice = voice;
        self.finished = false;
    }

    pub(crate) fn finished(&self) -> bool {
        self.finished
    }

    /// The next 20 ms of what the caller says.
    pub(crate) fn speak(&mut self, frame: &mut Frame) {
        match &mut self.voice {
            Voice::Silence => frame.fill(0.0),
            Voice::Tone(tone) => tone.fill(frame),
            Voice::Live(microphone) => microphone.fill(frame),
            Voice::Samples { samples, at, repeat } => {
                for sample in frame.iter_mut() {
                    if *at >= samples.len() && *repeat {
                        *at = 0;
                    }
                    *sample = samples.get(*at).copied().unwrap_or(0.0);
                    *at += 1;
                }
                self.finished = !*repeat && *at >= samples.len();
            }
        }
    }

    /// What the caller hears.
    pub(crate) fn hear(&mut self, sound: &[f32]) {
        if let Some(recording) = &mut self.recording {
            let room = LONGEST_RECORDING - recording.len();
            recording.extend(sound.iter().take(room).map(|sample| (sample * 32_768.0).round() as i16));
        }
        if self.listeners.is_empty() {
            return;
        }
        for piece in sound.chunks(FRAME) {
            let mut frame = Box::new([0.0; FRAME]);
            frame[..piece.len()].copy_from_slice(piece);
            // A listener that is too slow misses something; one that is gone is forgotten.
            self.listeners.retain(|listener| {
                !matches!(listener.try_send(frame.clone()), Err(mpsc::error::TrySendError::Closed(_)))
            });
        }
    }

    /// Everything that this caller has heard so far, if it is kept.
    pub(crate) fn recording(&self) -> Option<&[i16]> {
        self.recording.as_deref()
    }

    /// Listens along from now on.
    pub(crate) fn listen(&mut self) -> mpsc::Receiver<Box<Frame>> {
        let (sender, receiver) = mpsc::channel(25);
        self.listeners.push(sender);
        receiver
    }

    /// Samples of a microphone; from the first ones on they are what the caller says.
    pub(crate) fn microphone(&mut self, samples: &[f32]) {
        if !matches!(self.voice, Voice::Live(_)) {
            self.say(Voice::Live(Microphone::default()));
        }
        if let Voice::Live(microphone) = &mut self.voice {
            microphone.push(samples);
        }
    }
}

impl Microphone {
    fn push(&mut self, samples: &[f32]) {
        self.waiting.extend(samples);
        if self.waiting.len() > MOST_AHEAD {
            self.waiting.drain(..self.waiting.len() - AHEAD);
        }
    }

    fn fill(&mut self, frame: &mut Frame) {
        self.flowing = if self.flowing { self.waiting.len() >= FRAME } else { self.waiting.len() >= AHEAD };
        if !self.flowing {
            return frame.fill(0.0);
        }
        frame.iter_mut().zip(self.waiting.drain(..FRAME)).for_each(|(into, sample)| *into = sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(handset: &mut Handset, frames: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for _ in 0..frames {
            let mut frame = [9.0; FRAME];
            handset.speak(&mut frame);
            all.extend_from_slice(&frame);
        }
        all
    }

    #[test]
    fn a_file_is_said_once_or_over_and_over() {
        let samples: Arc<[f32]> = (0..200).map(|n| n as f32 / 200.0).collect();
        let mut once = Handset::new(Voice::Samples { samples: samples.clone(), at: 0, repeat: false }, false);
        let said = spoken(&mut once, 2);
        assert_eq!((&said[..200], &said[200..]), (&samples[..], &[0.0; 120][..]));
        assert!(once.finished());
        let mut again = Handset::new(Voice::Samples { samples: samples.clone(), at: 0, repeat: true }, false);
        assert_eq!(spoken(&mut again, 5)[..800], [&samples[..]; 4].concat());
        assert!(!again.finished());
    }

    #[test]
    fn a_microphone_begins_with_some_in_hand_and_never_falls_far_behind() {
        let mut handset = Handset::new(Voice::Silence, false);
        handset.microphone(&[0.5; FRAME]);
        assert_eq!(spoken(&mut handset, 1), [0.0; FRAME], "one frame in hand is too few");
        handset.microphone(&[0.5; 2 * FRAME]);
        assert_eq!(spoken(&mut handset, 3), [0.5; 3 * FRAME]);
        assert_eq!(spoken(&mut handset, 1), [0.0; FRAME]);
        handset.microphone(&vec![0.25; 50 * FRAME]);
        assert_eq!(spoken(&mut handset, 4)[3 * FRAME..], [0.0; FRAME], "three frames are kept of a second");
    }

    #[test]
    fn what_is_heard_is_recorded_and_goes_to_who_listens() {
        let mut handset = Handset::new(Voice::Silence, true);
        let mut listener = handset.listen();
        handset.hear(&[0.5; FRAME]);
        handset.hear(&[-1.0; FRAME]);
        assert_eq!(handset.recording().unwrap(), [vec![16_384; FRAME], vec![-32_768; FRAME]].concat());
        assert_eq!(*listener.try_recv().unwrap(), [0.5; FRAME]);
        drop(listener);
        handset.hear(&[0.5; FRAME]);
        assert!(handset.listeners.is_empty());
    }
}
