//! Everything the terminal knows. Views read it, `update` changes it, nobody else does.

use super::{
    board::Board, command_line::CommandLine, form::Form, keymap::Place, link::Link, message::SubmissionId,
    observer::Observer,
};
use hecate_proto::catalogue::{Catalogue, DeskSheet};

/// The whole state of the terminal.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Which screen is up.
    pub screen: Screen,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// The command line, while it is open.
    pub command: Option<CommandLine>,
    /// The connection.
    pub link: Link,
    /// What the daemon can do, once it has said so.
    pub catalogue: Option<Catalogue>,
    /// The ventures.
    pub board: Board,
    /// The supervision tree.
    pub observer: Observer,
    /// One line of news.
    pub notice: Option<Notice>,
    /// A form for a new venture was asked for before the daemon said what it asks; it opens then.
    pub birth_wanted: bool,
    /// Submissions begun so far; each has its own number.
    pub submissions: SubmissionId,
}

/// Which screen is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Chat.
    #[default]
    Chat,
    /// The board of ventures.
    Board,
    /// The supervision tree.
    Observer,
}

/// What lies over the screen.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The help page, scrolled down by so many lines.
    Help(u16),
    /// What can be done with a venture.
    Menu(Menu),
    /// A form.
    Form(Box<Form>),
}

/// What can be done with a venture.
#[derive(Clone, Debug)]
pub struct Menu {
    /// Whose menu.
    pub title: String,
    /// Desks that are open.
    pub desks: Vec<DeskSheet>,
    /// The one under the cursor.
    pub selected: usize,
}

/// One line of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Good or bad.
    pub tone: Tone,
    /// What.
    pub says: String,
}

/// How a piece of news is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// It did not.
    Bad,
}

impl Model {
    /// Where the keys go.
    pub fn place(&self) -> Place {
        match (&self.command, &self.overlay, self.screen) {
            (Some(_), ..) => Place::Command,
            (_, Some(Overlay::Help(_)), _) => Place::Help,
            (_, Some(Overlay::Menu(_)), _) => Place::Menu,
            (_, Some(Overlay::Form(_)), _) => Place::Form,
            (_, None, Screen::Chat) => Place::Normal,
            (_, None, Screen::Board) => Place::Board,
            (_, None, Screen::Observer) => Place::Observer,
        }
    }

    /// Good news.
    pub fn good(&mut self, says: impl Into<String>) {
        self.notice = Some(Notice { tone: Tone::Good, says: says.into() });
    }

    /// Bad news.
    pub fn bad(&mut self, says: impl Into<String>) {
        self.notice = Some(Notice { tone: Tone::Bad, says: says.into() });
    }
}
