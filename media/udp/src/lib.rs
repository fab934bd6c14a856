//! crosspoint-udp
