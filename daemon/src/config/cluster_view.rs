//! Which nodes this one looks at, and where they reach it: `[cluster_view]`. Off unless it is said.
//!
//! It is not `cluster`: that one names the nodes that replicate the event store.

use super::Environment;
use super::fault::{Fault, Said};
use super::file::{Family, Form};
use hecate_cluster::{Peer, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// `[cluster_view]`.
pub(super) const TABLE: Family = Family {
    key: "cluster_view",
    head: "[cluster_view]",
    fields: &[(LISTEN, Form::Text), (PEERS, Form::Words)],
};
const LISTEN: &str = "listen";
const PEERS: &str = "peers";
const VARIABLES: &[(&str, &str)] =
    &[(LISTEN, "HECATE_CLUSTER_VIEW_LISTEN"), (PEERS, "HECATE_CLUSTER_VIEW_PEERS")];
/// Every node calls every other one.
const PEERS_MAX: usize = 64;

/// What the file says, overridden by the environment.
pub(super) fn check(
    mut said: BTreeMap<&'static str, Said>,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> Option<Settings> {
    let spoken =
        VARIABLES.iter().filter_map(|(key, variable)| Some((*key, Said::by(variable, environment)?)));
    said.extend(spoken);
    match (said.get(LISTEN), said.get(PEERS)) {
        (Some(listen), Some(peers)) => {
            let (listen, peers) = (address(listen, faults), names(peers, faults));
            Some(Settings { listen: listen?, peers })
        }
        (Some(listen), None) => {
            faults.push(
                listen.fault("a cluster view needs `peers`", "name those that may call, or leave both out"),
            );
            None
        }
        (None, Some(peers)) => {
            faults.push(peers.fault("a cluster view needs `listen`", "for example \"0.0.0.0:4434\""));
            None
        }
        (None, None) => None,
    }
}

fn address(said: &Said, faults: &mut Vec<Fault>) -> Option<SocketAddr> {
    let address = said.text.parse();
    if address.is_err() {
        let message = format!("`listen` cannot be \"{}\"", said.text);
        faults.push(said.fault(message, "an address and a port, for example \"0.0.0.0:4434\""));
    }
    address.ok()
}

fn names(said: &Said, faults: &mut Vec<Fault>) -> Vec<Peer> {
    let (mut peers, mut known) = (Vec::new(), BTreeSet::new());
    for word in said.text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match peer(word) {
            Some(peer) if known.insert(peer.node_id.clone()) => peers.push(peer),
            Some(peer) => faults.push(
                said.fault(format!("`peers` names {} twice", peer.node_id), "one address for each node"),
            ),
            None => faults.push(said.fault(
                format!("`{word}` is no peer"),
                "hecate://NODE_ID@HOST:PORT; a node says its id in /debug/tree and when it is ready",
            )),
        }
    }
    if peers.len() > PEERS_MAX {
        faults.push(said.fault(format!("{} peers", peers.len()), format!("at most {PEERS_MAX}")));
    }
    peers
}

fn peer(word: &str) -> Option<Peer> {
    let (node_id, address) = word.strip_prefix("hecate://")?.split_once('@')?;
    let (host, port) = address.rsplit_once(':')?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_port && !host.is_empty()).then_some(())?;
    Some(Peer { node_id: node_id.parse().ok()?, address: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::arguments::Flags;

    const ID: &str = "1ek8hyjmhnpa5o6iiitpxcj6eb3unrtpo8yy5ji6zt1ekk4omo6o";

    fn checked(file: &str, variables: &[(&str, &str)]) -> (Option<Settings>, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hecate.toml");
        std::fs::write(&path, file).unwrap();
        let environment =
            variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (config, faults) = read(&Flags { config: Some(path), ..Flags::default() }, &environment);
        (config.cluster_view, faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_view_is_off_until_both_its_settings_are_said() {
        assert_eq!(checked("", &[]), (None, String::new()));
        let said = format!(
            "[cluster_view]\nlisten = \"127.0.0.1:4434\"\npeers = [\"hecate://{ID}@a.example:4434\"]\n"
        );
        let (settings, faults) = checked(&said, &[]);
        let settings = settings.unwrap();
        assert_eq!((faults.as_str(), settings.listen.to_string().as_str()), ("", "127.0.0.1:4434"));
        let address = "a.example:4434".to_owned();
        assert_eq!(settings.peers, [Peer { node_id: ID.parse().unwrap(), address }]);
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let peers = format!("hecate://{ID}@a:1, hecate://y{}@[::1]:2", &ID[1..]);
        let variables =
            [("HECATE_CLUSTER_VIEW_LISTEN", "[::]:9"), ("HECATE_CLUSTER_VIEW_PEERS", peers.as_str())];
        let (settings, faults) = checked("[cluster_view]\nlisten = \"127.0.0.1:4434\"\n", &variables);
        let settings = settings.unwrap();
        assert_eq!((faults.as_str(), settings.listen.to_string().as_str()), ("", "[::]:9"));
        assert_eq!(settings.peers.len(), 2);
    }

    #[test]
    fn it_lives_beside_the_replicated_store_which_is_still_refused() {
        let (settings, faults) = checked("cluster = \"off\"\n", &[]);
        assert_eq!((settings, faults.as_str()), (None, ""));
        let (_, faults) = checked("cluster = \"a,b,c\"\n", &[]);
        assert!(faults.contains(":1:11: `cluster` is not part of this release"), "{faults}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let twice = format!("peers = [\"hecate://{ID}@a:1\", \"hecate://{ID}@b:1\"]");
        for (said, wanted) in [
            ("listen = \"0.0.0.0:1\"", ":2:10: a cluster view needs `peers`"),
            ("peers = []", ":2:9: a cluster view needs `listen`"),
            ("listen = \"everywhere\"\npeers = []", ":2:10: `listen` cannot be \"everywhere\""),
            ("listen = 4434", ":2:10: `listen` cannot be this integer"),
            ("port = 4434", ":2:1: unknown key `port`"),
            ("listen = \"0.0.0.0:1\"\npeers = [\"hecate://me@a:1\"]", ":3:9: `hecate://me@a:1` is no peer"),
            (format!("listen = \"0.0.0.0:1\"\n{twice}").as_str(), ":3:9: `peers` names"),
        ] {
            let (_, faults) = checked(&format!("[cluster_view]\n{said}\n"), &[]);
            assert!(faults.contains(wanted), "{wanted} is missing in\n{faults}");
        }
        let (_, faults) = checked("cluster_view = \"a\"\n", &[]);
        assert!(faults.contains("write [cluster_view] and its fields"), "{faults}");
    }
}
