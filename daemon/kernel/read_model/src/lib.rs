//! hecate-read-model
