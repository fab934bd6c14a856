//! What comes from one mixer goes into another, neither late nor with holes. Both count with the same clock, so that what waits
//! stays what it is, unless a task was late: then it is made up for, where it is not heard.

use crosspoint_rooms::{PcmFrame, PcmWriter};

/// 20 ms at 48,000 samples a second.
const FRAME: u64 = 960;
/// Where nothing waits, so much silence goes before: the next frame may be as late as that without a hole.
const AHEAD: u64 = 2 * FRAME;
/// From so much on a silent frame is left out.
const PLENTY: u64 = 5 * FRAME;
/// From so much on any frame is, faded into the next one.
const TOO_MUCH: u64 = 10 * FRAME;
/// A frame below this is silence (−50 dBFS).
const SILENCE: f32 = 0.003;

/// Between two mixers.
#[derive(Debug, Default)]
pub(super) struct Elastic {
    /// A frame that is to be faded into the next one.
    fading: Option<Vec<f32>>,
    started: bool,
}

impl Elastic {
    /// Passes a frame on.
    pub(super) fn pass(&mut self, frame: &PcmFrame, writer: &mut PcmWriter) {
        let waiting = writer.written().saturating_sub(writer.played());
        if let Some(samples) = self.shape(mono(frame), waiting) {
            let ahead = self.ahead(waiting);
            if ahead > 0 {
                writer.write(&vec![0.0; ahead]);
            }
            writer.write(&samples);
        }
    }

    /// So much silence goes before a frame: some where nothing waits.
    fn ahead(&mut self, waiting: u64) -> usize {
        let begins = !std::mem::replace(&mut self.started, true);
        if begins || waiting == 0 { AHEAD as usize } else { 0 }
    }

    /// The frame as it goes on; none: it is left out.
    fn shape(&mut self, samples: Vec<f32>, waiting: u64) -> Option<Vec<f32>> {
        let samples = match self.fading.take() {
            Some(before) => fade(&before, &samples),
            None => samples,
        };
        if waiting > TOO_MUCH {
            self.fading = Some(samples);
            return None;
        }
        let is_silent = samples.iter().all(|sample| sample.abs() < SILENCE);
        (waiting <= PLENTY || !is_silent).then_some(samples)
    }
}

fn mono(frame: &PcmFrame) -> Vec<f32> {
    match frame.channels {
        0 | 1 => frame.samples.to_vec(),
        channels => {
            let share = 1.0 / channels as f32;
            frame.samples.chunks_exact(channels).map(|both| both.iter().sum::<f32>() * share).collect()
        }
    }
}

/// Begins as the first and ends as the second.
fn fade(first: &[f32], second: &[f32]) -> Vec<f32> {
    let count = second.len().max(1) as f32;
    let blend = |(index, sample): (usize, &f32)| {
        let share = index as f32 / count;
        first.get(index).copied().unwrap_or_default() * (1.0 - share) + sample * share
    };
    second.iter().enumerate().map(blend).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: [f32; 4] = [0.5; 4];

    #[test]
    fn where_nothing_waits_some_silence_goes_before() {
        let mut elastic = Elastic::default();
        assert_eq!(elastic.ahead(500), 1920, "at the beginning");
        assert_eq!(elastic.ahead(FRAME), 0);
        assert_eq!(elastic.ahead(0), 1920, "and after a hole");
    }

    #[test]
    fn what_waits_too_long_is_made_up_for_in_silence_first() {
        let mut elastic = Elastic::default();
        assert_eq!(elastic.shape(vec![0.0; 4], PLENTY), Some(vec![0.0; 4]));
        assert_eq!(elastic.shape(vec![0.0; 4], PLENTY + 1), None, "silence is left out");
        assert_eq!(elastic.shape(LOUD.to_vec(), PLENTY + 1), Some(LOUD.to_vec()), "a voice is not");
    }

    #[test]
    fn what_waits_far_too_long_is_faded_over() {
        let mut elastic = Elastic::default();
        assert_eq!(elastic.shape(vec![1.0; 4], TOO_MUCH + 1), None);
        let faded = elastic.shape(vec![0.0; 4], TOO_MUCH).expect("goes on");
        assert_eq!(faded, [1.0, 0.75, 0.5, 0.25]);
    }

    #[test]
    fn two_channels_become_one() {
        let frame = PcmFrame { position: 0, samples: vec![1.0, 0.0, 0.5, 0.5].into(), channels: 2 };
        assert_eq!(mono(&frame), [0.5, 0.5]);
    }
}
