//! The cluster view: every node of one cluster shows its tree to the others, and tells them its facts.
//!
//! For a handful of nodes of one operator that run one release. Off unless it is configured (`[cluster_view]`).
//!
//! - **Who.** A node's name is the hash of its Ed25519 key. Peers are configured by name and address; mutual TLS
//!   lets nobody else in. An unknown key leaves an audit line, ever more rarely where it knocks on; who is refused
//!   sees why, and calls again after a second, then two, four … up to a minute.
//! - **How.** QUIC, one stream a link. The two ends first greet each other: program, protocol, which start of the
//!   node this is, how far it has heard the other. A refusal has a name, and both ends see it. Then the stream
//!   belongs to a session of ractor_cluster, whose cookie is drawn from the TLS session of this very link, so that
//!   its 32-bit challenge proves nothing that TLS has not proven. Its TCP listener does not exist here.
//! - **What.** One remotable actor a node, the gateway, and one message: versioned bytes. Facts, trees and beats
//!   travel in it. Whoever wants another carrier hands its stream to [`Cluster::adopt`].
//! - **Guarantees.** Facts arrive at most once and in the order of their log. Between two nodes that stay alive
//!   none is lost to a broken link; a full queue (8,192 facts or 8 MiB a peer) drops the oldest, and a node that
//!   dies takes along what was under way. Both are counted at both ends. Delivery is a wake-up, as in the node's
//!   own groups; the log that a fact comes from stays the truth.
//! - **Life.** A beat every 400 ms; a peer that is silent for 2 s is dead and leaves all groups. It is called again
//!   after a twentieth of the time that it has been away (50 ms to 5 s, with jitter). Of two links that crossed both
//!   ends keep the one that the node with the later name opened.
#![warn(missing_docs)]

mod away;
mod cluster;
mod election;
mod gateway;
mod greeting;
mod identity;
mod link;
mod outbox;
mod peer;
mod pins;
mod questions;
mod refused_key;
mod session;
mod strangers;
mod stream;
mod transport;
mod view;
mod wire;

pub use cluster::{AdoptError, Cluster, ClusterParts, Peer, Settings, ShowTree, TreeError};
pub use greeting::Refusal;
pub use identity::{Identity, IdentityError, NodeId, NotANodeId};
pub use stream::{Closing, PeerStream, SECRET_BYTES};
pub use wire::TreeRefusal;
