//! The terminal of Hecate: a pure core that decides, views that only read it, and a rim that touches the
//! world. It knows the daemon by what it says of itself: no desk, field or desk path is spelled here.

pub mod core;
pub mod rim;
pub mod view;
