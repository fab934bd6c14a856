//! crosspoint-telemetry
