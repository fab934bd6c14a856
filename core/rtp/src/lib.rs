//! crosspoint-rtp
