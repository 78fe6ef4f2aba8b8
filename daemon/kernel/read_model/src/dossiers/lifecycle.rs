//! What each event of the lifecycle changes in the row of its dossier.

use super::{About, DossierRow, Dossiers};
use crate::{
    columns::JsonColumn,
    projection::{Project, Recorded},
};
use hecate_desk::lifecycle::{
    Archived, Completed, Initiated, LongLived, Paused, Rebriefed, Reopened, Resumed, Started, Step,
};
use rusqlite::{Result, Transaction};

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Initiated<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Initiated<A>>) -> Result<()> {
        let Initiated { of, cycle, handoff, initiated_at, .. } = &recorded.event;
        let row = DossierRow::<M>::insert(tx, of, *cycle)?;
        row.set("handoff = ?, initiated_at = ?", &[&JsonColumn(handoff), initiated_at])?;
        M::handed(&row, handoff)?;
        row.step(Step::Initiated, recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Rebriefed<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Rebriefed<A>>) -> Result<()> {
        let Rebriefed { of, handoff, .. } = &recorded.event;
        let row = DossierRow::<M>::about(tx, of);
        M::rebriefed(&row, recorded, row.handoff()?)?;
        row.set("handoff = ?", &[&JsonColumn(handoff)])?;
        M::handed(&row, handoff)?;
        row.mark(recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Started<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Started<A>>) -> Result<()> {
        let Started { of, started_at, started_by, .. } = &recorded.event;
        let row = DossierRow::<M>::about(tx, of);
        row.set("started_at = ?, started_by = ?", &[started_at, started_by])?;
        row.step(Step::Started, recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Paused<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Paused<A>>) -> Result<()> {
        let Paused { of, paused_at, reason, .. } = &recorded.event;
        let row = DossierRow::<M>::about(tx, of);
        row.set("paused_at = ?, pause_reason = ?", &[paused_at, reason])?;
        row.step(Step::Paused, recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Resumed<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Resumed<A>>) -> Result<()> {
        let row = DossierRow::<M>::about(tx, &recorded.event.of);
        row.set("paused_at = NULL, pause_reason = NULL", &[])?;
        row.step(Step::Resumed, recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Completed<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Completed<A>>) -> Result<()> {
        let Completed { of, handover, completed_at, completed_by, .. } = &recorded.event;
        let row = DossierRow::<M>::about(tx, of);
        row.set("completed_at = ?, completed_by = ?", &[completed_at, completed_by])?;
        M::completed(&row, recorded)?;
        row.step_with(Step::Completed, A::flags_of(handover), recorded)
    }
}

impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Reopened<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Reopened<A>>) -> Result<()> {
        let Reopened { of, cycle, handoff, .. } = &recorded.event;
        let row = DossierRow::<M>::about(tx, of);
        row.set(
            "cycle = ?, handoff = coalesce(?, handoff), completed_at = NULL, completed_by = NULL",
            &[cycle, &handoff.as_ref().map(JsonColumn)],
        )?;
        M::reopened(&row, recorded)?;
        if let Some(handoff) = handoff {
            M::handed(&row, handoff)?;
        }
        row.step(Step::Reopened, recorded)
    }
}

/// One that was never born gets its row now: a tombstone.
impl<A: LongLived<Of: About>, M: Dossiers<Drawn = A>> Project<Archived<A>> for M {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<Archived<A>>) -> Result<()> {
        let Archived { of, cycle, archived_at, .. } = &recorded.event;
        let row = DossierRow::<M>::about_or_new(tx, of, *cycle)?;
        row.set("archived_at = ?", &[archived_at])?;
        M::archived(tx, &row, recorded)?;
        row.step(Step::Archived, recorded)
    }
}

/// All that draws a read model of dossiers: their lifecycle, and the process's own events.
#[macro_export]
macro_rules! dossier_projections {
    ($model:ty, $aggregate:ty $(, $event:ty)* $(,)?) => {
        &[
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Initiated<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Rebriefed<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Started<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Paused<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Resumed<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Completed<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Reopened<$aggregate>>(),
            $crate::projects::<$model, $aggregate, ::hecate_desk::lifecycle::Archived<$aggregate>>(),
            $($crate::projects::<$model, $aggregate, $event>(),)*
        ]
    };
}
