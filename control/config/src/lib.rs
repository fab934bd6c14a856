//! crosspoint-config
