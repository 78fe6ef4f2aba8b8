//! What `/metrics` says is read by the parser of Prometheus' own Python client.

use crate::peer::installed;
use hecate_proto::route;
use hecate_tests::daemon::Daemon;
use hecate_tests::program::Program;
use hecate_tests::ventures;

/// Prints every family with the number of its samples.
const READER: &str = "\
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
for family in families(open(sys.argv[1]).read()):
    print(family.name, family.type, len(family.samples))
";

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn the_figures_are_read_by_prometheus_own_parser() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Counted");
    let text = folder.path().join("metrics.txt");
    std::fs::write(&text, daemon.client().get(route::METRICS).expect(200).bytes).unwrap();
    let python = installed().join("python/bin/python");
    let ended = Program::new(&python, folder.path()).args(["-c", READER]).args([&text]).run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for family in [
        "hecate_actor_messages counter ",
        "hecate_actor_handle_seconds histogram ",
        "hecate_deadlock_suspects gauge 1",
    ] {
        assert!(
            ended.stdout.lines().any(|line| line.starts_with(family)),
            "{family} is missing in {}",
            ended.stdout
        );
    }
}
