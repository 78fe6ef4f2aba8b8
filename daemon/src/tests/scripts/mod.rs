//! How each process comes into each of its states, and a request for each of its desks.

pub(super) mod deploy_division;
pub(super) mod generate_division;
pub(super) mod monitor_division;
pub(super) mod plan_division;
pub(super) mod rescue_division;
pub(super) mod test_division;
