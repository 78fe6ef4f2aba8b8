//! `personality.md` and `roles/*.md`, read anew before every question, so that an edited file counts at once.

use crate::core::chat::{Prompts, RolePrompt};
use rustix::fs::OFlags;
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The largest file that is taken, and the most roles.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const ROLES_MAX: usize = 64;

/// What the files say now.
pub(super) fn read(folder: Option<&Path>) -> Prompts {
    let Some(folder) = folder else {
        return Prompts::default();
    };
    let mut prompts = Prompts { folder: folder.display().to_string(), ..Prompts::default() };
    prompts.personality = taken(&folder.join("personality.md"), &mut prompts.troubles);
    for path in role_files(&folder.join("roles"), &mut prompts.troubles) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(text) = taken(&path, &mut prompts.troubles) {
            prompts.roles.push(RolePrompt { name, text });
        }
    }
    prompts
}

fn taken(path: &Path, troubles: &mut Vec<String>) -> Option<String> {
    match text(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            troubles.push(format!("{} is left out: {error}", path.display()));
            None
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // Else opening a pipe that stands in a file's place would wait for whoever writes to it.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// The role files by name.
fn role_files(folder: &Path, troubles: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            troubles.push(format!("{}: {error}", folder.display()));
            return Vec::new();
        }
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    files.sort();
    if files.len() > ROLES_MAX {
        troubles.push(format!("only the first {ROLES_MAX} roles in {} are taken", folder.display()));
        files.truncate(ROLES_MAX);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_a_files_place_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("personality.md");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let (told, prompts) = std::sync::mpsc::channel();
        let place = folder.path().to_owned();
        std::thread::spawn(move || told.send(read(Some(&place))));
        let prompts = prompts.recv_timeout(std::time::Duration::from_secs(20)).expect("it is not waited for");
        assert!(matches!(&prompts.troubles[..], [one] if one.contains("no file")), "{prompts:?}");
    }

    #[test]
    fn files_become_prompts_and_what_cannot_be_taken_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(Some(folder.path())).roles, []);
        std::fs::write(folder.path().join("personality.md"), "Be brief.").expect("a file");
        let roles = folder.path().join("roles");
        std::fs::create_dir(&roles).expect("a folder");
        std::fs::write(roles.join("tester.md"), "Test.").expect("a file");
        std::fs::write(roles.join("architect.md"), "Build.").expect("a file");
        std::fs::write(roles.join("notes.txt"), "Not one.").expect("a file");
        std::fs::write(roles.join("huge.md"), "x".repeat(70_000)).expect("a file");
        let prompts = read(Some(folder.path()));
        let names: Vec<&str> = prompts.roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!((prompts.personality.as_deref(), names), (Some("Be brief."), vec!["architect", "tester"]));
        assert!(matches!(&prompts.troubles[..], [one] if one.contains("huge.md") && one.contains("larger")));
    }
}
