//! The bare floor: decrypt once, encrypt and send fifty times.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

use super::{SUBSCRIBERS, median};

const PAYLOAD: usize = 1100;
const HEADER: usize = 12;
const TAG: usize = 16;
const PACKET: usize = HEADER + PAYLOAD + TAG;
const FRAMES: usize = 3000;
const SLOT: usize = 2048;

/// Microseconds for each outgoing packet, `burst` packets of a frame going to a subscriber at a time.
pub fn per_packet(burst: usize) -> Result<f64> {
    let mut bench = Floor::new(burst)?;
    let frames = (0..FRAMES).map(|_| bench.frame()).collect::<Result<Vec<f64>>>()?;
    // The first ones warm caches and fill the subscribers' sockets.
    Ok(median(frames[FRAMES / 3..].to_vec()))
}

struct Floor {
    burst: usize,
    publisher: UdpSocket,
    server: UdpSocket,
    udp: UdpSocketState,
    /// Never read: what does not fit is dropped by the kernel, as a slow viewer's would be.
    subscribers: Vec<UdpSocket>,
    addresses: Vec<SocketAddr>,
    uplink: LessSafeKey,
    downlinks: Vec<LessSafeKey>,
    counter: u64,
    inbox: Vec<u8>,
    batch: Vec<u8>,
}

impl Floor {
    fn new(burst: usize) -> Result<Self> {
        let socket = || UdpSocket::bind("127.0.0.1:0").context("bind a socket");
        let (publisher, server) = (socket()?, socket()?);
        publisher.connect(server.local_addr()?)?;
        let subscribers = (0..SUBSCRIBERS).map(|_| socket()).collect::<Result<Vec<_>>>()?;
        let addresses = subscribers.iter().map(UdpSocket::local_addr).collect::<Result<Vec<_>, _>>()?;
        let udp = UdpSocketState::new(UdpSockRef::from(&server))?;
        server.set_read_timeout(Some(Duration::from_secs(1)))?;
        let downlinks = (0..SUBSCRIBERS).map(|index| key(index as u8 + 1)).collect::<Result<Vec<_>>>()?;
        let uplink = key(0)?;
        let (inbox, batch) = (vec![0; SLOT * BATCH_SIZE], Vec::with_capacity(PACKET * burst));
        Ok(Self { burst, publisher, server, udp, subscribers, addresses, uplink, downlinks, counter: 0, inbox, batch })
    }

    /// Forwards one frame: microseconds per outgoing packet.
    fn frame(&mut self) -> Result<f64> {
        for _ in 0..self.burst {
            self.publish()?;
        }
        let began = Instant::now();
        self.forward()?;
        Ok(began.elapsed().as_secs_f64() * 1e6 / (self.burst * self.subscribers.len()) as f64)
    }

    fn publish(&mut self) -> Result<()> {
        let mut packet = vec![0x5C; HEADER + PAYLOAD];
        self.counter += 1;
        packet[4..12].copy_from_slice(&self.counter.to_be_bytes());
        seal(&self.uplink, self.counter, &mut packet, 0)?;
        self.publisher.send(&packet)?;
        Ok(())
    }

    /// What a server does at the very least.
    fn forward(&mut self) -> Result<()> {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut slots: Vec<IoSliceMut<'_>> =
            self.inbox.chunks_exact_mut(SLOT).take(self.burst).map(IoSliceMut::new).collect();
        let read = self.udp.recv(UdpSockRef::from(&self.server), &mut slots, &mut meta)?;
        ensure!(read == self.burst, "the packets of a frame wait together");
        for slot in self.inbox.chunks_exact_mut(SLOT).take(read) {
            let counter = u64::from_be_bytes(slot[4..12].try_into()?);
            let (header, body) = slot[..PACKET].split_at_mut(HEADER);
            self.uplink.open_in_place(nonce(counter), Aad::from(&*header), body).ok().context("open a packet")?;
        }
        for (key, destination) in self.downlinks.iter().zip(&self.addresses) {
            self.batch.clear();
            for packet in self.inbox.chunks_exact(SLOT).take(read) {
                let begin = self.batch.len();
                self.batch.extend_from_slice(&packet[..HEADER + PAYLOAD]);
                let counter = u64::from_be_bytes(packet[4..12].try_into()?);
                self.batch[begin..begin + 4].copy_from_slice(&[0x80, 96, 0, 7]);
                seal(key, counter, &mut self.batch, begin)?;
            }
            let segment_size = (read > 1).then_some(PACKET);
            let contents = &self.batch;
            let transmit = Transmit { destination: *destination, ecn: None, contents, segment_size, src_ip: None };
            self.udp.try_send(UdpSockRef::from(&self.server), &transmit)?;
        }
        Ok(())
    }
}

fn key(seed: u8) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_128_GCM, &[seed; 16]).ok().context("make a key")?;
    Ok(LessSafeKey::new(key))
}

fn nonce(counter: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[4..].copy_from_slice(&counter.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Seals the packet that begins at `begin` and ends with the buffer.
fn seal(key: &LessSafeKey, counter: u64, packet: &mut Vec<u8>, begin: usize) -> Result<()> {
    let (header, body) = packet[begin..].split_at_mut(HEADER);
    let tag =
        key.seal_in_place_separate_tag(nonce(counter), Aad::from(&*header), body).ok().context("seal a packet")?;
    packet.extend_from_slice(tag.as_ref());
    Ok(())
}
