//! Meanings, not colours: views ask for "dim" or "bad", and the theme knows what the terminal can show.

use crate::core::markdown::Ink;
use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
    symbols::border,
    widgets::{Block, Padding},
};

/// What the terminal can and may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// False when `NO_COLOR` is set.
    pub colour: bool,
    /// True when only ASCII may be drawn.
    pub ascii: bool,
}

/// How our own glyphs look in ASCII; everything else becomes a question mark.
const IN_ASCII: &[(&str, &str)] = &[
    ("╭", "+"),
    ("╮", "+"),
    ("╰", "+"),
    ("╯", "+"),
    ("│", "|"),
    ("─", "-"),
    ("–", "-"),
    ("·", "-"),
    ("●", "*"),
    ("•", "*"),
    ("‹", "<"),
    ("›", ">"),
    ("…", "~"),
    ("┼", "+"),
    ("▎", "|"),
    ("◦", "o"),
    ("▪", "+"),
    ("☐", "."),
    ("☑", "x"),
    ("▸", ">"),
    ("▾", "v"),
    ("↓", "v"),
];

impl Theme {
    fn style(&self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colour { style.fg(colour) } else { style }
    }

    /// The house's own colour: where you are.
    pub fn accent(&self) -> Style {
        self.style(Color::Cyan, Modifier::BOLD)
    }

    /// Names of things.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What may be overlooked.
    pub fn dim(&self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// It works.
    pub fn good(&self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    /// It may not work for long.
    pub fn warning(&self) -> Style {
        self.style(Color::Yellow, Modifier::empty())
    }

    /// It does not work.
    pub fn bad(&self) -> Style {
        self.style(Color::Red, Modifier::BOLD)
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// How an ink looks.
    pub fn ink(&self, ink: Ink) -> Style {
        let code = self.style(Color::Green, Modifier::empty());
        let link = self.style(Color::Cyan, Modifier::UNDERLINED);
        let looks = [
            (Ink::STRONG, self.strong()),
            (Ink::EMPHASIS, Style::new().add_modifier(Modifier::ITALIC)),
            (Ink::STRUCK, Style::new().add_modifier(Modifier::CROSSED_OUT)),
            (Ink::CODE, code),
            (Ink::LINK, link),
            (Ink::HEADING, self.accent()),
            (Ink::QUIET, self.dim()),
            (Ink::BAD, self.bad()),
        ];
        let worn = looks.into_iter().filter(|(part, _)| ink.has(*part));
        worn.fold(Style::new(), |style, (_, look)| style.patch(look))
    }

    /// The last pass over a frame: where only ASCII may be drawn, nothing else is left.
    pub fn finish(&self, buffer: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
            let known = IN_ASCII.iter().find(|(glyph, _)| *glyph == cell.symbol());
            cell.set_symbol(known.map_or("?", |(_, ascii)| ascii));
        }
    }

    /// A titled box.
    pub fn block<'t>(&self, title: impl Into<String>) -> Block<'t> {
        Block::bordered()
            .border_set(border::ROUNDED)
            .border_style(self.dim())
            .title(format!(" {} ", title.into()))
            .title_style(self.accent())
            .padding(Padding::horizontal(1))
    }
}
