//! Builds transports, off the media thread.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crosspoint_model::Refusal;
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::net::TcpType;
use str0m::{Candidate, Rtc, RtcConfig};

use crate::sdp::{invalid, prepare_offer};
use crate::stats::INTERVAL;
use crate::transport::Transport;
use crate::{MediaLine, credentials, crypto, extensions};

/// A worker as clients see it.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its number.
    pub worker: u16,
    /// Its addresses, best first.
    pub candidates: Vec<HostCandidate>,
}

/// An address that clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCandidate {
    /// The advertised address.
    pub address: SocketAddr,
    /// ICE-TCP, passive (RFC 6544)?
    pub tcp: bool,
}

/// An offer that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The connection; it goes to the worker that it was built for.
    pub transport: Transport,
    /// The SDP for the client, with all candidates.
    pub answer: String,
    /// The m-lines in order.
    pub lines: Vec<MediaLine>,
}

/// Builds transports. One per process: they share the certificate.
#[derive(Clone, Debug)]
pub struct Factory {
    certificate: DtlsCert,
}

impl Default for Factory {
    fn default() -> Self {
        Self::new()
    }
}

impl Factory {
    /// Makes the certificate (ECDSA P-256) of this process.
    pub fn new() -> Self {
        let certificate = crypto::provider().dtls_provider.generate_certificate();
        Self { certificate: certificate.expect("AWS-LC makes certificates") }
    }

    /// Builds a connection for this offer.
    pub fn accept(&self, host: &Host, offer: &str, now: Instant) -> Result<Accepted, Refusal> {
        // str0m asserts what only a broken offer breaks: a payload type that two codecs claim, say. Such an offer costs its
        // sender a refusal, not the caller its thread. Unwind-safe, because nothing of what was begun is kept.
        catch_unwind(AssertUnwindSafe(|| self.build(host, offer, now))).unwrap_or_else(|_| {
            tracing::warn!("an offer made the WebRTC stack panic; it was refused");
            Err(invalid("it contradicts itself"))
        })
    }

    fn build(&self, host: &Host, offer: &str, now: Instant) -> Result<Accepted, Refusal> {
        let prepared = prepare_offer(offer)?;
        let parsed = SdpOffer::from_sdp_string(&prepared).map_err(|error| invalid(&error.to_string()))?;
        let credentials = credentials::generate(host.worker);
        let mut rtc = self.config().set_local_ice_credentials(credentials).build(now);
        for candidate in &host.candidates {
            rtc.add_local_candidate(to_candidate(*candidate)?);
        }
        let answer = rtc.sdp_api().accept_offer(parsed).map_err(|error| invalid(&error.to_string()))?;
        let mut transport = Transport::new(rtc, host.worker, now);
        let answer = transport.adopt(prepared, &answer.to_sdp_string());
        let lines = transport.lines().collect();
        Ok(Accepted { transport, answer, lines })
    }

    /// No `enable_bwe`: what is sent is estimated and resent by `crosspoint-egress`.
    fn config(&self) -> RtcConfig {
        Rtc::builder()
            .set_crypto_provider(crypto::provider())
            .set_dtls_cert(self.certificate.clone())
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_stats_interval(Some(INTERVAL))
            .set_rtcp_report_interval_video(Duration::from_secs(1))
            .set_rtcp_report_interval_audio(Duration::from_secs(2))
            .set_sctp_max_buffered_amount(1 << 20)
            .set_sctp_max_message_size(256 << 10)
            .set_extension_map(extensions::map())
            .clear_codecs()
            .enable_opus(true, true)
            .enable_vp8(true)
            .enable_h264(true)
            .enable_vp9(true)
            .enable_av1(true)
    }
}

fn to_candidate(candidate: HostCandidate) -> Result<Candidate, Refusal> {
    let built = if candidate.tcp {
        Candidate::builder().tcp().host(candidate.address).tcptype(TcpType::Passive).build()
    } else {
        Candidate::builder().udp().host(candidate.address).build()
    };
    built.map_err(|error| {
        Refusal::new(crosspoint_model::Code::MediaUnavailable, format!("the address {}: {error}", candidate.address))
    })
}
