//! hecate-tui
