//! What a lifecycle fact is about, whichever of the three keys it repeats.

use hecate_desk::lifecycle::{Division, Incident, Venture};

/// What a dossier is about, by ids and name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'k> {
    pub(super) venture_id: &'k str,
    /// None when it is about the whole venture.
    pub(super) division_id: Option<&'k str>,
    pub(super) incident_id: Option<&'k str>,
    /// The division's name, else the venture's.
    pub(super) name: &'k str,
}

/// A key that says what it is about.
pub(super) trait About {
    fn subject(&self) -> Subject<'_>;
}

impl About for Venture {
    fn subject(&self) -> Subject<'_> {
        let Venture { venture_id, venture_name } = self;
        Subject { venture_id, division_id: None, incident_id: None, name: venture_name }
    }
}

impl About for Division {
    fn subject(&self) -> Subject<'_> {
        let Division { venture_id, division_id, division_name } = self;
        Subject { venture_id, division_id: Some(division_id), incident_id: None, name: division_name }
    }
}

impl About for Incident {
    fn subject(&self) -> Subject<'_> {
        Subject { incident_id: Some(&self.incident_id), ..self.division.subject() }
    }
}
