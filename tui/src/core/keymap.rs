//! The live keymap. Help is printed from this table, so it cannot disagree with what the keys do.

use super::key::{Code, Key};

/// Where a binding holds. A place falls back on [`Place::Normal`] when it is a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Every screen.
    Normal,
    /// The chat screen.
    Chat,
    /// The composer of the chat screen.
    Insert,
    /// The board of ventures.
    Board,
    /// The live supervision tree.
    Observer,
    /// The action menu of a venture.
    Menu,
    /// A form.
    Form,
    /// The command line.
    Command,
    /// The help page.
    Help,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the terminal.
    Quit,
    /// Stop an answer that is under way, else leave.
    Interrupt,
    /// Begin to write.
    Write,
    /// Send what is written.
    Send,
    /// Begin a new line.
    NewLine,
    /// Stop the answer that is under way.
    Stop,
    /// Ask the last question again.
    Retry,
    /// Show or hide what models thought.
    ToggleThoughts,
    /// The next model.
    NextModel,
    /// The model before.
    PreviousModel,
    /// Hand the terminal back to the shell for a while.
    Suspend,
    /// Open the chat screen.
    ShowChat,
    /// Open the board.
    ShowBoard,
    /// Open the observer.
    ShowObserver,
    /// Open the help page.
    ShowHelp,
    /// Open the command line.
    OpenCommand,
    /// Open the form of the desk that gives birth to a venture.
    NewVenture,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// Ten rows down.
    PageDown,
    /// Ten rows up.
    PageUp,
    /// First row.
    Top,
    /// Last row.
    Bottom,
    /// Open what is under the cursor.
    Open,
    /// Show or hide what is archived.
    ToggleArchived,
    /// Close the overlay.
    Back,
    /// Next field.
    NextField,
    /// Previous field.
    PreviousField,
    /// Enter inside a field: a new line, the next field, or the end of the form.
    Accept,
    /// Send the form.
    Submit,
    /// Next choice, or the cursor rightwards.
    Right,
    /// Previous choice, or the cursor leftwards.
    Left,
    /// Complete the command.
    Complete,
    /// Run the command.
    Run,
}

/// One line of the keymap.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub place: Place,
    /// The key.
    pub key: Key,
    /// What it does.
    pub action: Action,
    /// What it does, for people; empty for a second key of the same action.
    pub says: &'static str,
}

const fn on(place: Place, key: Key, action: Action, says: &'static str) -> Binding {
    Binding { place, key, action, says }
}
const fn letter(letter: char) -> Key {
    Key::plain(Code::Char(letter))
}
const fn code(code: Code) -> Key {
    Key::plain(code)
}

/// Every binding, in the order in which help shows them.
pub const BINDINGS: &[Binding] = &[
    on(Place::Normal, letter('1'), Action::ShowChat, "chat"),
    on(Place::Normal, letter('2'), Action::ShowBoard, "board of ventures"),
    on(Place::Normal, letter('3'), Action::ShowObserver, "observer: the daemon's live supervision tree"),
    on(Place::Normal, letter('n'), Action::NewVenture, "set a new venture up"),
    on(Place::Normal, letter(':'), Action::OpenCommand, "command line"),
    on(Place::Normal, letter('?'), Action::ShowHelp, "this help"),
    on(Place::Normal, letter('q'), Action::Quit, "quit"),
    on(Place::Normal, Key::ctrl('c'), Action::Interrupt, "stop an answer, else quit"),
    on(Place::Normal, Key::ctrl('z'), Action::Suspend, "suspend to the shell"),
    on(Place::Chat, letter('i'), Action::Write, "write"),
    on(Place::Chat, code(Code::Enter), Action::Write, ""),
    on(Place::Chat, code(Code::Tab), Action::NextModel, "next model"),
    on(Place::Chat, code(Code::BackTab), Action::PreviousModel, "previous model"),
    on(Place::Chat, code(Code::Esc), Action::Stop, "stop the answer; what came stays"),
    on(Place::Chat, letter('r'), Action::Retry, "ask the last question again"),
    on(Place::Chat, letter('t'), Action::ToggleThoughts, "unfold or fold thoughts"),
    on(Place::Chat, letter('j'), Action::Down, "a line down"),
    on(Place::Chat, code(Code::Down), Action::Down, ""),
    on(Place::Chat, letter('k'), Action::Up, "a line up"),
    on(Place::Chat, code(Code::Up), Action::Up, ""),
    on(Place::Chat, Key::ctrl('d'), Action::PageDown, "half a page down"),
    on(Place::Chat, code(Code::PageDown), Action::PageDown, ""),
    on(Place::Chat, Key::ctrl('u'), Action::PageUp, "half a page up"),
    on(Place::Chat, code(Code::PageUp), Action::PageUp, ""),
    on(Place::Chat, letter('g'), Action::Top, "the beginning"),
    on(Place::Chat, letter('G'), Action::Bottom, "the end, and follow it"),
    on(Place::Insert, code(Code::Enter), Action::Send, "send"),
    on(Place::Insert, code(Code::AltEnter), Action::NewLine, "new line"),
    on(Place::Insert, Key::ctrl('j'), Action::NewLine, ""),
    on(Place::Insert, code(Code::Up), Action::Up, "line above, or the prompt before"),
    on(Place::Insert, code(Code::Down), Action::Down, "line below, or the prompt after"),
    on(Place::Insert, code(Code::PageUp), Action::PageUp, "scroll up"),
    on(Place::Insert, code(Code::PageDown), Action::PageDown, "scroll down"),
    on(Place::Insert, Key::ctrl('c'), Action::Interrupt, "stop the answer, else leave the composer"),
    on(Place::Insert, code(Code::Esc), Action::Back, "leave the composer; the draft stays"),
    on(Place::Insert, Key::ctrl('z'), Action::Suspend, "suspend to the shell"),
    on(Place::Board, letter('j'), Action::Down, "next venture"),
    on(Place::Board, code(Code::Down), Action::Down, ""),
    on(Place::Board, letter('k'), Action::Up, "previous venture"),
    on(Place::Board, code(Code::Up), Action::Up, ""),
    on(Place::Board, letter('g'), Action::Top, "first venture"),
    on(Place::Board, letter('G'), Action::Bottom, "last venture"),
    on(Place::Board, code(Code::PageDown), Action::PageDown, "ten down"),
    on(Place::Board, code(Code::PageUp), Action::PageUp, "ten up"),
    on(Place::Board, code(Code::Enter), Action::Open, "what can be done with this venture"),
    on(Place::Board, letter('e'), Action::Open, ""),
    on(Place::Board, letter('a'), Action::ToggleArchived, "show or hide archived ventures"),
    on(Place::Observer, letter('j'), Action::Down, "next actor"),
    on(Place::Observer, code(Code::Down), Action::Down, ""),
    on(Place::Observer, letter('k'), Action::Up, "previous actor"),
    on(Place::Observer, code(Code::Up), Action::Up, ""),
    on(Place::Observer, letter('g'), Action::Top, "the root"),
    on(Place::Observer, letter('G'), Action::Bottom, "the last actor"),
    on(Place::Observer, code(Code::PageDown), Action::PageDown, "ten down"),
    on(Place::Observer, code(Code::PageUp), Action::PageUp, "ten up"),
    on(Place::Menu, letter('j'), Action::Down, "next action"),
    on(Place::Menu, code(Code::Down), Action::Down, ""),
    on(Place::Menu, letter('k'), Action::Up, "previous action"),
    on(Place::Menu, code(Code::Up), Action::Up, ""),
    on(Place::Menu, code(Code::Enter), Action::Open, "open its form"),
    on(Place::Menu, code(Code::Esc), Action::Back, "close"),
    on(Place::Menu, letter('q'), Action::Back, ""),
    on(Place::Menu, Key::ctrl('c'), Action::Back, ""),
    on(Place::Form, code(Code::Tab), Action::NextField, "next field"),
    on(Place::Form, code(Code::BackTab), Action::PreviousField, "previous field"),
    on(Place::Form, code(Code::Down), Action::Down, ""),
    on(Place::Form, code(Code::Up), Action::Up, ""),
    on(Place::Form, code(Code::Right), Action::Right, "next choice"),
    on(Place::Form, code(Code::Left), Action::Left, "previous choice"),
    on(Place::Form, code(Code::Enter), Action::Accept, "next field, or a new line in a tall field"),
    on(Place::Form, Key::ctrl('s'), Action::Submit, "send"),
    on(Place::Form, code(Code::Esc), Action::Back, "leave; twice when something is typed"),
    on(Place::Form, Key::ctrl('c'), Action::Back, ""),
    on(Place::Form, Key::ctrl('z'), Action::Suspend, "suspend to the shell"),
    on(Place::Command, code(Code::Tab), Action::Complete, "complete"),
    on(Place::Command, code(Code::Enter), Action::Run, "run"),
    on(Place::Command, code(Code::Esc), Action::Back, "close"),
    on(Place::Command, Key::ctrl('c'), Action::Back, ""),
    on(Place::Help, letter('j'), Action::Down, "scroll down"),
    on(Place::Help, code(Code::Down), Action::Down, ""),
    on(Place::Help, letter('k'), Action::Up, "scroll up"),
    on(Place::Help, code(Code::Up), Action::Up, ""),
    on(Place::Help, code(Code::Esc), Action::Back, "close"),
    on(Place::Help, letter('q'), Action::Back, ""),
    on(Place::Help, letter('?'), Action::Back, ""),
    on(Place::Help, Key::ctrl('c'), Action::Back, ""),
];

impl Place {
    /// Its heading on the help page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Normal => "Everywhere",
            Self::Chat => "Chat",
            Self::Insert => "Chat, writing",
            Self::Board => "Board",
            Self::Observer => "Observer",
            Self::Menu => "Action menu",
            Self::Form => "Form",
            Self::Command => "Command line",
            Self::Help => "Help",
        }
    }

    fn is_screen(self) -> bool {
        matches!(self, Self::Normal | Self::Chat | Self::Board | Self::Observer)
    }
}

/// What `key` does at `place`.
pub fn action(place: Place, key: Key) -> Option<Action> {
    let bound = |at: Place| BINDINGS.iter().find(|it| it.place == at && it.key == key);
    let fallback = || place.is_screen().then(|| bound(Place::Normal)).flatten();
    bound(place).or_else(fallback).map(|it| it.action)
}

/// The keys that do `action` at `place`, for people: `j / Down`.
pub fn keys_of(place: Place, action: Action) -> String {
    let bound = BINDINGS.iter().filter(|it| it.place == place && it.action == action);
    bound.map(|it| it.key.to_string()).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_at_one_place() {
        for (at, one) in BINDINGS.iter().enumerate() {
            let twin = BINDINGS[at + 1..].iter().find(|it| it.place == one.place && it.key == one.key);
            assert!(twin.is_none(), "{:?} is bound twice at {:?}", one.key, one.place);
        }
    }

    #[test]
    fn no_screen_hides_a_key_that_holds_everywhere() {
        for one in BINDINGS.iter().filter(|it| it.place.is_screen() && it.place != Place::Normal) {
            let hidden = BINDINGS.iter().any(|it| it.place == Place::Normal && it.key == one.key);
            assert!(!hidden, "{} at {:?} hides a general key", one.key, one.place);
        }
    }

    #[test]
    fn every_overlay_can_be_left() {
        for place in [Place::Insert, Place::Menu, Place::Form, Place::Command, Place::Help] {
            assert_eq!(action(place, Key::plain(Code::Esc)), Some(Action::Back));
        }
    }
}
