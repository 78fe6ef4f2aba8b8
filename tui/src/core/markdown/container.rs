//! What a block stands in: quotes and list items, and the margin that they draw to its left.

use super::{block::Margin, leaf};
use std::rc::Rc;

/// How deep blocks may be nested; a deeper marker is text.
pub(super) const DEPTH_MAX: usize = 32;

/// A quote or a list item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Quote,
    Item {
        /// Columns from the container's start to its content.
        content: usize,
        /// What is drawn before its first line.
        marker: Rc<str>,
        /// Whether the marker was drawn.
        drawn: bool,
    },
}

/// Containers from the outermost inwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Containers(Vec<Container>);

impl Containers {
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether the innermost container is a list item.
    pub(super) fn in_item(&self) -> bool {
        matches!(self.0.last(), Some(Container::Item { .. }))
    }

    /// Whether an item waits for its first block.
    pub(super) fn begins_item(&self) -> bool {
        self.0.iter().any(|it| matches!(it, Container::Item { drawn: false, .. }))
    }

    /// How many containers the line goes on with, and what is left of it inside them.
    pub(super) fn matched<'l>(&self, line: &'l str) -> (usize, &'l str) {
        let mut rest = line;
        for (depth, container) in self.0.iter().enumerate() {
            let indent = leaf::indent(rest);
            match container {
                Container::Quote if indent <= 3 && rest[indent..].starts_with('>') => {
                    rest = after_quote(&rest[indent..])
                }
                Container::Item { content, .. } if indent >= *content => rest = &rest[*content..],
                Container::Item { .. } if indent == rest.len() => rest = "",
                _ => return (depth, rest),
            }
        }
        (self.0.len(), rest)
    }

    /// Leaves everything deeper than `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    pub(super) fn enter_quote(&mut self) {
        self.0.push(Container::Quote);
    }

    /// Enters an item whose content begins `content` columns inwards.
    pub(super) fn enter_item(&mut self, content: usize, ordered: Option<&str>, task: Option<bool>) {
        const BULLETS: [&str; 3] = ["•", "◦", "▪"];
        let outer = self.0.iter().filter(|it| matches!(it, Container::Item { .. })).count();
        let marker = match (ordered, task) {
            (_, Some(true)) => "☑ ".into(),
            (_, Some(false)) => "☐ ".into(),
            (Some(number), None) => format!("{number} ").into(),
            (None, None) => format!("{} ", BULLETS[outer % BULLETS.len()]).into(),
        };
        self.0.push(Container::Item { content, marker, drawn: false });
    }

    /// The margin of a block that begins here; markers are drawn once.
    pub(super) fn margin(&mut self) -> Margin {
        let (mut first, mut rest) = (String::new(), String::new());
        for container in &mut self.0 {
            let Container::Item { marker, drawn, .. } = container else {
                first.push_str("▎ ");
                rest.push_str("▎ ");
                continue;
            };
            let blank = " ".repeat(marker.chars().count());
            first.push_str(if std::mem::replace(drawn, true) { &blank } else { marker });
            rest.push_str(&blank);
        }
        Margin::new(&first, &rest)
    }
}

/// What follows a quote's sign.
pub(super) fn after_quote(line: &str) -> &str {
    let rest = line.strip_prefix('>').unwrap_or(line);
    rest.strip_prefix(' ').unwrap_or(rest)
}
