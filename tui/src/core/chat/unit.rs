//! A block with its place in the transcript, and its lines while they are kept.

use crate::core::markdown::{Block, Ink, Line};

/// One block of the transcript.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    block: Block,
    voice: Voice,
    lines: Option<Box<[Line]>>,
    rows: usize,
    /// The width at which `rows` is true; 0 when it was never measured.
    width: u16,
}

/// Whose block it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Said aloud.
    Aloud,
    /// Thought by a model: hidden while thoughts are folded.
    Thought,
    /// The line that thoughts are folded into.
    Fold,
}

impl Unit {
    pub(super) fn new(block: Block, voice: Voice) -> Self {
        Self { block, voice, lines: None, rows: 1, width: 0 }
    }

    /// Rows that it takes, as far as it was measured.
    pub(super) fn rows(&self, unfolded: bool) -> usize {
        if self.voice == Voice::Thought && !unfolded { 0 } else { self.rows }
    }

    pub(super) fn is_measured(&self, width: u16) -> bool {
        self.width == width
    }

    /// Bytes of text that drawing it has to read.
    pub(super) fn source_bytes(&self) -> usize {
        self.block.source.len()
    }

    pub(super) fn lines(&self) -> &[Line] {
        self.lines.as_deref().unwrap_or_default()
    }

    pub(super) fn weight_bytes(&self) -> usize {
        self.lines().iter().map(Line::weight_bytes).sum()
    }

    /// Lets go of its lines; how many they were is kept.
    pub(super) fn forget(&mut self) {
        self.lines = None;
    }

    /// Sees to it that its lines are there, drawn for this width; true when they had to be drawn.
    pub(super) fn draw(&mut self, width: u16, unfolded: bool) -> bool {
        if self.lines.is_some() && self.width == width {
            return false;
        }
        let mut lines = match self.voice {
            Voice::Fold if unfolded => Block::plain(false, Ink::QUIET, "▾ thoughts").lines(width.into()),
            Voice::Fold => Block::plain(false, Ink::QUIET, "▸ thoughts, t unfolds them").lines(width.into()),
            Voice::Aloud | Voice::Thought => self.block.lines(width.into()),
        };
        if self.voice == Voice::Thought {
            let runs = lines.iter_mut().flat_map(|line| line.runs.iter_mut());
            runs.for_each(|run| run.ink = run.ink.with(Ink::QUIET));
        }
        if self.block.gap {
            lines.insert(0, Line { text: "".into(), runs: Box::default(), at: 0 });
        }
        self.rows = lines.len();
        self.width = width;
        self.lines = Some(lines.into_boxed_slice());
        true
    }

    /// What its line says depends on whether thoughts are folded.
    pub(super) fn refold(&mut self) {
        if self.voice == Voice::Fold {
            self.width = 0;
        }
    }

    /// The line that shows the same text as the one that began at `at`.
    pub(super) fn line_at(&self, at: u32) -> usize {
        self.lines().partition_point(|line| line.at <= at).saturating_sub(1)
    }
}
