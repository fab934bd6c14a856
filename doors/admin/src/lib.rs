//! crosspoint-admin
