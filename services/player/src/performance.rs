//! One file on its way into one room: read a little ahead of what is heard, until it is over, stopped, or its room is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{PcmWriter, Tap, TapHandle};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::wav::{ROOM, Wav};

/// So much is read at once.
const PIECE: u32 = 200;
/// So much waits to be heard at most.
const AHEAD: u64 = ROOM as u64;
/// So often it is looked whether there is room for more.
const LOOK: Duration = Duration::from_millis(100);

/// What is shorter is not played again and again: it would be read all the time. A file may have fewer samples than its head
/// says, or none.
const SHORTEST: u64 = ROOM as u64 / 50;

/// How a file is played.
pub struct Performance {
    pub wav: Wav,
    pub repeats: bool,
    /// What samples are multiplied with.
    pub factor: f32,
    /// Samples that were heard so far.
    pub heard: Arc<AtomicU64>,
}

impl Performance {
    /// Plays until the end; the tap's place in the room is given up then.
    pub async fn run(self, tap: Tap) -> Result<(), Refusal> {
        // The reader only tells of the end, which the handle does as well.
        let Tap { writer, handle, .. } = tap;
        tokio::select! {
            played = self.play(writer) => played,
            _ = ended(&handle) => Ok(()),
        }
    }

    async fn play(mut self, mut writer: PcmWriter) -> Result<(), Refusal> {
        let mut round = 0;
        loop {
            self.wait_until(&mut writer, AHEAD).await;
            let (wav, piece) = read(self.wav).await?;
            self.wav = wav;
            match piece {
                Some(mut samples) => {
                    samples.iter_mut().for_each(|sample| *sample *= self.factor);
                    // There is room: less waits than the ring holds.
                    writer.write(&samples);
                    round += samples.len() as u64;
                }
                None if self.repeats && round < SHORTEST => return Err(too_short()),
                None if self.repeats => {
                    self.wav.rewind()?;
                    round = 0;
                }
                None => break,
            }
        }
        self.wait_until(&mut writer, 0).await;
        Ok(())
    }

    /// Waits until no more than so many samples are still to be heard.
    async fn wait_until(&self, writer: &mut PcmWriter, left: u64) {
        loop {
            self.heard.store(writer.played(), Ordering::Relaxed);
            if writer.written().saturating_sub(writer.played()) <= left {
                return;
            }
            sleep(LOOK).await;
        }
    }
}

fn too_short() -> Refusal {
    Refusal::new(Code::InvalidRequest, "the file has less than 20 ms of sound: it is not repeated")
}

async fn ended(handle: &TapHandle) {
    handle.ended().await;
}

/// Disks may be slow: not on a thread that must not wait.
async fn read(mut wav: Wav) -> Result<(Wav, Option<Vec<f32>>), Refusal> {
    let reading = spawn_blocking(move || {
        let piece = wav.read(PIECE);
        (wav, piece)
    });
    reading.await.map_err(|_| Refusal::new(Code::Internal, "reading the file failed"))
}
