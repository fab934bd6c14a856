//! temp
pub fn shorten(_b: &mut Vec<f32>, _c: usize, _m: usize) -> usize {
    0
}
pub fn lengthen(_b: &mut Vec<f32>, _c: usize, _m: usize) -> usize {
    0
}
pub const LONGEST: usize = 720;
