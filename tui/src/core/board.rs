//! The ventures, kept true by facts: a fact names what changed, its row is read again from where the fact
//! stands.

use hecate_proto::rows::VentureRow;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Rows asked for at once.
const READS_IN_FLIGHT_MAX: usize = 8;
/// More waiting rows than this and the whole list is read again instead.
const READS_WAITING_MAX: usize = 512;
/// More ventures than this are not kept; the board says so.
pub const ROWS_MAX: usize = 10_000;

/// One venture, typed for the board and raw for paths and details.
#[derive(Clone, Debug)]
pub struct Venture {
    /// Typed.
    pub row: VentureRow,
    /// As it came.
    pub raw: Map<String, Value>,
    /// Changed by a fact since the last key press.
    pub fresh: bool,
}

impl Venture {
    /// Reads a row as the daemon sends it.
    pub fn read(value: Value) -> Result<Self, String> {
        let row = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
        let raw = value.as_object().cloned().unwrap_or_default();
        Ok(Self { row, raw, fresh: false })
    }
}

/// What the board holds.
#[derive(Clone, Debug, Default)]
pub struct Board {
    rows: BTreeMap<String, Venture>,
    /// The venture under the cursor.
    pub selected: Option<String>,
    /// The venture that the cursor goes to as soon as it comes.
    pub awaited: Option<String>,
    /// Whether archived ventures are shown.
    pub show_archived: bool,
    /// True once a whole list has come.
    pub loaded: bool,
    /// More ventures exist than the board keeps.
    pub truncated: bool,
    /// Counts loads, so that pages of an older one are known.
    pub load: u64,
    loading: Option<BTreeMap<String, Venture>>,
    waiting: BTreeMap<String, u64>,
    in_flight: BTreeSet<String>,
}

impl Board {
    /// The ventures to show, newest first.
    pub fn visible(&self) -> Vec<&Venture> {
        let shown = |it: &&Venture| self.show_archived || it.row.archived_at.is_none();
        let mut rows: Vec<&Venture> = self.rows.values().filter(shown).collect();
        rows.sort_by(|one, two| {
            (&two.row.setup_at, &two.row.venture_id).cmp(&(&one.row.setup_at, &one.row.venture_id))
        });
        rows
    }

    /// How many are archived.
    pub fn archived_count(&self) -> usize {
        self.rows.values().filter(|it| it.row.archived_at.is_some()).count()
    }

    /// The venture under the cursor.
    pub fn selected(&self) -> Option<&Venture> {
        self.rows.get(self.selected.as_ref()?)
    }

    /// A venture by its id.
    pub fn get(&self, venture_id: &str) -> Option<&Venture> {
        self.rows.get(venture_id)
    }

    /// An empty board that still knows old pages from new ones.
    pub fn emptied(&self) -> Self {
        Self { load: self.load + 1, show_archived: self.show_archived, ..Self::default() }
    }

    /// Begins a fresh load of the whole list; what is shown stays until it is complete.
    pub fn begin_load(&mut self) -> u64 {
        self.load += 1;
        self.loading = Some(BTreeMap::new());
        self.waiting.clear();
        self.truncated = false;
        self.load
    }

    /// Adds a page; true when there is room for another.
    pub fn add_page(&mut self, rows: Vec<Venture>) -> bool {
        let Some(loading) = &mut self.loading else {
            return false;
        };
        rows.into_iter().for_each(|row| put(loading, row));
        self.truncated = loading.len() >= ROWS_MAX;
        !self.truncated
    }

    /// The list is complete: it is what there is.
    pub fn finish_load(&mut self) {
        if let Some(rows) = self.loading.take() {
            self.rows = rows;
            self.loaded = true;
        }
        self.keep_selection();
    }

    /// Takes one row in, unless a newer version is held.
    pub fn put(&mut self, mut venture: Venture) {
        venture.fresh = true;
        if let Some(loading) = &mut self.loading {
            put(loading, venture.clone());
        }
        if self.rows.len() < ROWS_MAX || self.rows.contains_key(&venture.row.venture_id) {
            put(&mut self.rows, venture);
        }
        self.keep_selection();
    }

    /// Takes a venture off the board.
    pub fn remove(&mut self, venture_id: &str) {
        self.rows.remove(venture_id);
        if let Some(loading) = &mut self.loading {
            loading.remove(venture_id);
        }
        self.keep_selection();
    }

    /// Moves the cursor by `rows`, as far as there are any.
    pub fn step(&mut self, rows: isize) {
        let visible = self.visible();
        let at = visible.iter().position(|it| Some(&it.row.venture_id) == self.selected.as_ref());
        let next = at.unwrap_or(0).saturating_add_signed(rows).min(visible.len().saturating_sub(1));
        self.selected = visible.get(next).map(|it| it.row.venture_id.clone());
    }

    /// The cursor stays on its venture, or goes to the first one.
    pub fn keep_selection(&mut self) {
        if let Some(come) = self.awaited.take_if(|id| self.rows.contains_key(id)) {
            self.selected = Some(come);
        }
        let visible = self.visible();
        let kept = visible.iter().any(|it| Some(&it.row.venture_id) == self.selected.as_ref());
        if !kept {
            self.selected = visible.first().map(|it| it.row.venture_id.clone());
        }
    }

    /// Forgets what is new: somebody has looked.
    pub fn seen(&mut self) {
        self.rows.values_mut().for_each(|it| it.fresh = false);
    }

    /// A fact at `position` changed this venture; false when so much waits that the list must be read anew.
    pub fn want(&mut self, venture_id: &str, position: u64) -> bool {
        let wanted = self.waiting.entry(venture_id.to_owned()).or_default();
        *wanted = position.max(*wanted);
        self.waiting.len() <= READS_WAITING_MAX
    }

    /// The next venture to read and from which position on; one venture is never read twice at once.
    pub fn next_read(&mut self) -> Option<(String, u64)> {
        if self.in_flight.len() >= READS_IN_FLIGHT_MAX {
            return None;
        }
        let free = self.waiting.keys().find(|id| !self.in_flight.contains(*id)).cloned()?;
        let position = self.waiting.remove(&free)?;
        self.in_flight.insert(free.clone());
        Some((free, position))
    }

    /// A read ended.
    pub fn read_ended(&mut self, venture_id: &str) {
        self.in_flight.remove(venture_id);
    }
}

fn put(rows: &mut BTreeMap<String, Venture>, venture: Venture) {
    let newer = |held: &Venture| held.row.version > venture.row.version;
    if !rows.get(&venture.row.venture_id).is_some_and(newer) {
        rows.insert(venture.row.venture_id.clone(), venture);
    }
}
