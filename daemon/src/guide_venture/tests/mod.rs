//! Ventures walked through their processes, and what the guide makes of it.

mod chance;
mod standing_rules;
mod task_rules;
mod walks;
mod world;
