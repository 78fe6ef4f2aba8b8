//! A disk without space turns writes away and nothing else, and heals without a restart.
//!
//! Needs a file system of its own, so it runs where this user may mount one and says so where not.

use hecate_tests::binaries;
use hecate_tests::daemon::Daemon;
use hecate_tests::program::Program;
use hecate_tests::{patience, ventures};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// More ventures than any log of that size holds.
const WRITES_MAX: usize = 50_000;

/// A small file system; unmounted at the end.
struct Mounted(PathBuf);

impl Mounted {
    fn at(folder: &Path) -> Option<Mounted> {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(folder).status();
        mount.is_ok_and(|status| status.success()).then(|| Mounted(folder.to_owned()))
    }

    /// Takes all the space that is left.
    fn fill(&self) -> PathBuf {
        let junk = self.0.join("junk");
        let mut file = OpenOptions::new().create_new(true).write(true).open(&junk).expect("a new file");
        while file.write_all(&[0; 4_096]).is_ok() {}
        junk
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a daemon that a failing test leaves behind may still hold a file for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_and_nothing_else_and_heals_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Mounted::at(folder.path()) else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let mut daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let first = ventures::set_up(&client, "Before");
    ventures::row(&client, &ventures::id_of(&first), first.position);
    let junk = disk.fill();
    let write = || client.post("/api/ventures", &json!({"name": "While", "brief": "b".repeat(3_000)}));
    let refused = (0..WRITES_MAX).map(|_| write()).find(|answer| answer.status != 201).unwrap();
    let refusal = refused.json();
    assert_eq!((refused.status, &refusal["error"]), (503, &json!("store_unavailable")), "{refusal}");
    assert_eq!(refusal["details"]["reason"], "disk_full");
    client.get(&ventures::at(&ventures::id_of(&first))).expect(200);
    client.get("/api/ventures").expect(200);
    assert!(daemon.is_running());
    let lagging = patience::until("health shows what stands still", || {
        let health = client.get("/api/health").expect(200).json();
        let part = health["components"]["query_ventures"].clone();
        (part["status"] == "degraded").then_some(part)
    });
    assert!(
        lagging["lag"].as_u64() > Some(0) && lagging["says"].as_str().unwrap().contains("full"),
        "{lagging}"
    );
    // Its own files need a place too.
    let home = tempfile::tempdir().unwrap();
    let socket = daemon.place().socket();
    let words = ["--socket", socket.to_str().unwrap(), "doctor"];
    let told = Program::new(&binaries::hecate(), home.path()).args(words).run();
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stdout.contains("makes room") && !told.stdout.contains("All is well"), "{told:?}");
    let acknowledged = ventures::head(&client);

    fs::remove_file(junk).unwrap();
    let healed = patience::until("writes resume", || {
        let answer = write();
        (answer.status == 201).then_some(answer)
    });
    let position = healed.json()["position"].as_u64().unwrap();
    assert_eq!(position, acknowledged + 1, "nothing acknowledged was lost, nothing refused was kept");
    patience::until("the read model catches up", || {
        (client.ask(&ventures::seen("/api/ventures", position)).status == 200).then_some(())
    });
    assert_eq!(ventures::every_row(&client, position).len() as u64, position);
    assert_eq!(daemon.terminate().0, Some(0));
}
