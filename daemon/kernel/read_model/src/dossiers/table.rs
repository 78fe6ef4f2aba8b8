//! The table of dossiers as SQL: what each is about, the columns that all of them have, those of the process.

/// `CREATE TABLE` for dossiers about a `venture`, a `division` or an `incident`, with the process's own columns
/// behind the common ones; each of these has a default. A literal, so that `concat!` takes it.
///
/// Times are microseconds. What only a birth sets is null in a tombstone.
#[macro_export]
macro_rules! dossier_table {
    ($table:literal, $about:ident, $own:literal) => {
        concat!(
            "CREATE TABLE ", $table, "(", $crate::dossier_table!(about $about), ",
                cycle INTEGER NOT NULL,
                status INTEGER NOT NULL DEFAULT 0,
                status_label TEXT NOT NULL DEFAULT '',
                available_actions TEXT NOT NULL DEFAULT '[]',
                handoff TEXT,
                initiated_at INTEGER,
                started_at INTEGER,
                started_by TEXT,
                paused_at INTEGER,
                pause_reason TEXT,
                completed_at INTEGER,
                completed_by TEXT,
                archived_at INTEGER,
                version INTEGER NOT NULL DEFAULT 0,
                last_event_id TEXT NOT NULL DEFAULT '',
                updated_at INTEGER NOT NULL DEFAULT 0,
                ", $own, ", ", $crate::dossier_table!(key $about), ") STRICT;\n"
        )
    };
    (about venture) => { "venture_id TEXT NOT NULL, venture_name TEXT NOT NULL" };
    (about division) => { "division_id TEXT NOT NULL, division_name TEXT NOT NULL, venture_id TEXT NOT NULL" };
    (about incident) => {
        "division_id TEXT NOT NULL, incident_id TEXT NOT NULL, division_name TEXT NOT NULL, venture_id TEXT NOT NULL"
    };
    (key venture) => { "PRIMARY KEY (venture_id)" };
    (key division) => { "PRIMARY KEY (division_id)" };
    (key incident) => { "PRIMARY KEY (division_id, incident_id)" };
}
