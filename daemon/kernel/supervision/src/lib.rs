//! hecate-supervision
