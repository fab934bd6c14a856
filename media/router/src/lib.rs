//! crosspoint-router
