//! Process groups, proved with real actors that come, leave and are killed.

mod broadcast;
mod churn;
mod hall;
mod pg_suite;
