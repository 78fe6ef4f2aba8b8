//! The place where a prompt is written, and the prompts of before.

use crate::core::{key::Key, text_input::TextInput};
use std::borrow::Cow;

/// Prompts that are remembered.
pub const PROMPTS_MAX: usize = 1_000;

/// A prompt being written.
#[derive(Clone, Debug, Default)]
pub struct Composer {
    /// What is written.
    pub input: TextInput,
    history: Vec<String>,
    /// Which prompt of before is shown, and the draft that waits meanwhile: until it is sent or cleared.
    recalled: Option<(usize, String)>,
}

impl Composer {
    /// Takes an editing key.
    pub fn press(&mut self, key: Key) {
        self.input.press(key);
    }

    /// Inserts text; false when it is too much.
    pub fn insert(&mut self, text: &str) -> bool {
        self.input.insert(text, true)
    }

    /// A line up or down inside the text; at its edge, the prompt before or after.
    pub fn step(&mut self, down: bool) {
        if self.input.move_line(down) {
            return;
        }
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let next = if down { at + 1 } else { at.wrapping_sub(1) };
        if let Some(prompt) = self.history.get(next) {
            let draft = self.recalled.take().map_or_else(|| self.input.text().to_owned(), |(_, draft)| draft);
            self.input.set(prompt);
            self.recalled = Some((next, draft));
        } else if let Some((_, draft)) = self.recalled.take_if(|_| down) {
            self.input.set(&draft);
        }
    }

    /// What must not be lost: the draft, and behind it what was made of a prompt of before.
    pub fn unsent(&self) -> Cow<'_, str> {
        let shown = self.input.text();
        match &self.recalled {
            None => shown.into(),
            Some((_, draft)) if shown.is_empty() => draft.into(),
            Some((at, draft)) if self.history.get(*at).is_some_and(|prompt| prompt == shown) => draft.into(),
            Some((_, draft)) if draft.is_empty() => shown.into(),
            Some((_, draft)) => format!("{draft}\n\n{shown}").into(),
        }
    }

    /// Takes what is shown, if it is anything, and remembers it. A draft that waited is shown again.
    pub fn take(&mut self) -> Option<String> {
        if self.input.text().trim().is_empty() {
            return None;
        }
        let text = std::mem::take(&mut self.input).text().to_owned();
        if let Some((_, draft)) = self.recalled.take() {
            self.input.set(&draft);
        }
        self.remember(text.clone());
        Some(text)
    }

    fn remember(&mut self, prompt: String) {
        if self.history.last() != Some(&prompt) {
            self.history.push(prompt);
        }
        let surplus = self.history.len().saturating_sub(PROMPTS_MAX);
        self.history.drain(..surplus);
    }

    /// What an earlier terminal left behind; what was written meanwhile stays behind it.
    pub fn restore(&mut self, draft: &str, prompts: Vec<String>) {
        let written = self.unsent().into_owned();
        self.recalled = None;
        let later = std::mem::replace(&mut self.history, prompts);
        later.into_iter().for_each(|prompt| self.remember(prompt));
        self.input.set(draft);
        self.input.insert(&written, true);
    }
}
