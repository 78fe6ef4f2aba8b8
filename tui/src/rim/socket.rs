//! Where a daemon may listen, in the order in which it is looked for.

use std::path::{Path, PathBuf};

/// The candidates, best first. An explicit socket is the only one.
pub fn candidates(explicit: Option<&Path>, env: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(socket) = explicit {
        return vec![socket.to_owned()];
    }
    let runtime = env("XDG_RUNTIME_DIR").map(|folder| folder.join("hecate/daemon.sock"));
    let home = env("HOME").map(|folder| folder.join(".hecate/daemon.sock"));
    let system = PathBuf::from("/run/hecate/daemon.sock");
    [Some(system), runtime, home].into_iter().flatten().collect()
}

/// A variable of the environment as a path; an empty one counts as absent.
pub fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_in_order_and_an_explicit_one_stands_alone() {
        let env = |name: &str| match name {
            "XDG_RUNTIME_DIR" => Some(PathBuf::from("/run/user/7")),
            "HOME" => Some(PathBuf::from("/home/ada")),
            _ => None,
        };
        let all = candidates(None, env);
        let expected =
            ["/run/hecate/daemon.sock", "/run/user/7/hecate/daemon.sock", "/home/ada/.hecate/daemon.sock"];
        assert_eq!(all, expected.map(PathBuf::from));
        assert_eq!(candidates(Some(Path::new("/x")), env), [PathBuf::from("/x")]);
        assert_eq!(candidates(None, |_| None), [PathBuf::from("/run/hecate/daemon.sock")]);
    }
}
