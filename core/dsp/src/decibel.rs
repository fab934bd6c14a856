//! dB and factors of amplitude.

/// What silence is said to be, in dBFS: the lowest level that RFC 6464 can say.
pub const FLOOR_DB: f32 = -127.0;

/// The factor of amplitude that `db` stands for: −20 dB is 0.1.
pub fn to_factor(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// The dB of a factor of amplitude, not below [`FLOOR_DB`].
pub fn from_factor(factor: f32) -> f32 {
    if factor > 0.0 { (20.0 * factor.log10()).max(FLOOR_DB) } else { FLOOR_DB }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert!((to_factor(-20.0) - 0.1).abs() < 1e-6);
        assert!((from_factor(to_factor(-33.0)) + 33.0).abs() < 1e-4);
        assert_eq!((from_factor(0.0), from_factor(f32::NAN), from_factor(1e-20)), (FLOOR_DB, FLOOR_DB, FLOOR_DB));
    }
}
