//! What a dossier is about, as columns of its row.

use hecate_desk::lifecycle::{Division, Incident, Key, Venture};

/// What a dossier is about, as columns of its row.
pub trait About: Key {
    /// Its columns; those that name one dossier come first.
    const COLUMNS: &'static [&'static str];
    /// How many columns name one dossier.
    const IDS: usize;

    /// The values, in the order of the columns.
    fn values(&self) -> Vec<&str>;

    /// The columns that name one dossier.
    fn ids() -> &'static [&'static str] {
        &Self::COLUMNS[..Self::IDS]
    }
}

impl About for Venture {
    const COLUMNS: &'static [&'static str] = &["venture_id", "venture_name"];
    const IDS: usize = 1;

    fn values(&self) -> Vec<&str> {
        vec![&self.venture_id, &self.venture_name]
    }
}

impl About for Division {
    const COLUMNS: &'static [&'static str] = &["division_id", "division_name", "venture_id"];
    const IDS: usize = 1;

    fn values(&self) -> Vec<&str> {
        vec![&self.division_id, &self.division_name, &self.venture_id]
    }
}

impl About for Incident {
    const COLUMNS: &'static [&'static str] = &["division_id", "incident_id", "division_name", "venture_id"];
    const IDS: usize = 2;

    fn values(&self) -> Vec<&str> {
        let Incident { division, incident_id } = self;
        vec![&division.division_id, incident_id, &division.division_name, &division.venture_id]
    }
}
