//! The place where a prompt is written, and the prompts of before.

use crate::core::{key::Key, text_input::TextInput};

/// Prompts that are remembered.
pub const PROMPTS_MAX: usize = 1_000;

/// A prompt being written.
#[derive(Clone, Debug, Default)]
pub struct Composer {
    /// What is written.
    pub input: TextInput,
    history: Vec<String>,
    /// Which prompt of before is shown, and what was being written when that began.
    recalled: Option<(usize, String)>,
}

impl Composer {
    /// Takes an editing key.
    pub fn press(&mut self, key: Key) {
        if self.input.press(key) {
            self.recalled = None;
        }
    }

    /// Inserts text; false when it is too much.
    pub fn insert(&mut self, text: &str) -> bool {
        self.recalled = None;
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

    /// Takes what is written, if it is anything, and remembers it.
    pub fn take(&mut self) -> Option<String> {
        if self.input.text().trim().is_empty() {
            return None;
        }
        let text = std::mem::take(&mut self.input).text().to_owned();
        self.recalled = None;
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
        let later = std::mem::replace(&mut self.history, prompts);
        later.into_iter().for_each(|prompt| self.remember(prompt));
        let written = self.input.text().to_owned();
        self.input.set(draft);
        self.input.insert(&written, true);
    }
}
