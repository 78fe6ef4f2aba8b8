//! What goes in and what comes out: the plan of a division, and files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a division is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Language {
    /// Cargo, one crate per desk.
    Rust,
    /// An Emakefile and EUnit.
    Erlang,
    /// Mix and ExUnit.
    Elixir,
    /// One module, one package per desk.
    Go,
    /// The compiler, and node's own test runner.
    Typescript,
    /// 3.11 or later, with unittest.
    Python,
}

/// On which side of a division a desk works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Department {
    /// Decides on commands and records events.
    Cmd,
    /// Answers questions from rows.
    Qry,
    /// Projects events into rows.
    Prj,
}

/// The plan of a division, as far as its code depends on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// A slug.
    pub division_name: String,
    /// Every desk of the plan; read models find the events of the others here.
    pub desks: Vec<DeskPlan>,
}

/// The plan of one desk.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskPlan {
    /// Not part of any file.
    pub desk_id: String,
    /// In snake case; its folder is called so.
    pub desk_name: String,
    /// Picks the template.
    pub department: Department,
    /// What it decides over, or what its rows are about.
    pub aggregate_name: Option<String>,
    /// In the words of the plan, whatever they are.
    pub description: Option<String>,
    /// Which facts it hears.
    pub inboxes: Vec<String>,
    /// What it does by itself.
    pub policies: Vec<String>,
    /// How its events leave.
    pub emitters: Vec<String>,
    /// What it records; where none is planned, one is derived from the desk's name.
    pub events: Vec<EventPlan>,
}

/// The plan of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPlan {
    /// With its version: `order_placed_v1`.
    pub event_name: String,
    /// What it tells.
    pub payload_fields: Vec<Field>,
}

/// One field of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// In snake case.
    pub name: String,
    /// In the words of the plan; what is not known is taken as text.
    pub r#type: String,
    /// Whether every such event has it.
    pub required: bool,
}

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// From the project's root, with `/` between folders; no part is empty, `.` or `..`.
    pub path: String,
    /// Ends with a newline.
    pub text: String,
}

/// Nothing of this name can be generated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownTemplate {
    /// No set is called so.
    #[error("there is no set of templates called `{0}`")]
    Set(String),
    /// The set has no template of this name.
    #[error("there is no template called `{0}`")]
    Template(String),
}

impl Language {
    /// All six.
    pub const ALL: [Language; 6] = [
        Language::Rust,
        Language::Erlang,
        Language::Elixir,
        Language::Go,
        Language::Typescript,
        Language::Python,
    ];
}

impl Department {
    /// All three.
    pub const ALL: [Department; 3] = [Department::Cmd, Department::Qry, Department::Prj];

    /// As plans, commands and templates call it.
    pub fn name(self) -> &'static str {
        match self {
            Department::Cmd => "cmd",
            Department::Qry => "qry",
            Department::Prj => "prj",
        }
    }
}
