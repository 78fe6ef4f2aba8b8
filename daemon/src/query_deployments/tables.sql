-- `is_current`: it is the one that stands in its environment.
CREATE TABLE releases(
    division_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    release_name TEXT,
    release_version TEXT NOT NULL,
    target_env TEXT NOT NULL,
    artifacts TEXT NOT NULL,
    endpoints TEXT NOT NULL,
    notes TEXT,
    rollout_pct INTEGER,
    rolled_back_at INTEGER,
    rollback_reason TEXT,
    is_current INTEGER NOT NULL,
    deployed_by TEXT NOT NULL,
    deployed_at INTEGER NOT NULL,
    PRIMARY KEY (division_id, release_id)
) STRICT;
CREATE INDEX releases_by_division ON releases(division_id, deployed_at, release_id);

CREATE TABLE rollout_stages(
    stage_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    stage_name TEXT NOT NULL,
    stage_percentage INTEGER NOT NULL,
    description TEXT,
    staged_by TEXT NOT NULL,
    staged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rollout_stages_by_division ON rollout_stages(division_id, staged_at, stage_id);
