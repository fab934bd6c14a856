//! crosspoint-whip
