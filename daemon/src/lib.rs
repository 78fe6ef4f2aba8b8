//! hecate-daemon
