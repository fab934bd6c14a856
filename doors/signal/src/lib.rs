//! crosspoint-signal
