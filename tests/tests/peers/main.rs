//! Conversations with models behind servers that are not ours: llama.cpp, and an emulator of Ollama. They are
//! installed by `tests/peers/install FOLDER`, which `.ci/run` does; `HECATE_PEERS` names the folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod cancelled;
mod house;
mod keys;
mod peer;
mod terminal;
