//! The sending half's keys (RFC 3711 §4.3, RFC 7714), from the same handshake as str0m's, over the same ciphers.
//!
//! Each SSRC has sequence numbers of its own, and str0m sends no media: so no nonce is ever used by both. Its RTCP comes from
//! an SSRC that none of our streams has.

use crosspoint_egress::Seal;
use str0m::config::CryptoProvider;
use str0m_proto::crypto::dtls::SrtpProfile;
use str0m_proto::crypto::{
    AeadAes128Gcm, AeadAes128GcmCipher, AeadAes256Gcm, AeadAes256GcmCipher, Aes128CmSha1_80, Aes128CmSha1_80Cipher,
    SrtpProvider,
};

use crate::replay::Replay;

/// What the handshake agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) profile: SrtpProfile,
    /// Client's key, server's key, client's salt, server's salt (RFC 5764 §4.2).
    pub(crate) material: Vec<u8>,
}

const TAG: usize = 16;
const INDEX: usize = 4;
/// What of an RTCP packet is not encrypted.
const RTCP_HEADER: usize = 8;
const ENCRYPTED: u32 = 1 << 31;

const RTP: u8 = 0;
const RTCP: u8 = 3;

/// Keys of the server's packets, and of the client's RTCP. None: a profile that we do not offer.
pub(crate) fn sealer(crypto: &CryptoProvider, agreed: &Agreed) -> Option<Box<dyn Seal>> {
    let provider = crypto.srtp_provider;
    Some(match agreed.profile {
        SrtpProfile::AEAD_AES_128_GCM => {
            let (client, server) = masters::<16, 12>(&agreed.material)?;
            let cipher = |master: &Master<16, 12>, label, encrypts| {
                let (key, salt) = master.derive(provider, label);
                Gcm { cipher: Cipher::Aes128(provider.aead_aes_128_gcm().create_cipher(key, encrypts)), salt }
            };
            Box::new(GcmSealer {
                rtp: cipher(&server, RTP, true),
                rtcp: cipher(&server, RTCP, true),
                client: cipher(&client, RTCP, false),
                taken: Replay::default(),
            })
        }
        SrtpProfile::AEAD_AES_256_GCM => {
            let (client, server) = masters::<32, 12>(&agreed.material)?;
            let cipher = |master: &Master<32, 12>, label, encrypts| {
                let (key, salt) = master.derive(provider, label);
                Gcm { cipher: Cipher::Aes256(provider.aead_aes_256_gcm().create_cipher(key, encrypts)), salt }
            };
            Box::new(GcmSealer {
                rtp: cipher(&server, RTP, true),
                rtcp: cipher(&server, RTCP, true),
                client: cipher(&client, RTCP, false),
                taken: Replay::default(),
            })
        }
        SrtpProfile::AES128_CM_SHA1_80 => {
            let (client, server) = masters::<16, 14>(&agreed.material)?;
            let counter = |master: &Master<16, 14>, label| {
                let (key, salt) = master.derive(provider, label);
                let mut authentication = [0; Aes128CmSha1_80::HMAC_KEY_LEN];
                master.expand(provider, label + 1, &mut authentication);
                Counter { cipher: provider.aes_128_cm_sha1_80().create_cipher(key, true), salt, authentication }
            };
            Box::new(CounterSealer {
                hmac: crypto.sha1_hmac_provider,
                rtp: counter(&server, RTP),
                rtcp: counter(&server, RTCP),
                client: counter(&client, RTCP),
                taken: Replay::default(),
            })
        }
        _ => return None,
    })
}

/// A master key and salt.
struct Master<const KEY: usize, const SALT: usize> {
    key: [u8; KEY],
    salt: [u8; SALT],
}

fn masters<const KEY: usize, const SALT: usize>(material: &[u8]) -> Option<(Master<KEY, SALT>, Master<KEY, SALT>)> {
    let (keys, salts) = material.split_at_checked(2 * KEY)?;
    let of = |index: usize| {
        let key = keys[index * KEY..(index + 1) * KEY].try_into().ok()?;
        let salt = salts.get(index * SALT..(index + 1) * SALT)?.try_into().ok()?;
        Some(Master { key, salt })
    };
    Some((of(0)?, of(1)?))
}

impl<const KEY: usize, const SALT: usize> Master<KEY, SALT> {
    /// Session key and salt of one direction; `label` is that of the key, the salt's is two more.
    fn derive(&self, provider: &dyn SrtpProvider, label: u8) -> ([u8; KEY], [u8; SALT]) {
        let (mut key, mut salt) = ([0; KEY], [0; SALT]);
        self.expand(provider, label, &mut key);
        self.expand(provider, label + 2, &mut salt);
        (key, salt)
    }

    /// AES in counter mode over the salt and the label (RFC 3711 §4.3.3; RFC 7714 §11 for short salts).
    fn expand(&self, provider: &dyn SrtpProvider, label: u8, out: &mut [u8]) {
        let mut input = [0; 16];
        input[..SALT].copy_from_slice(&self.salt);
        input[7] ^= label;
        for (round, chunk) in (0_u16..).zip(out.chunks_mut(16)) {
            input[14..].copy_from_slice(&round.to_be_bytes());
            let mut block = [0; 32];
            if KEY == 16 {
                provider.srtp_aes_128_ecb_round(&self.key, &input, &mut block);
            } else {
                provider.srtp_aes_256_ecb_round(&self.key, &input, &mut block);
            }
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

#[derive(Debug)]
enum Cipher {
    Aes128(Box<dyn AeadAes128GcmCipher>),
    Aes256(Box<dyn AeadAes256GcmCipher>),
}

impl Cipher {
    fn encrypt(&mut self, iv: &[u8; 12], header: &[u8], input: &[u8], output: &mut [u8]) {
        let done = match self {
            Self::Aes128(cipher) => cipher.encrypt(iv, header, input, output),
            Self::Aes256(cipher) => cipher.encrypt(iv, header, input, output),
        };
        done.expect("AES-GCM encrypts what fits into a datagram");
    }

    fn decrypt(&mut self, iv: &[u8; 12], header: &[&[u8]], input: &[u8], output: &mut [u8]) -> bool {
        match self {
            Self::Aes128(cipher) => cipher.decrypt(iv, header, input, output).is_ok(),
            Self::Aes256(cipher) => cipher.decrypt(iv, header, input, output).is_ok(),
        }
    }
}

/// One key of a connection.
#[derive(Debug)]
struct Gcm {
    cipher: Cipher,
    salt: [u8; 12],
}

#[derive(Debug)]
struct GcmSealer {
    rtp: Gcm,
    rtcp: Gcm,
    client: Gcm,
    taken: Replay,
}

impl Seal for GcmSealer {
    fn rtp(&mut self, out: &mut Vec<u8>, start: usize, payload: &[u8], ssrc: u32, index: u64) {
        let iv = AeadAes256Gcm::rtp_iv(self.rtp.salt, ssrc, (index >> 16) as u32, index as u16);
        let end = out.len();
        out.resize(end + payload.len() + TAG, 0);
        let (header, sealed) = out[start..].split_at_mut(end - start);
        self.rtp.cipher.encrypt(&iv, header, payload, sealed);
    }

    fn rtcp(&mut self, out: &mut Vec<u8>, compound: &[u8], index: u32) {
        let (header, body) = compound.split_at(RTCP_HEADER);
        let iv = AeadAes128Gcm::rtcp_iv(self.rtcp.salt, word(&header[4..]), index);
        let trailer = (ENCRYPTED | index).to_be_bytes();
        let mut authenticated = [0; RTCP_HEADER + INDEX];
        authenticated[..RTCP_HEADER].copy_from_slice(header);
        authenticated[RTCP_HEADER..].copy_from_slice(&trailer);
        out.extend_from_slice(header);
        let start = out.len();
        out.resize(start + body.len() + TAG, 0);
        self.rtcp.cipher.encrypt(&iv, &authenticated, body, &mut out[start..]);
        out.extend(trailer);
    }

    fn open_rtcp(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> bool {
        if packet.len() < RTCP_HEADER + TAG + INDEX {
            return false;
        }
        let (sealed, trailer) = packet.split_at(packet.len() - INDEX);
        let (header, body) = sealed.split_at(RTCP_HEADER);
        let (source, index) = (word(&header[4..]), word(trailer));
        let iv = AeadAes128Gcm::rtcp_iv(self.client.salt, source, index & !ENCRYPTED);
        plain.extend_from_slice(header);
        let length = body.len() - TAG;
        if index & ENCRYPTED == 0 {
            // Only authenticated: everything but the tag is "header".
            plain.extend_from_slice(&body[..length]);
            let header = [&sealed[..sealed.len() - TAG], trailer];
            let opened = self.client.cipher.decrypt(&iv, &header, &body[length..], &mut []);
            return opened && self.taken.admit(source, index);
        }
        let mut authenticated = [0; RTCP_HEADER + INDEX];
        authenticated[..RTCP_HEADER].copy_from_slice(header);
        authenticated[RTCP_HEADER..].copy_from_slice(trailer);
        plain.resize(RTCP_HEADER + length, 0);
        let opened = self.client.cipher.decrypt(&iv, &[&authenticated], body, &mut plain[RTCP_HEADER..]);
        opened && self.taken.admit(source, index & !ENCRYPTED)
    }
}

/// One key of a connection, and what authenticates its packets.
#[derive(Debug)]
struct Counter {
    cipher: Box<dyn Aes128CmSha1_80Cipher>,
    salt: [u8; Aes128CmSha1_80::SALT_LEN],
    authentication: [u8; Aes128CmSha1_80::HMAC_KEY_LEN],
}

#[derive(Debug)]
struct CounterSealer {
    hmac: &'static dyn str0m_proto::crypto::Sha1HmacProvider,
    rtp: Counter,
    rtcp: Counter,
    client: Counter,
    taken: Replay,
}

impl Seal for CounterSealer {
    fn rtp(&mut self, out: &mut Vec<u8>, start: usize, payload: &[u8], ssrc: u32, index: u64) {
        let iv = Aes128CmSha1_80::rtp_iv(self.rtp.salt, ssrc, index);
        let end = out.len();
        let sealed = end + payload.len();
        out.resize(sealed + Aes128CmSha1_80::HMAC_TAG_LEN, 0);
        self.rtp.cipher.encrypt(&iv, payload, &mut out[end..sealed]).expect("AES-CM encrypts any length");
        let hmac = |key: &[u8], parts: &[&[u8]]| self.hmac.sha1_hmac(key, parts);
        Aes128CmSha1_80::rtp_hmac(hmac, &self.rtp.authentication, &mut out[start..], index, sealed - start);
    }

    fn rtcp(&mut self, out: &mut Vec<u8>, compound: &[u8], index: u32) {
        let start = out.len();
        let (header, body) = compound.split_at(RTCP_HEADER);
        let iv = Aes128CmSha1_80::rtp_iv(self.rtcp.salt, word(&header[4..]), index.into());
        out.extend_from_slice(header);
        let at = out.len();
        out.resize(at + body.len(), 0);
        self.rtcp.cipher.encrypt(&iv, body, &mut out[at..]).expect("AES-CM encrypts any length");
        out.extend((ENCRYPTED | index).to_be_bytes());
        let end = out.len() - start;
        out.resize(start + end + Aes128CmSha1_80::HMAC_TAG_LEN, 0);
        let hmac = |key: &[u8], parts: &[&[u8]]| self.hmac.sha1_hmac(key, parts);
        Aes128CmSha1_80::rtcp_hmac(hmac, &self.rtcp.authentication, &mut out[start..], end);
    }

    fn open_rtcp(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> bool {
        if packet.len() < RTCP_HEADER + INDEX + Aes128CmSha1_80::HMAC_TAG_LEN {
            return false;
        }
        let (authenticated, tag) = packet.split_at(packet.len() - Aes128CmSha1_80::HMAC_TAG_LEN);
        let hmac = |key: &[u8], parts: &[&[u8]]| self.hmac.sha1_hmac(key, parts);
        if !Aes128CmSha1_80::rtcp_verify(hmac, &self.client.authentication, authenticated, tag) {
            return false;
        }
        let (sealed, trailer) = authenticated.split_at(authenticated.len() - INDEX);
        let (source, index) = (word(&sealed[4..]), word(trailer));
        if !self.taken.admit(source, index & !ENCRYPTED) {
            return false;
        }
        plain.extend_from_slice(sealed);
        if index & ENCRYPTED == 0 {
            return true;
        }
        let iv = Aes128CmSha1_80::rtp_iv(self.client.salt, source, u64::from(index & !ENCRYPTED));
        self.client.cipher.decrypt(&iv, &sealed[RTCP_HEADER..], &mut plain[RTCP_HEADER..]).is_ok()
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto;

    /// RFC 3711 §B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let key = 0xE1F97A0D3E018BE0D64FA32C06DE4139_u128.to_be_bytes();
        let salt: [u8; 14] = 0x0EC675AD498AFEEBB6960B3AABE6_u128.to_be_bytes()[2..].try_into().expect("14 bytes");
        let provider = crypto::provider();
        let (cipher, derived) = Master { key, salt }.derive(provider.srtp_provider, RTP);
        assert_eq!(u128::from_be_bytes(cipher), 0xC61E7A93744F39EE10734AFE3FF7A087);
        assert_eq!(derived[..4], [0x30, 0xCB, 0xBC, 0x08]);
        let mut authentication = [0; 20];
        Master { key, salt }.expand(provider.srtp_provider, RTP + 1, &mut authentication);
        assert_eq!(authentication[..4], [0xCE, 0xBE, 0x32, 0x1F]);
    }

    fn both_ways(profile: SrtpProfile, length: usize) {
        let provider = crypto::provider();
        let material: Vec<u8> = (0..length as u8).collect();
        // What the server seals, somebody whose halves are swapped opens.
        let (key, salt) = if length == 88 {
            (32, 12)
        } else if length == 60 {
            (16, 14)
        } else {
            (16, 12)
        };
        let mut swapped = material.clone();
        swapped[..2 * key].rotate_left(key);
        swapped[2 * key..].rotate_left(salt);
        let mut server = sealer(&provider, &Agreed { profile, material }).expect("known");
        let mut client = sealer(&provider, &Agreed { profile, material: swapped }).expect("known");
        let compound = [&[0x80, 201, 0, 1, 1, 2, 3, 4][..], &[0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7]].concat();
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        server.rtcp(&mut sealed, &compound, 77);
        assert!(client.open_rtcp(&sealed, &mut opened));
        assert_eq!(opened, compound);
        assert!(!client.open_rtcp(&sealed, &mut Vec::new()), "a packet that was kept and comes again is refused");
        sealed.clear();
        server.rtcp(&mut sealed, &compound, 78);
        let last = sealed.len() - 8;
        sealed[last] ^= 1;
        assert!(!client.open_rtcp(&sealed, &mut Vec::new()), "a forged packet is refused");
        assert!(!client.open_rtcp(&sealed[..6], &mut Vec::new()));
    }

    /// The packets that SRTP libraries validate themselves with, sealed under these keys by another one.
    fn sealed_alike(profile: SrtpProfile, key: &[u8], salt: &[u8], sealed: &[u8], report: &[u8]) {
        let material = [key, key, salt, salt].concat();
        let mut sealer = sealer(&crypto::provider(), &Agreed { profile, material }).expect("known");
        let mut out = vec![9; 3];
        out.extend([0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe]);
        sealer.rtp(&mut out, 3, &[0xab; 16], 0xcafe_babe, 0x1234);
        assert_eq!(out[15..], *sealed, "{profile:?}");
        let compound = [&[0x81, 0xc8, 0x00, 0x0b, 0xca, 0xfe, 0xba, 0xbe][..], &[0xab; 16]].concat();
        out.clear();
        sealer.rtcp(&mut out, &compound, 1);
        assert_eq!(out[..8], compound[..8]);
        assert_eq!(out[8..], *report, "{profile:?}");
    }

    #[test]
    fn media_and_reports_are_sealed_as_by_other_libraries() {
        let key = 0xE1F97A0D3E018BE0D64FA32C06DE4139_u128.to_be_bytes();
        let salt = 0x0EC675AD498AFEEBB6960B3AABE6_u128.to_be_bytes();
        let counter = [
            0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8, 0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
            0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb,
        ];
        let report = [
            0x71, 0x28, 0x03, 0x5b, 0xe4, 0x87, 0xb9, 0xbd, 0xbe, 0xf8, 0x90, 0x41, 0xf9, 0x77, 0xa5, 0xa8, 0x80, 0x00,
            0x00, 0x01, 0x99, 0x3e, 0x08, 0xcd, 0x54, 0xd6, 0xc1, 0x23, 0x07, 0x98,
        ];
        sealed_alike(SrtpProfile::AES128_CM_SHA1_80, &key, &salt[2..], &counter, &report);
        let key: Vec<u8> = (0..16).collect();
        let salt: Vec<u8> = (0xa0..0xac).collect();
        let gcm = [
            0xc5, 0x00, 0x2e, 0xde, 0x04, 0xcf, 0xdd, 0x2e, 0xb9, 0x11, 0x59, 0xe0, 0x88, 0x0a, 0xa0, 0x6e, 0xd2, 0x97,
            0x68, 0x26, 0xf7, 0x96, 0xb2, 0x01, 0xdf, 0x31, 0x31, 0xa1, 0x27, 0xe8, 0xa3, 0x92,
        ];
        let report = [
            0xc9, 0x8b, 0x8b, 0x5d, 0xf0, 0x39, 0x2a, 0x55, 0x85, 0x2b, 0x6c, 0x21, 0xac, 0x8e, 0x70, 0x25, 0xc5, 0x2c,
            0x6f, 0xbe, 0xa2, 0xb3, 0xb4, 0x46, 0xea, 0x31, 0x12, 0x3b, 0xa8, 0x8c, 0xe6, 0x1e, 0x80, 0x00, 0x00, 0x01,
        ];
        sealed_alike(SrtpProfile::AEAD_AES_128_GCM, &key, &salt, &gcm, &report);
    }

    #[test]
    fn what_one_side_seals_the_other_opens() {
        both_ways(SrtpProfile::AEAD_AES_128_GCM, 56);
        both_ways(SrtpProfile::AEAD_AES_256_GCM, 88);
        both_ways(SrtpProfile::AES128_CM_SHA1_80, 60);
    }
}
