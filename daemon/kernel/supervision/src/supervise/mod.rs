//! A supervisor: a pure core that decides, and a thin actor that does what it says.

pub(crate) mod admin;
pub(crate) mod backoff;
mod calls;
pub(crate) mod chair;
pub(crate) mod child;
pub(crate) mod children;
pub(crate) mod core;
mod driver;
pub(crate) mod launch;
pub(crate) mod launching;
mod reception;
pub(crate) mod retry;
pub(crate) mod revise;
pub(crate) mod rules;
pub(crate) mod window;

#[cfg(test)]
mod calls_tests;
#[cfg(test)]
mod core_property;
#[cfg(test)]
mod core_tests;
#[cfg(test)]
mod revise_tests;
