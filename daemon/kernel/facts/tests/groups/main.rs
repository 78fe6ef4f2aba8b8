//! Process groups, proved with real actors that come, leave and are killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod broadcast;
mod churn;
mod hall;
mod pg_suite;
