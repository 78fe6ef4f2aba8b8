//! A supervisor: a pure core that decides, and a thin actor that does what it says.

pub(crate) mod core;
pub(crate) mod driver;
pub(crate) mod launch;
mod window;

#[cfg(test)]
mod core_tests;
