//! The provider's playout queue for one stream: what the server sends is kept in order, whatever its size, and played at the
//! speed of the line's own clock. Pure: time comes in as the time since the stream began.
//!
//! After Twilio, *Media Streams: WebSocket messages*: a `mark` comes back once all that was queued before it has been played,
//! at once if nothing is queued, and when `clear` empties the queue.

use std::collections::VecDeque;
use std::time::Duration;

use crosspoint_dsp::g711::MU_SILENCE;
use serde::Serialize;

use crate::RATE;

/// More than ten minutes queued is the provider's error 31931.
const MOST: usize = 600 * RATE as usize;

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Playout {
    queue: VecDeque<Queued>,
    queued: usize,
    /// Samples that the line's clock has gone through, silence included.
    at: u64,
    /// Where the queue ran dry, if it did so without having been told to.
    dry_from: Option<u64>,
    figures: Figures,
}

/// What a queue has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    pub(crate) media: u64,
    pub(crate) media_bytes: u64,
    pub(crate) marks: u64,
    pub(crate) marks_returned: u64,
    pub(crate) clears: u64,
    /// Gaps between one piece of sound and the next one.
    pub(crate) underruns: u64,
    pub(crate) underrun_samples: u64,
}

#[derive(Debug)]
enum Queued {
    Sound { bytes: Vec<u8>, played: usize },
    Mark(String),
}

/// There are more than ten minutes in the queue; the new sound is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Playout {
    /// Sound from the server: µ-law, 8,000 samples a second.
    pub(crate) fn media(&mut self, bytes: Vec<u8>) -> Result<(), TooMuch> {
        self.figures.media += 1;
        self.figures.media_bytes += bytes.len() as u64;
        if self.queued + bytes.len() > MOST {
            return Err(TooMuch);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(dry_from) = self.dry_from.take()
            && self.at > dry_from
        {
            self.figures.underruns += 1;
            self.figures.underrun_samples += self.at - dry_from;
        }
        self.queued += bytes.len();
        self.queue.push_back(Queued::Sound { bytes, played: 0 });
        Ok(())
    }

    /// A mark from the server. It is the answer itself if nothing is queued.
    pub(crate) fn mark(&mut self, name: String) -> Option<String> {
        self.figures.marks += 1;
        if self.queue.is_empty() {
            self.figures.marks_returned += 1;
            return Some(name);
        }
        self.queue.push_back(Queued::Mark(name));
        None
    }

    /// Empties the queue. All marks that were in it come back.
    pub(crate) fn clear(&mut self) -> Vec<String> {
        self.figures.clears += 1;
        self.queued = 0;
        self.dry_from = None;
        let marks: Vec<_> = self.queue.drain(..).filter_map(Queued::into_mark).collect();
        self.figures.marks_returned += marks.len() as u64;
        marks
    }

    /// The clock goes on until `now`: adds to `heard` what the caller hears until then, with silence where nothing is queued.
    /// Gives the marks that were reached.
    pub(crate) fn advance(&mut self, now: Duration, heard: &mut Vec<u8>) -> Vec<String> {
        let target = (now.as_micros() * u128::from(RATE) / 1_000_000) as u64;
        let mut marks = Vec::new();
        while let Some(first) = self.queue.front_mut() {
            let due = target.saturating_sub(self.at) as usize;
            match first {
                Queued::Sound { .. } if due == 0 => break,
                Queued::Sound { bytes, played } => {
                    let take = due.min(bytes.len() - *played);
                    heard.extend_from_slice(&bytes[*played..*played + take]);
                    *played += take;
                    self.at += take as u64;
                    // What was played last is followed by this, without a gap or with one that was counted.
                    self.dry_from = None;
                    self.queued -= take;
                    if *played == bytes.len() {
                        self.queue.pop_front();
                        self.dry_from = Some(self.at);
                    }
                }
                Queued::Mark(_) => marks.extend(self.queue.pop_front().and_then(Queued::into_mark)),
            }
        }
        let silence = target.saturating_sub(self.at) as usize;
        heard.extend(std::iter::repeat_n(MU_SILENCE, silence));
        self.at += silence as u64;
        self.figures.marks_returned += marks.len() as u64;
        marks
    }

    /// How long the queued sound takes to play.
    pub(crate) fn backlog(&self) -> Duration {
        Duration::from_secs(self.queued as u64) / RATE
    }

    pub(crate) fn figures(&self) -> Figures {
        self.figures
    }
}

impl Queued {
    fn into_mark(self) -> Option<String> {
        match self {
            Self::Mark(name) => Some(name),
            Self::Sound { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// So many milliseconds of a byte that is not silence.
    fn sound(milliseconds: usize, byte: u8) -> Vec<u8> {
        vec![byte; milliseconds * 8]
    }

    /// Goes on in steps of a millisecond, and gives what was heard and when which mark came back.
    fn play(playout: &mut Playout, from: u64, to: u64) -> (Vec<u8>, Vec<(u64, String)>) {
        let (mut heard, mut marks) = (Vec::new(), Vec::new());
        for now in from + 1..=to {
            marks.extend(playout.advance(ms(now), &mut heard).into_iter().map(|mark| (now, mark)));
        }
        (heard, marks)
    }

    #[test]
    fn pieces_of_any_size_are_played_in_order_at_the_clocks_speed() {
        let mut playout = Playout::default();
        playout.media(sound(3, 1)).unwrap();
        playout.media(vec![2]).unwrap();
        playout.media(sound(200, 3)).unwrap();
        assert_eq!(playout.backlog(), ms(203) + Duration::from_micros(125));
        let (heard, _) = play(&mut playout, 0, 100);
        assert_eq!(heard.len(), 800);
        assert_eq!((&heard[..24], heard[24], &heard[25..]), (&[1; 24][..], 2, &[3; 775][..]));
        assert_eq!(playout.backlog(), ms(103) + Duration::from_micros(125));
    }

    #[test]
    fn silence_is_heard_where_nothing_is_queued() {
        let mut playout = Playout::default();
        let (heard, _) = play(&mut playout, 0, 20);
        assert_eq!(heard, vec![MU_SILENCE; 160]);
        playout.media(sound(10, 1)).unwrap();
        let (heard, _) = play(&mut playout, 20, 40);
        assert_eq!((&heard[..80], &heard[80..]), (&[1; 80][..], &[MU_SILENCE; 80][..]));
    }

    #[test]
    fn a_mark_comes_back_when_all_before_it_was_played_and_not_earlier() {
        let mut playout = Playout::default();
        playout.media(sound(50, 1)).unwrap();
        assert_eq!(playout.mark("half".into()), None);
        playout.media(sound(50, 1)).unwrap();
        assert_eq!(playout.mark("end".into()), None);
        let (_, marks) = play(&mut playout, 0, 200);
        assert_eq!(marks, vec![(50, "half".to_owned()), (100, "end".to_owned())]);
    }

    #[test]
    fn a_mark_comes_back_at_once_when_nothing_is_queued() {
        let mut playout = Playout::default();
        assert_eq!(playout.mark("first".into()), Some("first".into()));
        playout.media(sound(20, 1)).unwrap();
        play(&mut playout, 0, 20);
        assert_eq!(playout.mark("after".into()), Some("after".into()));
    }

    #[test]
    fn clear_cuts_the_sound_and_returns_the_marks_that_were_waiting() {
        let mut playout = Playout::default();
        for name in ["a", "b"] {
            playout.media(sound(100, 1)).unwrap();
            playout.mark(name.into());
        }
        let (_, marks) = play(&mut playout, 0, 120);
        assert_eq!(marks, vec![(100, "a".to_owned())]);
        assert_eq!(playout.clear(), vec!["b".to_owned()]);
        assert_eq!(playout.backlog(), Duration::ZERO);
        let (heard, marks) = play(&mut playout, 120, 140);
        assert_eq!(heard, vec![MU_SILENCE; 160]);
        assert!(marks.is_empty(), "a mark comes back once");
        let figures = playout.figures();
        assert_eq!((figures.marks, figures.marks_returned, figures.clears), (2, 2, 1));
    }

    #[test]
    fn a_gap_between_pieces_is_an_underrun_and_the_end_and_a_clear_are_not() {
        let mut playout = Playout::default();
        playout.media(sound(20, 1)).unwrap();
        play(&mut playout, 0, 25);
        assert_eq!(playout.figures().underruns, 0, "it might have been the end");
        playout.media(sound(20, 1)).unwrap();
        assert_eq!((playout.figures().underruns, playout.figures().underrun_samples), (1, 40));
        play(&mut playout, 25, 30);
        playout.clear();
        play(&mut playout, 30, 60);
        playout.media(sound(20, 1)).unwrap();
        assert_eq!(playout.figures().underruns, 1);
    }

    #[test]
    fn pieces_that_follow_each_other_in_time_have_no_gap() {
        let mut playout = Playout::default();
        for now in 0..50 {
            playout.media(sound(20, 1)).unwrap();
            play(&mut playout, now * 20, now * 20 + 20);
        }
        assert_eq!(playout.figures().underruns, 0);
    }

    #[test]
    fn pieces_that_wait_together_have_no_gap_wherever_the_clock_stands_between_them() {
        let mut playout = Playout::default();
        playout.media(sound(30, 1)).unwrap();
        play(&mut playout, 0, 7);
        for now in 0..50 {
            playout.media(sound(20, 1)).unwrap();
            play(&mut playout, 7 + now * 20, 27 + now * 20);
        }
        assert_eq!(playout.figures().underruns, 0);
    }

    #[test]
    fn more_than_ten_minutes_are_not_taken() {
        let mut playout = Playout::default();
        playout.media(sound(600_000, 1)).unwrap();
        assert_eq!(playout.media(vec![1]), Err(TooMuch));
        play(&mut playout, 0, 1);
        playout.media(sound(1, 1)).unwrap();
    }
}
