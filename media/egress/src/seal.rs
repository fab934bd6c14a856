//! SRTP as seen from here: somebody else has the keys.

use std::fmt::Debug;

/// Seals and opens the packets of one connection (RFC 3711, RFC 7714).
pub trait Seal: Debug + Send {
    /// Appends `payload` sealed, behind the header that begins at `out[start..]`. `index` is the sequence number with its
    /// roll-over counter; no index of an SSRC may ever be used twice.
    fn rtp(&mut self, out: &mut Vec<u8>, start: usize, payload: &[u8], ssrc: u32, index: u64);
    /// Appends a compound packet sealed under this index.
    fn rtcp(&mut self, out: &mut Vec<u8>, compound: &[u8], index: u32);
    /// Opens a compound packet of the client into `plain`. False: it is not the client's.
    fn open_rtcp(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> bool;
}

/// Where finished packets go, one after the other.
pub trait Outlet {
    /// The next packet is appended to these bytes.
    fn bytes(&mut self) -> &mut Vec<u8>;
    /// What was appended since `start` is a packet.
    fn finish(&mut self, start: usize);
}
