//! `<Say>`, `<Play>` and `<Pause>`. Nothing is spoken: a text is a low tone as long as the text would take to read, and is
//! in the log.

use std::sync::Arc;
use std::time::Duration;

use crate::FRAME;
use crate::course::Course;
use crate::handset::{Handset, Voice};
use crate::line::{Beat, Interrupt};
use crate::sound::decode_wav;
use crate::tone::Tone;
use crate::verbs::Verb;

/// What a spoken text is replaced with.
pub(crate) const SAY_HZ: f32 = 200.0;
const SAY_DB: f32 = -24.0;
/// Stands for a file that is no WAV file.
const PLAY_HZ: f32 = 500.0;
/// Fifteen letters a second is how fast people read aloud.
const PER_LETTER: Duration = Duration::from_millis(66);
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// `loop="0"` is for ever; a thousand times is as good.
const FOR_EVER: u32 = 1_000;
const LARGEST_FILE: usize = 20 << 20;

impl Course {
    /// Says, plays or pauses. Digits are passed over.
    pub(crate) async fn prompt(&mut self, verb: &Verb) -> Result<(), Interrupt> {
        let Some((mut voice, frames)) = self.performance(verb).await? else { return Ok(()) };
        for _ in 0..frames {
            let mut frame = [0.0; FRAME];
            voice.speak(&mut frame);
            loop {
                match self.line.beat().await {
                    Beat::Tick(_) => break self.line.hear(&frame),
                    Beat::Interrupt(interrupt) => return Err(interrupt),
                    Beat::Digits(digits) => {
                        self.call().log("digits", format!("{digits} pressed, and nobody collects them"))
                    }
                    Beat::Fault(_) => self.call().log("fault", "there is no stream that it could happen to"),
                }
            }
        }
        Ok(())
    }

    /// What is to be heard, and how many frames long. None: nothing.
    pub(crate) async fn performance(&mut self, verb: &Verb) -> Result<Option<(Handset, u64)>, Interrupt> {
        let repeated = |times: u32| u64::from(if times == 0 { FOR_EVER } else { times });
        Ok(match verb {
            Verb::Say { text, times } => {
                self.call().log("say", text.clone());
                let length = (PER_LETTER * text.chars().count() as u32).clamp(SHORTEST, LONGEST);
                Some((sound(Voice::Tone(Tone::new(SAY_HZ, SAY_DB))), frames(length) * repeated(*times)))
            }
            Verb::Play { url, times } => {
                let voice = self.file(url).await?;
                voice.map(|(voice, frames)| (sound(voice), frames * repeated(*times)))
            }
            Verb::Pause(length) => Some((sound(Voice::Silence), frames(*length))),
            _ => None,
        })
    }

    async fn file(&mut self, url: &str) -> Result<Option<(Voice, u64)>, Interrupt> {
        let webhooks = self.company.webhooks().clone();
        let fetched = self.line.quietly(webhooks.file(url, LARGEST_FILE)).await?;
        let bytes = match fetched {
            Ok(bytes) => bytes,
            Err(detail) => {
                self.call().error(11_200, &format!("{url}: {detail}"));
                return Ok(None);
            }
        };
        Ok(Some(match decode_wav(&bytes) {
            Ok(samples) => {
                self.call().log("play", url);
                let frames = samples.len().div_ceil(FRAME) as u64;
                (Voice::Samples { samples: Arc::clone(&samples), at: 0, repeat: true }, frames)
            }
            Err(why) => {
                self.call().log("play", format!("{url}: a tone in its place ({why})"));
                (Voice::Tone(Tone::new(PLAY_HZ, SAY_DB)), frames(Duration::from_secs(1)))
            }
        }))
    }
}

fn sound(voice: Voice) -> Handset {
    Handset::new(voice, false)
}

fn frames(length: Duration) -> u64 {
    length.as_millis().div_ceil(20) as u64
}
