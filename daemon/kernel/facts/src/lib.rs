//! hecate-facts
