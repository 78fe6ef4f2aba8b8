//! What a dossier is about, as columns of its row.

use hecate_desk::lifecycle::{Division, Incident, Key, Venture};
use hecate_proto::id::{DivisionId, IncidentId, VentureId};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

/// What a dossier is about, as columns of its row.
pub trait About: Key {
    /// Its columns; those that name one dossier come first.
    const COLUMNS: &'static [&'static str];
    /// How many columns name one dossier.
    const IDS: usize;
    /// The condition on those columns, as SQL.
    const NAMED: &'static str;
    /// What somebody says who asks for one.
    type Ids: DeserializeOwned + JsonSchema + 'static;

    /// The values, in the order of the columns.
    fn values(&self) -> Vec<&str>;

    /// The ids that were asked for, in the order of the columns.
    fn named(ids: &Self::Ids) -> Vec<&str>;

    /// The columns that name one dossier.
    fn ids() -> &'static [&'static str] {
        &Self::COLUMNS[..Self::IDS]
    }
}

/// One venture.
#[derive(Deserialize, JsonSchema)]
pub struct OfVenture {
    /// The venture.
    venture_id: VentureId,
}

/// One division.
#[derive(Deserialize, JsonSchema)]
pub struct OfDivision {
    /// The division.
    division_id: DivisionId,
}

/// One incident of a division.
#[derive(Deserialize, JsonSchema)]
pub struct OfIncident {
    /// The division.
    division_id: DivisionId,
    /// The incident.
    incident_id: IncidentId,
}

impl About for Venture {
    const COLUMNS: &'static [&'static str] = &["venture_id", "venture_name"];
    const IDS: usize = 1;
    const NAMED: &'static str = "venture_id = ?";
    type Ids = OfVenture;

    fn named(ids: &OfVenture) -> Vec<&str> {
        vec![ids.venture_id.as_str()]
    }

    fn values(&self) -> Vec<&str> {
        vec![&self.venture_id, &self.venture_name]
    }
}

impl About for Division {
    const COLUMNS: &'static [&'static str] = &["division_id", "division_name", "venture_id"];
    const IDS: usize = 1;
    const NAMED: &'static str = "division_id = ?";
    type Ids = OfDivision;

    fn named(ids: &OfDivision) -> Vec<&str> {
        vec![ids.division_id.as_str()]
    }

    fn values(&self) -> Vec<&str> {
        vec![&self.division_id, &self.division_name, &self.venture_id]
    }
}

impl About for Incident {
    const COLUMNS: &'static [&'static str] = &["division_id", "incident_id", "division_name", "venture_id"];
    const IDS: usize = 2;
    const NAMED: &'static str = "division_id = ? AND incident_id = ?";
    type Ids = OfIncident;

    fn named(ids: &OfIncident) -> Vec<&str> {
        vec![ids.division_id.as_str(), ids.incident_id.as_str()]
    }

    fn values(&self) -> Vec<&str> {
        let Incident { division, incident_id } = self;
        vec![&division.division_id, incident_id, &division.division_name, &division.venture_id]
    }
}
