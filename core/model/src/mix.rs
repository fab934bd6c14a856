//! How a room mixes: what its mixer is set to, how each voice is treated, what each leg hears.

use serde::{Deserialize, Serialize};

use crate::id::Identity;
use crate::room::words;

words!(
    /// What sound of the room comes to a leg unasked.
    Hears {
        /// Each voice by itself.
        Tracks = "tracks",
        /// The mix of the voices, without the own one (mix-minus).
        Mix = "mix",
        /// What those who wait are played: the room's hold source.
        Hold = "hold",
        /// Nothing.
        Nothing = "nothing",
    }
);

words!(
    /// A signal of a mixer.
    Bus {
        /// What everybody hears who only listens.
        Programme = "programme",
        /// What those who wait are played.
        Hold = "hold",
    }
);

/// How a room's mixer works. What is absent in JSON is as [`MixSettings::default`] has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MixSettings {
    /// Two channels instead of one.
    pub stereo: bool,
    /// Bits per second of the Opus streams that it makes, 6,000 to 256,000.
    pub bitrate: u32,
    /// Opus complexity, 0 (least CPU) to 10.
    pub complexity: u8,
    /// In-band forward error correction (RFC 6716 §2.1.7). Redundant audio (RED) does the same without it, where clients take it.
    pub fec: bool,
    /// Send nothing while the mix is silent.
    pub dtx: bool,
    /// Pass the packets of a lone talker on as they are.
    pub passthrough: bool,
    /// By how many decibels the others go down while a voice that ducks them speaks, 0 to 60.
    pub ducking: f32,
}

impl Default for MixSettings {
    fn default() -> Self {
        Self { stereo: false, bitrate: 48_000, complexity: 5, fec: false, dtx: true, passthrough: true, ducking: 12.0 }
    }
}

impl MixSettings {
    /// What is wrong with them, in words for who set them.
    pub fn fault(&self) -> Option<&'static str> {
        if !(6_000..=256_000).contains(&self.bitrate) {
            return Some("bitrate must be 6000 to 256000 bits per second");
        }
        if self.complexity > 10 {
            return Some("complexity must be 0 to 10");
        }
        (!(0.0..=60.0).contains(&self.ducking)).then_some("ducking must be 0 to 60 decibels")
    }
}

/// How the voices of a participant are treated before they are mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VoiceSettings {
    /// Decibels, −60 to 24. −60 is silence.
    pub gain: f32,
    /// Bring speech to the same loudness, whoever speaks.
    pub auto_gain_control: bool,
    /// Take rumble below 80 Hz away.
    pub high_pass: bool,
    /// Close below this level (dBFS, −90 to 0). Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub noise_gate: Option<f32>,
    /// Take steady noise away.
    pub noise_suppression: bool,
    /// While it speaks, the others go down by [`MixSettings::ducking`].
    pub ducks: bool,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self {
            gain: 0.0,
            auto_gain_control: false,
            high_pass: false,
            noise_gate: None,
            noise_suppression: false,
            ducks: false,
        }
    }
}

impl VoiceSettings {
    /// What is wrong with them, in words for who set them.
    pub fn fault(&self) -> Option<&'static str> {
        if !(-60.0..=24.0).contains(&self.gain) {
            return Some("gain must be -60 to 24 decibels");
        }
        let gate = self.noise_gate.is_none_or(|level| (-90.0..=0.0).contains(&level));
        (!gate).then_some("noiseGate must be -90 to 0 dBFS")
    }
}

/// What a leg hears beside the tracks that it subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// What comes unasked.
    pub hears: Hears,
    /// Pre-fade listen: this participant as well, on the air or not.
    pub pre_fade: Option<Identity>,
}

/// Loudness over the last 100 ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// The highest sample, dBFS, −127 to 0.
    pub peak: f32,
    /// Root mean square, dBFS (a full-scale sine: −3).
    pub rms: f32,
    /// Did it reach full scale?
    pub clip: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_say_what_is_wrong_with_them() {
        assert_eq!(MixSettings::default().fault(), None);
        assert!(MixSettings { bitrate: 5, ..MixSettings::default() }.fault().is_some());
        assert!(MixSettings { complexity: 11, ..MixSettings::default() }.fault().is_some());
        assert!(MixSettings { ducking: f32::NAN, ..MixSettings::default() }.fault().is_some());
        assert_eq!(VoiceSettings::default().fault(), None);
        assert!(VoiceSettings { gain: f32::INFINITY, ..VoiceSettings::default() }.fault().is_some());
        assert!(VoiceSettings { noise_gate: Some(3.0), ..VoiceSettings::default() }.fault().is_some());
    }

    #[test]
    fn what_is_absent_is_as_usual() {
        let settings: MixSettings = serde_json::from_str(r#"{"stereo":true}"#).expect("JSON");
        assert_eq!(settings, MixSettings { stereo: true, ..MixSettings::default() });
    }
}
