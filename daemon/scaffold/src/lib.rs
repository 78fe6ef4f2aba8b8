//! What a division's project begins with, as files: computed from its plan alone, so that the same plan gives the
//! same files for ever.
#![warn(missing_docs)]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language that projects are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Language {
    Rust,
    Erlang,
    Elixir,
    Go,
    Typescript,
    Python,
}

/// What a project is to hold.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The division.
    pub division_name: String,
    /// Its desks.
    pub desks: Vec<DeskPlan>,
}

/// The department of a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Department {
    Cmd,
    Qry,
    Prj,
}

/// One planned desk.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct DeskPlan {
    pub desk_id: String,
    pub desk_name: String,
    pub department: Department,
    pub aggregate_name: Option<String>,
    pub description: Option<String>,
    pub inboxes: Vec<String>,
    pub policies: Vec<String>,
    pub emitters: Vec<String>,
    pub events: Vec<EventPlan>,
}

/// One event of a desk.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct EventPlan {
    pub event_name: String,
    pub payload_fields: Vec<Field>,
}

/// One field of an event's payload.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Field {
    pub name: String,
    pub r#type: String,
    pub required: bool,
}

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, its parts joined by `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// There is no such template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no template {0}")]
pub struct UnknownTemplate(pub String);

/// The project without any of its desks.
pub fn skeleton(
    language: Language,
    template_set: &str,
    blueprint: &Blueprint,
) -> Result<Vec<File>, UnknownTemplate> {
    known(template_set, "default")?;
    let text = format!("# {}\n\n{language:?}, {} desks\n", blueprint.division_name, blueprint.desks.len());
    Ok(vec![
        File { path: "README.md".to_owned(), text },
        File { path: "src/main.txt".to_owned(), text: blueprint.division_name.clone() },
    ])
}

/// One desk, in its own folder.
pub fn desk(
    language: Language,
    template_set: &str,
    blueprint: &Blueprint,
    desk: &DeskPlan,
    template: Option<&str>,
) -> Result<Vec<File>, UnknownTemplate> {
    known(template_set, "default")?;
    known(template.unwrap_or("default"), "default")?;
    let text = format!("{}: {} in {language:?}\n", blueprint.division_name, desk.desk_name);
    Ok(vec![File { path: format!("src/{}/desk.txt", desk.desk_name), text }])
}

fn known(asked: &str, known: &str) -> Result<(), UnknownTemplate> {
    if asked == known { Ok(()) } else { Err(UnknownTemplate(asked.to_owned())) }
}
