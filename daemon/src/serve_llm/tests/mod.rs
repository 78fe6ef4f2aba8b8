//! Models over the real edge, with providers of the tests' own on real sockets behind it.

pub(super) mod kit;
