//! crosspoint-rooms
