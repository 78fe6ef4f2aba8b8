//! The division was tested: the plan takes note of how that went.

use super::feedback::{Acknowledged, News};
use hecate_desk::prelude::*;

/// How it went.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestingNews {
    pub(crate) gate_passed: bool,
    pub(crate) totals: Totals,
}

/// How the tests of a division went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Totals {
    pub(crate) suites: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    pub(crate) errored: u32,
}

pub(crate) type TestingAcknowledged = Acknowledged<TestingNews>;

impl News for TestingNews {
    const DESK: &'static str = "acknowledge_testing";
    const SAYS: &'static str = "Take note that the division was tested";
    const TYPE: &'static str = "testing_acknowledged_v1";
}
