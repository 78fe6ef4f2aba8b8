//! The cluster as the rest of the node sees it.

use crate::gateway::Post;
use crate::greeting::{Boot, Hello, PROTOCOL};
use crate::identity::{Identity, NodeId};
use crate::peer::PeerNode;
use crate::pins::Pins;
use crate::stream::PeerStream;
use crate::view::{ClusterActor, KIND};
use crate::wire::TreeRefusal;
use hecate_facts::Groups;
use hecate_proto::cluster::{ClusterView, NodeView};
use hecate_proto::tree::TreeNode;
use hecate_supervision::Kinds;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// How long a node may take to show its tree.
const TREE_MAX: Duration = Duration::from_secs(3);

/// A peer as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name, which pins its key.
    pub node_id: NodeId,
    /// `host:port`.
    pub address: String,
}

/// What is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The UDP address on which peers call.
    pub listen: SocketAddr,
    /// Who they are, and where this node calls them.
    pub peers: Vec<Peer>,
}

/// Shows this node's tree, once it has booted.
pub type ShowTree = Arc<dyn Fn() -> Option<TreeNode> + Send + Sync>;

/// What a cluster view is made from.
pub struct ClusterParts {
    /// This node.
    pub identity: Identity,
    /// Where it listens, and whom it knows. The node itself may be among them, so that all nodes can say the same.
    pub settings: Settings,
    /// The version of this program. Peers must run the same.
    pub program: &'static str,
    /// The node's own facts, which its peers hear.
    pub local: Groups,
    /// The node's own tree.
    pub tree: ShowTree,
    /// Microseconds since the Unix epoch, for what is shown.
    pub now_us: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// A node that cannot show its tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Nobody configured a peer of this name.
    #[error("no node of this cluster has this name")]
    Unknown,
    /// There is no link to it, or the link ended before the answer came.
    #[error("the node is away")]
    Away,
    /// Too many ask it already.
    #[error("too many questions wait for this node")]
    Busy,
    /// No answer in time.
    #[error("no answer within {} ms", TREE_MAX.as_millis())]
    Timeout,
    /// It answered that it will not.
    #[error(transparent)]
    Refused(#[from] TreeRefusal),
    /// It answered something that is no tree.
    #[error("not a tree: {0}")]
    Garbled(String),
}

/// A stream that nobody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The view is between two lives.
    #[error("no cluster view runs")]
    NotRunning,
    /// Too many streams wait to be greeted.
    #[error("too many streams wait")]
    Busy,
}

/// The cluster view of one node; clones share it.
#[derive(Clone)]
pub struct Cluster(pub(crate) Arc<Shared>);

/// What outlives the actor, so that a restart of it doubles no fact and hides no count.
pub(crate) struct Shared {
    pub(crate) identity: Identity,
    pub(crate) listen: SocketAddr,
    pub(crate) program: &'static str,
    pub(crate) local: Groups,
    pub(crate) tree: ShowTree,
    pub(crate) now_us: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Which start of this node's view this is.
    pub(crate) boot: Boot,
    /// Where facts of other nodes are heard.
    pub(crate) facts: Groups,
    pub(crate) pins: Arc<Pins>,
    pub(crate) post: Arc<Post>,
    pub(crate) peers: BTreeMap<NodeId, Arc<PeerNode>>,
    /// Set while the actor lives.
    pub(crate) open: Mutex<Option<Open>>,
}

/// What one life of the actor opened.
pub(crate) struct Open {
    pub(crate) listen: SocketAddr,
    pub(crate) adopted: mpsc::Sender<PeerStream>,
}

impl Cluster {
    /// The view, not yet running.
    pub fn new(parts: ClusterParts) -> Cluster {
        let ClusterParts { identity, settings, program, local, tree, now_us } = parts;
        let others = settings.peers.iter().filter(|peer| peer.node_id != *identity.node_id());
        let peer = |peer: &Peer| {
            let node = PeerNode::new(peer.node_id.clone(), peer.address.clone(), now_us());
            (peer.node_id.clone(), Arc::new(node))
        };
        let peers: BTreeMap<_, _> = others.map(peer).collect();
        Cluster(Arc::new(Shared {
            // Never zero, which stands for nobody.
            boot: Uuid::new_v4().as_u64_pair().0 | 1,
            facts: Groups::new(&format!("cluster/{}", identity.node_id())),
            pins: Pins::new(peers.keys().cloned()),
            post: Arc::default(),
            open: Mutex::default(),
            identity,
            listen: settings.listen,
            program,
            local,
            tree,
            now_us,
            peers,
        }))
    }

    /// Registers the view's actor as kind `cluster`.
    pub fn register(&self, kinds: &mut Kinds) {
        let shared = Arc::clone(&self.0);
        kinds.worker::<ClusterActor>(KIND, None, move || Some(Arc::clone(&shared)));
    }

    /// Registers the same kind for a node without a view: its actor keeps its place in the tree empty.
    pub fn register_none(kinds: &mut Kinds) {
        kinds.worker::<ClusterActor>(KIND, None, || None);
    }

    /// The groups in which facts of *other* nodes are told, by type and in `facts.all`.
    ///
    /// They are not the node's own groups: who joined those never hears a foreign fact, and no position of a
    /// foreign log is ever taken for one of the own log. Whose log it is, `metadata.node_id` says. Each fact is
    /// told at most once, in the order of its log; what was dropped on the way leaves a gap in the positions.
    pub fn facts(&self) -> &Groups {
        &self.0.facts
    }

    /// The configured peers as they are now, by name.
    pub fn nodes(&self) -> Vec<NodeView> {
        self.0.peers.values().map(|peer| peer.view()).collect()
    }

    /// All that is shown of it.
    pub fn view(&self) -> ClusterView {
        ClusterView {
            enabled: true,
            listen: self.listens_on().map(|listen| listen.to_string()),
            strangers: self.0.pins.refused(),
            garbled: self.0.post.garbled(),
            nodes: self.nodes(),
        }
    }

    /// The tree of a node of this cluster; this node's own without asking anybody.
    ///
    /// # Errors
    /// Where the node is unknown, away, busy or slow, or its tree too large: see [`TreeError`].
    pub async fn tree(&self, node: &str) -> Result<TreeNode, TreeError> {
        if node == self.0.identity.node_id().as_str() {
            return (self.0.tree)().ok_or(TreeError::Refused(TreeRefusal::Starting));
        }
        let node: NodeId = node.parse().map_err(|_| TreeError::Unknown)?;
        let peer = self.0.peers.get(&node).ok_or(TreeError::Unknown)?;
        if peer.held().is_none() {
            return Err(TreeError::Away);
        }
        let (reply, answer) = oneshot::channel();
        if !peer.ask_tree(reply) {
            return Err(TreeError::Busy);
        }
        let answer = tokio::time::timeout(TREE_MAX, answer).await.map_err(|_| TreeError::Timeout)?;
        let tree = answer.map_err(|_| TreeError::Away)??;
        serde_json::from_str(tree.get()).map_err(|error| TreeError::Garbled(error.to_string()))
    }

    /// Takes over a stream to a peer, from wherever it came: the greeting, the heartbeat and the session run on
    /// it as on one of our own. A peer that nobody configured is refused by name, which both ends see.
    ///
    /// # Errors
    /// Where no view runs, or too many streams wait; the stream is closed then.
    pub fn adopt(&self, stream: PeerStream) -> Result<(), AdoptError> {
        let open = self.0.open();
        let open = open.as_ref().ok_or(AdoptError::NotRunning)?;
        open.adopted.try_send(stream).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AdoptError::Busy,
            mpsc::error::TrySendError::Closed(_) => AdoptError::NotRunning,
        })
    }

    /// Where peers call, while the view runs.
    pub fn listens_on(&self) -> Option<SocketAddr> {
        self.0.open().as_ref().map(|open| open.listen)
    }
}

impl Shared {
    pub(crate) fn open(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hello(&self, peer: Option<&PeerNode>) -> Hello {
        let heard = peer.map(PeerNode::heard).unwrap_or_default();
        Hello { protocol: PROTOCOL, program: self.program.to_owned(), boot: self.boot, heard }
    }
}
