//! Figures of a connection, how good they are, and warnings when they are not.

use serde::{Deserialize, Serialize};

/// How good a connection is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// Nothing to complain of.
    Excellent,
    /// Some loss or delay, hardly noticed.
    Good,
    /// Noticeably bad.
    Poor,
    /// Nothing arrives.
    Lost,
}

wire! {
    /// Somebody's connection.
    pub struct UserQuality {
        /// Who.
        pub user_id: String,
        /// How good.
        pub quality: Quality,
    }
}

/// What a quality warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// Percent of packets lost over 5 s. Warning at 3, critical at 10.
    PacketLoss,
    /// Milliseconds (RFC 3550 §6.4.1). Warning at 50, critical at 100.
    Jitter,
    /// Milliseconds. Warning at 300, critical at 600.
    RoundTrip,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is over.
    Clear,
    /// Noticeable.
    Warning,
    /// Hardly usable.
    Critical,
}

wire! {
    /// One direction of a connection over the last 5 s.
    pub struct FlowStats {
        /// Bits per second of media payload.
        pub bitrate: f64,
        /// Packets per second.
        pub packets: f64,
        /// Percent lost.
        pub loss: f64,
        /// Milliseconds (RFC 3550 §6.4.1).
        pub jitter: f64,
    }
}

wire! {
    /// One's own connection as the server sees it, every 5 s.
    pub struct ConnectionStats {
        /// Round trip in milliseconds, once measured.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub round_trip: Option<f64>,
        /// From the client to the server.
        pub up: FlowStats,
        /// From the server to the client.
        pub down: FlowStats,
        /// What the way to the client carries, bits per second, once estimated.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub estimate: Option<f64>,
        /// The network path in use: `udp` or `tcp`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub path: Option<String>,
    }
}
