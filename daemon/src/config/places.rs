//! Where things are when nobody says: the system's folders for a system daemon, else the user's own.

use super::Environment;
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};

/// `/run/hecate` where it can be made and written, else the user's runtime folder, else `~/.hecate`.
pub(super) fn socket(environment: &Environment) -> PathBuf {
    let system = Path::new("/run/hecate");
    let folder = if can_be_made_and_written(system) {
        system.to_owned()
    } else {
        environment
            .get("XDG_RUNTIME_DIR")
            .map_or_else(|| home(environment).join(".hecate"), |runtime| Path::new(runtime).join("hecate"))
    };
    folder.join("daemon.sock")
}

/// `/var/lib/hecate` where it can be made and written, else the user's data folder.
pub(super) fn data_dir(environment: &Environment) -> PathBuf {
    let system = Path::new("/var/lib/hecate");
    if can_be_made_and_written(system) {
        return system.to_owned();
    }
    let data = environment.get("XDG_DATA_HOME").map(PathBuf::from);
    data.unwrap_or_else(|| home(environment).join(".local/share")).join("hecate")
}

/// Where a configuration file may lie, first match wins.
pub(super) fn config_files(environment: &Environment) -> Vec<PathBuf> {
    let user = environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
    let user = user.unwrap_or_else(|| home(environment).join(".config"));
    vec!["/etc/hecate/hecate.toml".into(), user.join("hecate/hecate.toml")]
}

fn home(environment: &Environment) -> PathBuf {
    environment.get("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

fn can_be_made_and_written(folder: &Path) -> bool {
    let existing = folder.ancestors().find(|ancestor| ancestor.exists());
    existing.is_some_and(|folder| access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}
