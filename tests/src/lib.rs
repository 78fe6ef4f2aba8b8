//! hecate-tests
