//! Text with a manner of writing, as compact as memory asks: one string and runs over it.

/// How letters are meant, a set of flags. What they look like is the theme's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ink(u8);

impl Ink {
    /// Nothing special.
    pub const PLAIN: Self = Self(0);
    /// Strong emphasis.
    pub const STRONG: Self = Self(1);
    /// Emphasis.
    pub const EMPHASIS: Self = Self(1 << 1);
    /// No longer valid.
    pub const STRUCK: Self = Self(1 << 2);
    /// Code.
    pub const CODE: Self = Self(1 << 3);
    /// Leads somewhere.
    pub const LINK: Self = Self(1 << 4);
    /// A heading.
    pub const HEADING: Self = Self(1 << 5);
    /// May be overlooked.
    pub const QUIET: Self = Self(1 << 6);
    /// Something went wrong.
    pub const BAD: Self = Self(1 << 7);

    /// Both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The first without the second.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all flags of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// So many bytes in one ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Bytes of text.
    pub bytes: u32,
    /// Their ink.
    pub ink: Ink,
}

/// One line of cells, as wide as it was asked to be or less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text.
    pub text: Box<str>,
    /// Its inks, in order, over the whole text.
    pub runs: Box<[Run]>,
    /// Where in its block the line begins, in bytes of drawn text. It means the same at every width.
    pub at: u32,
}

impl Line {
    /// Bytes of memory, roughly.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.runs.len() * size_of::<Run>()
    }
}

/// Text with inks, not yet broken into lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flat {
    text: String,
    runs: Vec<Run>,
}

impl Flat {
    /// Text in one ink.
    pub fn of(text: &str, ink: Ink) -> Self {
        let mut flat = Self::default();
        flat.push(text, ink);
        flat
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends text.
    pub fn push(&mut self, text: &str, ink: Ink) {
        let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        match self.runs.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.ink == ink => last.bytes += bytes,
            _ => self.runs.push(Run { bytes, ink }),
        }
    }

    /// Appends a part of another text.
    pub fn push_slice(&mut self, other: &Self, range: std::ops::Range<usize>) {
        let mut at = 0;
        for run in &other.runs {
            let end = at + run.bytes as usize;
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                self.push(&other.text[from..to], run.ink);
            }
            if end >= range.end {
                return;
            }
            at = end;
        }
    }

    /// Cuts the text off.
    pub fn truncate(&mut self, bytes: usize) {
        self.text.truncate(bytes);
        let mut left = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.runs.retain_mut(|run| {
            run.bytes = run.bytes.min(left);
            left -= run.bytes;
            run.bytes > 0
        });
    }

    /// The same text with every run in one more ink.
    pub fn inked(mut self, ink: Ink) -> Self {
        self.runs.iter_mut().for_each(|run| run.ink = run.ink.with(ink));
        self
    }

    /// As a line that begins at `at` of its block.
    pub fn into_line(self, at: usize) -> Line {
        Line {
            text: self.text.into_boxed_str(),
            runs: self.runs.into_boxed_slice(),
            at: u32::try_from(at).unwrap_or(u32::MAX),
        }
    }
}
