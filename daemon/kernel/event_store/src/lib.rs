//! hecate-event-store
