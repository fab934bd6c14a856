//! crosspoint-auth
