//! The command line: the screens, the chat's commands, and every desk of the catalogue as `:noun verb`.

use super::{chat, model::Model, text_input::TextInput};
use hecate_proto::catalogue::DeskSheet;

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Leave the terminal.
    Quit,
    /// Open the help page.
    Help,
    /// Open the chat screen.
    Chat,
    /// Open the board.
    Board,
    /// Open the observer.
    Observer,
    /// Begin a new conversation.
    NewChat,
    /// List the models.
    Models,
    /// Ask this model from now on.
    UseModel(String),
    /// List the roles and what they cost.
    Roles,
    /// Play this role from now on.
    UseRole(String),
    /// Show the personality.
    Personality,
    /// Open a desk's form.
    Desk(Box<DeskSheet>),
    /// Panic on purpose, to see that the terminal comes back. Debug builds only.
    #[cfg(debug_assertions)]
    Crash,
}

/// A command by its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// What is typed.
    pub name: String,
    /// What it does, for people.
    pub says: String,
    /// What it does.
    pub command: Command,
}

/// The command line while it is open.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// What is typed.
    pub input: TextInput,
    completing: Option<(String, usize)>,
}

/// Every command, completion order: the screens, the chat's own, the desks as the catalogue lists them, then
/// models and roles by name.
pub fn commands(model: &Model) -> Vec<Named> {
    let own = |name: &str, says: &str, command| Named { name: name.into(), says: says.into(), command };
    let mut all = vec![
        own("board", "board of ventures", Command::Board),
        own("chat", "chat", Command::Chat),
        own("help", "every key and command", Command::Help),
        own("models", "every model; `:model NAME` asks one from now on", Command::Models),
        own("new", "begin a new conversation", Command::NewChat),
        own("observer", "the daemon's live supervision tree", Command::Observer),
        own("personality", "what every question begins with", Command::Personality),
        own("quit", "quit", Command::Quit),
        own("roles", "every role and its cost; `:role NAME` plays one", Command::Roles),
        #[cfg(debug_assertions)]
        own("crash", "panic on purpose (debug builds)", Command::Crash),
    ];
    let desks = model.catalogue.as_ref().map(|it| it.desks.as_slice()).unwrap_or_default();
    all.extend(desks.iter().map(|desk| Named {
        name: format!("{} {}", desk.noun, desk.verb),
        says: desk.says.clone(),
        command: Command::Desk(Box::new(desk.clone())),
    }));
    let models = model.chat.models.list.iter().map(chat::id);
    all.extend(models.map(|id| own(&format!("model {id}"), "", Command::UseModel(id))));
    let roles = model.chat.prompts.roles.iter().map(|it| it.name.clone());
    all.extend(
        roles.chain(["none".to_owned()]).map(|role| own(&format!("role {role}"), "", Command::UseRole(role))),
    );
    all
}

/// The commands that fit what is typed: by the start of the name, or of a desk's verb alone.
pub fn matching<'a>(all: &'a [Named], typed: &str) -> Vec<&'a Named> {
    let typed = typed.trim_start();
    let fits = |it: &&Named| it.name.starts_with(typed) || it.verb().starts_with(typed);
    all.iter().filter(fits).collect()
}

/// The command that is meant: its name in full, its verb in full, or the only one that fits.
pub fn meant(all: &[Named], typed: &str) -> Option<Command> {
    let typed = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if typed.is_empty() {
        return None;
    }
    let exact = all.iter().find(|it| it.name == typed);
    let by_verb = || only(all.iter().filter(|it| it.verb() == typed));
    let by_start = || only(matching(all, &typed).into_iter());
    let named = exact.or_else(by_verb).or_else(by_start).map(|it| it.command.clone());
    named.or_else(|| by_name(&typed))
}

fn only<'a>(mut named: impl Iterator<Item = &'a Named>) -> Option<&'a Named> {
    let first = named.next()?;
    named.next().is_none().then_some(first)
}

/// A model or a role by a name that is not in the lists: whoever has the lists says so.
fn by_name(typed: &str) -> Option<Command> {
    match typed.split_once(' ')? {
        ("model", name) => Some(Command::UseModel(name.to_owned())),
        ("role", name) => Some(Command::UseRole(name.to_owned())),
        _ => None,
    }
}

impl Named {
    /// The part by which it may be called alone: a desk's verb.
    fn verb(&self) -> &str {
        match &self.command {
            Command::Desk(desk) => &desk.verb,
            _ => &self.name,
        }
    }
}

impl CommandLine {
    /// Goes to the next completion of what was typed.
    pub fn complete(&mut self, all: &[Named]) {
        let (typed, turn) = self.completing.take().unwrap_or_else(|| (self.input.text().to_owned(), 0));
        let fitting = matching(all, &typed);
        if let Some(named) = fitting.get(turn % fitting.len().max(1)) {
            self.input.set(&named.name);
        }
        self.completing = Some((typed, turn + 1));
    }

    /// What completion goes by: what was typed before the first Tab.
    pub fn typed(&self) -> &str {
        self.completing.as_ref().map_or(self.input.text(), |(typed, _)| typed)
    }

    /// Typing ends a completion.
    pub fn edited(&mut self) {
        self.completing = None;
    }
}
