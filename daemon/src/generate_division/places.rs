//! Where the files of one pass lie. Each place is one part's, but that tests may share one, and no file lies where another's folder is: whatever is
//! on record can be written.

use super::files::{GeneratedFile, recorded};
use super::parts::{DeskMade, Made, MadeModule, MadeTest, Skeleton};
use super::path::demand_beneath;
use super::{Generation, INVALID_FILE_PATH, planned::PlannedDesk};
use hecate_desk::prelude::*;
use std::{collections::BTreeMap, fmt};

/// The files of one pass, by their paths in small letters: not every file system tells others apart.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Places(BTreeMap<String, Placed>);

/// One file in its place.
#[derive(Serialize, Deserialize)]
pub(super) struct Placed {
    path: String,
    sha256: String,
    part: Part,
}

/// Whose a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    Skeleton,
    /// By its name, as all that follow.
    Desk(String),
    Module(String),
    Test(String),
}

impl Part {
    /// True where both may be in one file: tests may.
    fn shares_with(&self, other: &Part) -> bool {
        self == other || matches!((self, other), (Part::Test(_), Part::Test(_)))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Skeleton => f.write_str("the skeleton"),
            Part::Desk(name) => write!(f, "the desk {name}"),
            Part::Module(name) => write!(f, "the module {name}"),
            Part::Test(name) => write!(f, "the test {name}"),
        }
    }
}

impl Places {
    /// The part has these files, too.
    fn put<'f>(&mut self, part: &Part, files: impl IntoIterator<Item = &'f GeneratedFile>) {
        for GeneratedFile { path, sha256, .. } in files {
            let placed = Placed { path: path.clone(), sha256: sha256.clone(), part: part.clone() };
            self.0.insert(path.to_ascii_lowercase(), placed);
        }
    }

    /// The part has no files.
    pub(super) fn clear(&mut self, part: &Part) {
        self.0.retain(|_, placed| placed.part != *part);
    }

    /// As a manifest names them: path and hash.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values().map(|placed| (placed.path.as_str(), placed.sha256.as_str()))
    }

    /// Another part's file that keeps a file of this part from lying there: the same place, a folder of it, or one
    /// in it.
    fn in_the_way(&self, part: &Part, path: &str) -> Option<&Placed> {
        let path = path.to_ascii_lowercase();
        let here = self.0.get(&path).filter(|placed| !placed.part.shares_with(part));
        let folders = path.match_indices('/').filter_map(|(end, _)| self.0.get(&path[..end]));
        let inside = format!("{path}/");
        let below = self.0.range(inside.clone()..).take_while(|(place, _)| place.starts_with(&inside));
        let around = folders.chain(below.map(|(_, placed)| placed)).find(|placed| placed.part != *part);
        here.or(around)
    }

    /// Refuses the path where something else lies.
    fn demand_free(&self, part: &Part, path: &str, field: &str) -> Result<(), Refused> {
        self.in_the_way(part, path).map_or(Ok(()), |Placed { path, part, .. }| {
            let hint = format!("`{path}` is a file of {part}.");
            Err(INVALID_FILE_PATH.about("field", field).about("hint", hint))
        })
    }
}

impl Made {
    /// The skeleton has these files, and no others of an earlier one.
    pub(super) fn keep_skeleton(&mut self, skeleton: Skeleton, files: &[GeneratedFile]) {
        self.places.clear(&Part::Skeleton);
        self.places.put(&Part::Skeleton, files);
        (self.skeleton, self.skeleton_outdated) = (Some(skeleton), false);
    }

    pub(super) fn keep_desk(&mut self, desk: DeskMade, files: &[GeneratedFile]) {
        self.places.put(&Part::Desk(desk.desk_name.clone()), files);
        self.desks.insert(desk.desk_id.clone(), desk);
    }

    pub(super) fn keep_module(&mut self, module: MadeModule, file: &GeneratedFile) {
        self.places.put(&Part::Module(module.module_name.clone()), [file]);
        self.modules.insert(module.module_name.clone(), module);
    }

    pub(super) fn keep_test(&mut self, test: MadeTest, file: &GeneratedFile) {
        self.places.put(&Part::Test(test.test_name.clone()), [file]);
        self.tests.insert(test.test_name.clone(), test);
    }
}

impl Generation {
    /// The files of a desk by this template, where no file of another part is.
    pub(super) fn desk_files_in_place(
        &self,
        desk: &PlannedDesk,
        template: &str,
    ) -> Result<Vec<GeneratedFile>, Refused> {
        let (files, part) = (recorded(&self.desk_files(desk, template)?), Part::Desk(desk.desk_name.clone()));
        files.iter().try_for_each(|file| self.made.places.demand_free(&part, &file.path, "desk_id"))?;
        Ok(files)
    }

    /// The path, where a file of this part may lie: below the workspace, and where no file of another part is or will
    /// be.
    pub(super) fn demand_place(&self, part: &Part, path: &Text<200>) -> Result<String, Refused> {
        let path = demand_beneath(path, INVALID_FILE_PATH, "file_path")?;
        self.made.places.demand_free(part, &path, "file_path")?;
        self.awaited(&path)?.demand_free(part, &path, "file_path")?;
        Ok(path)
    }

    /// Where those planned desks will lie that this path might meet. All of them lie in the same folder, each in one
    /// that is called after it; so the first one stands for those whose names the path does not hold.
    fn awaited(&self, path: &str) -> Result<Places, Refused> {
        let path = path.to_ascii_lowercase();
        let is_near = |desk: &PlannedDesk| path.contains(&first_word(&desk.desk_name));
        let mut places = Places::default();
        for (nth, desk) in self.awaited_desks().enumerate() {
            if nth == 0 || is_near(desk) {
                let files = recorded(&self.desk_files(desk, desk.department.name())?);
                places.put(&Part::Desk(desk.desk_name.clone()), &files);
            }
        }
        Ok(places)
    }
}

fn first_word(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().find(|word| !word.is_empty()).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<GeneratedFile> {
        let file =
            |path: &&str| GeneratedFile { path: (*path).to_owned(), sha256: "5e".to_owned(), bytes: 1 };
        paths.iter().map(file).collect()
    }

    #[test]
    fn a_file_is_in_the_way_where_it_lies_in_its_folders_and_below_it_but_not_of_its_own_part() {
        let (skeleton, tea) = (Part::Skeleton, Part::Module("tea".to_owned()));
        let mut places = Places::default();
        places.put(&skeleton, &files(&["Cargo.toml", "kernel/src/lib.rs", "kernel-x"]));
        places.put(&tea, &files(&["src/tea.rs"]));
        for (path, of_tea) in [
            ("Cargo.toml", Some("Cargo.toml")),
            ("cargo.TOML", Some("Cargo.toml")),
            ("Cargo.toml/a/b", Some("Cargo.toml")),
            ("kernel", Some("kernel/src/lib.rs")),
            ("Kernel/src", Some("kernel/src/lib.rs")),
            ("kernel/src/lib.rs/a", Some("kernel/src/lib.rs")),
            ("kernel/src/lib", None),
            ("kern", None),
            ("src/tea.rs", None),
            ("src", None),
        ] {
            let found = places.in_the_way(&tea, path).map(|placed| placed.path.as_str());
            assert_eq!(found, of_tea, "{path}");
        }
        assert_eq!(places.in_the_way(&skeleton, "src").unwrap().part, tea);
        places.clear(&tea);
        assert!(places.in_the_way(&skeleton, "src/tea.rs").is_none());
        assert_eq!(places.named().count(), 3);
    }
}
