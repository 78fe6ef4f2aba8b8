CREATE TABLE diagnoses(
    diagnosis_id TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    diagnosis TEXT NOT NULL,
    root_cause TEXT NOT NULL,
    category TEXT NOT NULL,
    diagnosed_by TEXT NOT NULL,
    diagnosed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX diagnoses_by_division ON diagnoses(division_id, diagnosed_at, diagnosis_id);

CREATE TABLE fixes(
    fix_id TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    diagnosis_id TEXT,
    fix_type TEXT NOT NULL,
    mitigation INTEGER NOT NULL,
    fix_description TEXT NOT NULL,
    affected_desks TEXT NOT NULL,
    applied_by TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;
CREATE INDEX fixes_by_division ON fixes(division_id, applied_at, fix_id);

CREATE TABLE escalations(
    incident_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    reason TEXT NOT NULL,
    root_cause TEXT,
    affected_aggregates TEXT NOT NULL,
    escalated_by TEXT NOT NULL,
    escalated_at INTEGER NOT NULL,
    PRIMARY KEY (division_id, incident_id, cycle)
) STRICT;
CREATE INDEX escalations_by_division ON escalations(division_id, escalated_at, incident_id);
