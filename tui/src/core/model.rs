//! Everything the terminal knows. Views read it, `update` changes it, nobody else does.

use super::{
    board::Board, chat::Chat, command_line::CommandLine, form::Form, keymap::Place, link::Link,
    message::SubmissionId, observer::Observer,
};
use hecate_proto::catalogue::{Catalogue, DeskSheet};

/// The whole state of the terminal.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Which screen is up.
    pub screen: Screen,
    /// Cells in a row, and rows.
    pub size: (u16, u16),
    /// The conversation with a model.
    pub chat: Chat,
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
    /// A page to read.
    Page(Page),
    /// What can be done with a venture.
    Menu(Menu),
    /// A form.
    Form(Box<Form>),
}

/// A page to read.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What it is about.
    pub topic: Topic,
    /// Scrolled down by so many lines.
    pub scroll: u16,
}

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The models and how they are.
    Models,
    /// The roles and what they cost.
    Roles,
    /// The personality.
    Personality,
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
            (_, Some(Overlay::Help(_) | Overlay::Page(_)), _) => Place::Help,
            (_, Some(Overlay::Menu(_)), _) => Place::Menu,
            (_, Some(Overlay::Form(_)), _) => Place::Form,
            (_, None, Screen::Chat) if self.chat.inserting => Place::Insert,
            (_, None, Screen::Chat) => Place::Chat,
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
