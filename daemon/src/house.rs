//! The whole daemon wired up but not yet running: processes, read models, facts and the edge, each with the
//! kinds of actors that `supervision.toml` can place.

use crate::config::{Config, Policies};
use crate::generate_division::WorkspaceWriter;
use crate::hecate_api::{self, Edge, EdgeParts, Limits, Supervision};
use crate::life::EMBEDDED;
use crate::listening::Listening;
use crate::monitor_division::Probing;
use crate::serve_llm::{Llm, ProviderSettings};
use crate::tend_read_models::TendingDoor;
use crate::{MODELS, PROCESSES, serve_blobs};
use hecate_blobs::Blobs;
use hecate_cluster::{Cluster, ClusterParts, Identity, Settings};
use hecate_desk::{Code, Node, Process, ProcessEntry, Wiring};
use hecate_event_store::{CurrentStore, Fault, Progress, Supervised, Upcasters};
use hecate_facts::{ALL, Emitter, Groups, Hearing, Listener};
use hecate_read_model::{ModelWiring, ReadSide};
use hecate_supervision::{Kinds, Tree};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Everything that actors are made from.
pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) store: CurrentStore,
    pub(crate) processes: Vec<Arc<dyn Process>>,
    pub(crate) models: Vec<Arc<ReadSide>>,
    /// The listeners of those processes that hear something, and who else hears facts.
    pub(crate) hearings: Vec<Hearing>,
    llm: Llm,
    probing: Probing,
    blobs: Blobs,
    /// How far each process's facts have been told.
    told: Vec<(&'static str, Progress)>,
    groups: Groups,
    /// None: this node looks at no other one.
    cluster: Option<Cluster>,
}

impl House {
    /// Wires everything; starts and opens nothing.
    pub(crate) fn furnish(node: Node, folders: &Folders, policies: &Policies) -> House {
        let (store, blobs) = (CurrentStore::default(), Blobs::new(&folders.blobs));
        let open = |process: &ProcessEntry| {
            let (store, node, heard) = (store.clone(), node.clone(), Progress::default());
            let policy = policies.get(process.spec.name).cloned().unwrap_or_default();
            let (code, blobs) = (Code::running(), blobs.clone());
            let wiring = Wiring { store, node, code, heard: heard.clone(), policy, blobs };
            ((process.open)(wiring), heard)
        };
        let (processes, heard): (Vec<_>, Vec<_>) = PROCESSES.iter().map(open).unzip();
        let hears = processes.iter().zip(heard).filter(|(process, _)| !process.hears().is_empty());
        let hearing = |(process, heard): (&Arc<dyn Process>, Progress)| {
            Hearing::new(Arc::new(Listening(Arc::clone(process))), heard, &folders.listeners)
        };
        let (root, kept) = (folders.workspaces.clone(), blobs.clone());
        let writer = WorkspaceWriter::new(node.clone(), store.clone(), kept, root);
        let writing = Hearing::new(Arc::new(writer), Progress::default(), &folders.listeners);
        let tending = TendingDoor::of(&processes, &node);
        let folder = folders.read_models.clone();
        let reading = ModelWiring { store: store.clone(), folder, tending };
        House {
            groups: Groups::new(&node.node_id),
            hearings: hears.map(hearing).chain([writing]).collect(),
            blobs,
            cluster: None,
            llm: Llm::new(Vec::new(), &node.clock),
            probing: Probing::of(&processes, &store, &node),
            processes,
            models: MODELS.iter().map(|model| model.open(reading.clone())).collect(),
            told: PROCESSES.iter().map(|process| (process.spec.name, Progress::default())).collect(),
            store,
            node,
        }
    }

    /// The same house with these providers of models, in the order of their priority.
    pub(crate) fn with_models(self, providers: &[ProviderSettings]) -> House {
        House { llm: Llm::new(providers.to_vec(), &self.node.clock), ..self }
    }

    /// The same house, whose health checks run commands where operators allow them.
    pub(crate) fn with_commands(self, allow_commands: bool) -> House {
        House { probing: self.probing.with_commands(allow_commands), ..self }
    }

    /// The same house, in view of the other nodes of its cluster where it has any.
    pub(crate) fn with_cluster_view(
        self,
        identity: Identity,
        settings: Option<Settings>,
        tree: &Arc<OnceLock<Tree>>,
    ) -> House {
        let view = |settings| {
            let (tree, clock) = (Arc::clone(tree), Arc::clone(&self.node.clock));
            Cluster::new(ClusterParts {
                identity,
                settings,
                program: env!("CARGO_PKG_VERSION"),
                local: self.groups.clone(),
                tree: Arc::new(move || tree.get().map(Tree::snapshot)),
                now_us: Arc::new(move || clock.now_us()),
            })
        };
        House { cluster: settings.map(view), ..self }
    }

    /// How older events become those that the processes record today, checked as a whole.
    pub(crate) fn upcasters(&self) -> Result<Upcasters, Vec<Fault>> {
        let steps = self.processes.iter().flat_map(|process| process.upcasts().iter().copied());
        let recorded = self.processes.iter().flat_map(|process| process.event_types());
        Upcasters::new(steps, recorded.map(|(event_type, _)| event_type))
    }

    /// The edge of this house, on a socket; `tree` is filled once the tree has booted.
    pub(crate) fn edge(&self, config: &Config, tree: &Arc<OnceLock<Tree>>, started: Instant) -> Arc<Edge> {
        Edge::new(EdgeParts {
            processes: self.processes.clone(),
            models: self.models.clone(),
            routes: vec![self.llm.routes(), serve_blobs::routes(&self.blobs)],
            store: self.store.clone(),
            told: self.told.clone(),
            hearings: self.hearings.clone(),
            groups: self.groups.clone(),
            cluster: self.cluster.clone(),
            node: self.node.clone(),
            tree: Arc::clone(tree),
            supervision: config
                .supervision
                .clone()
                .map_or(Supervision::Embedded(EMBEDDED), Supervision::File),
            socket_path: config.socket.clone(),
            operators: config.operators.clone(),
            unsafe_debug: config.unsafe_debug,
            limits: Limits::default(),
            version: env!("CARGO_PKG_VERSION"),
            started,
        })
    }

    fn listener(&self, hearing: &Hearing) -> Listener {
        let clock = Arc::clone(&self.node.clock);
        Listener {
            hearing: hearing.clone(),
            store: self.store.clone(),
            groups: self.groups.clone(),
            now_us: Arc::new(move || clock.now_us()),
        }
    }

    /// The kinds of actors, from the log up to the edge.
    pub(crate) fn kinds(&self, store: Supervised, edge: &Arc<Edge>) -> Kinds {
        let mut kinds = hecate_api::kinds(self.kinds_below_the_edge(store), edge);
        kinds.all_permanent();
        kinds
    }

    /// The kinds of actors, from the log up to whoever follows it.
    pub(crate) fn kinds_below_the_edge(&self, store: Supervised) -> Kinds {
        let mut kinds = Kinds::new();
        store.register(&mut kinds);
        for model in &self.models {
            model.register(&mut kinds);
        }
        for (process, (name, told)) in self.processes.iter().zip(&self.told) {
            process.register(&mut kinds);
            let emitter = Emitter {
                process: name,
                types: process.event_types().into_iter().map(|(event_type, _)| event_type).collect(),
                store: self.store.clone(),
                groups: self.groups.clone(),
                told: told.clone(),
            };
            emitter.register(&mut kinds);
        }
        for hearing in &self.hearings {
            self.listener(hearing).register(&mut kinds);
        }
        let facts = self.processes.iter().flat_map(|process| process.event_types());
        kinds.publishes(facts.map(|(event_type, _)| event_type).chain([ALL]));
        self.probing.register(&mut kinds);
        self.llm.register(&mut kinds);
        match &self.cluster {
            Some(cluster) => cluster.register(&mut kinds),
            None => Cluster::register_none(&mut kinds),
        }
        kinds
    }
}

/// Where actors keep what is theirs.
#[derive(Default)]
pub(crate) struct Folders {
    pub(crate) read_models: PathBuf,
    pub(crate) listeners: PathBuf,
    pub(crate) blobs: PathBuf,
    pub(crate) workspaces: PathBuf,
}

#[cfg(test)]
impl Folders {
    /// One beside the other.
    pub(crate) fn below(folder: &std::path::Path) -> Folders {
        let [read_models, listeners, blobs, workspaces] =
            ["read_models", "listeners", "blobs", "workspaces"].map(|name| folder.join(name));
        Folders { read_models, listeners, blobs, workspaces }
    }
}

/// A house that nobody moves into.
#[cfg(test)]
pub(crate) fn a_house() -> House {
    let clock = Arc::new(hecate_desk::SystemClock);
    House::furnish(
        Node { node_id: "n".into(), realm: "r".into(), clock },
        &Folders::default(),
        &Policies::new(),
    )
}

#[cfg(test)]
mod tests {
    use super::a_house;

    #[tokio::test]
    async fn every_older_event_becomes_one_that_a_desk_records() {
        assert_eq!(a_house().upcasters().err(), None);
    }
}
