//! hecate-desk
