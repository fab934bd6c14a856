//! What can be said about RTP packets without any I/O: numbers in, numbers out.
//!
//! | file | what it does |
//! |---|---|
//! | [`sequence`] | one continuous stream of sequence numbers and timestamps out of many sources, one after the other |
//! | [`vp8`] | the same for the picture numbers of VP8 |
//! | [`picture`] | the same for all numbers of pictures: those of VP8, and those of dependency descriptors |
//! | [`keyframe`] | does a key frame begin in this payload? |
//! | [`level`] | how loud is somebody, and do they speak? |
//! | [`meter`] | bits and packets per second over a sliding window |
//! | [`twcc`] | what a client tells about each packet that it got |
//! | [`red`] | audio packets that carry the one before them again |
//! | [`rtcp`] | reports and feedback |
//! | [`window`] | was a number there already? |
//!
//! Nothing here allocates per packet, and time comes in with each packet.

#![forbid(unsafe_code)]

pub mod keyframe;
pub mod level;
pub mod meter;
pub mod picture;
pub mod red;
pub mod rtcp;
pub mod sequence;
pub mod twcc;
pub mod vp8;
pub mod window;

pub use keyframe::Codec;
