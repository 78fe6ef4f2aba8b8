//! What needs programs that are not ours: conversations with models behind llama.cpp and an emulator of Ollama, and
//! six languages' own tools for what is generated. They are installed by `tests/peers/install FOLDER`, which
//! `.ci/run` does; `HECATE_PEERS` names the folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod cancelled;
mod generated;
mod house;
mod keys;
mod metrics;
mod peer;
mod terminal;
