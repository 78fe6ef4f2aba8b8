//! Proofs about the whole house, where its rooms are known: every desk in every state, every fact against who
//! hears it, every actor killed.

mod actor_kills;
mod actor_states;
mod desk_states;
mod facts_heard;
pub(crate) mod logged;
mod monitoring_listeners;
pub(crate) mod operation;
mod probers;
mod scripts;
