//! What the store is trusted for, put to the proof: power cuts at its calls to the disk, a disk that fails,
//! bits that flip, and long runs against a simple list. Each proof has a short form for every build and an
//! ignored long one; `cargo test --release -p hecate-event-store --test faults -- --ignored --nocapture`
//! runs all long ones and prints their figures. `HECATE_FAULT_SEED` chooses other scenarios, and
//! `HECATE_FAULT_POINTS`, `_TEARS`, `_LIVES`, `_FAILURES`, `_FLIPS` and `_CASES` say how many of each;
//! `HECATE_FAULT_STRIDE` splits the long run over all bits.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "everything here is a test, the shared parts too"
)]

mod author;
mod crashes;
mod failures;
mod file_flips;
mod flips;
mod ground;
mod judgement;
mod lives;
mod log_flips;
mod model;
mod model_test;
mod questions;
mod recording;
mod steps;
mod witness;
