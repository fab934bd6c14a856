//! What is done to sound between decoding and encoding: samples in, samples out.
//!
//! Samples are `f32` in −1..1 at 48 kHz, interleaved when there are two channels. Levels are dBFS: 0 is the root mean
//! square or the peak 1.
//!
//! | file | what it does |
//! |---|---|
//! | [`limiter`] | keeps a sum of voices within what can be encoded |
//! | [`meter`] | how loud was it, and did it clip? |
//! | [`fade`] | a gain that moves without clicks, and the beginnings and ends of what is cut |
//! | [`timescale`] | makes what waits to be played shorter or longer by a period of the voice |
//! | [`conceal`] | goes on with a voice where nothing has come of it |
//! | [`delay`] | how long must sound wait, so that almost all of it is there in time? |
//! | [`high_pass`] | takes away what is below voices |
//! | [`gate`] | closes a microphone while nobody speaks into it |
//! | [`agc`] | brings every speaker to the same level |
//! | [`ducker`] | turns the others down while the host speaks |
//! | [`denoise`] | takes steady noise out of a voice |
//! | [`resample`] | from the rates of telephones and bots to ours and back |
//! | [`g711`] | the bytes of telephone networks |
//! | [`decibel`] | dB and factors |
#![cfg_attr(any(test, feature = "measure"), doc = "| [`signals`] | tones and noise for tests |")]
#![cfg_attr(
    any(test, feature = "measure"),
    doc = "| [`spectrum`] | measures a tone, its distortion and clicks in it, for tests |"
)]
//!
//! Everything is a state machine that allocates when it is made and not per frame, and knows no clock.

#![forbid(unsafe_code)]

pub mod agc;
pub mod conceal;
pub mod decibel;
pub mod delay;
pub mod denoise;
pub mod ducker;
pub mod fade;
pub mod g711;
pub mod gate;
pub mod high_pass;
pub mod limiter;
pub mod meter;
pub mod resample;
#[cfg(any(test, feature = "measure"))]
pub mod signals;
#[cfg(any(test, feature = "measure"))]
pub mod spectrum;
pub mod timescale;

/// Samples per second and channel.
pub const RATE: u32 = 48_000;
/// Samples per channel in a frame: 20 ms.
pub const FRAME: usize = 960;

/// The sample itself, or silence in place of what is not a number. One such sample would stay in a filter forever.
fn sane(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// The root mean square of `samples`; 0 of none.
fn rms(samples: &[f32]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sane(*sample).powi(2)).sum();
    (energy / samples.len().max(1) as f32).sqrt()
}

/// The largest distance from 0.
fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sane(*sample).abs().max(peak))
}
