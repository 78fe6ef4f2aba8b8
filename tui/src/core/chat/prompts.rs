//! What every question begins with: a personality, and the role that the model plays. Both are files.

use hecate_proto::llm::{ChatMessage, Role};

/// Bytes of a token, roughly, for a rough count.
const TOKEN_BYTES: usize = 4;

/// The personality and the roles, as their files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    /// The folder where they are looked for.
    pub folder: String,
    /// `personality.md`.
    pub personality: Option<String>,
    /// `roles/NAME.md`, by name.
    pub roles: Vec<RolePrompt>,
    /// Files that could not be read, and why.
    pub troubles: Vec<String>,
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePrompt {
    /// The file's name without its ending.
    pub name: String,
    /// What the model is told.
    pub text: String,
}

impl Prompts {
    /// The role of this name.
    pub fn role(&self, name: &str) -> Option<&RolePrompt> {
        self.roles.iter().find(|it| it.name == name)
    }

    /// The system messages: the personality, then the role.
    pub fn messages(&self, role: Option<&str>) -> Vec<ChatMessage> {
        let role = role.and_then(|name| self.role(name)).map(|it| &it.text);
        let texts = self.personality.iter().chain(role).filter(|text| !text.trim().is_empty());
        texts.map(|text| ChatMessage::text(Role::System, text.as_str())).collect()
    }
}

/// How many tokens a text costs, roughly.
pub fn tokens(text: &str) -> usize {
    text.len().div_ceil(TOKEN_BYTES)
}
