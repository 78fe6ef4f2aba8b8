//! The lifecycle of whatever lasts: born by a hand-off, started, paused, resumed, completed, reopened, archived.
//!
//! Eight processes share it, so it is written once. A process says what its [`Names`] are, what it is about, what
//! it is handed and what it hands over; the desks and events follow.
//!
//! ```text
//!            initiate        start           complete
//!   none ───────────▶ pending ─────▶ active ─────────▶ completed
//!    │                              ▲ │  ▲                 │
//!    │                       resume │ │  └─────────────────┘ reopen, or initiate again
//!    │ bury                         │ ▼ pause
//!    ▼                             paused
//!  archived ◀──── archive, or bury, from wherever it stands
//! ```

mod archive;
mod bury;
mod complete;
mod dossier;
mod initiate;
mod long_lived;
mod names;
mod pause;
mod reopen;
mod resume;
mod stage;
mod start;
#[cfg(test)]
mod tests;

pub use archive::{Archive, Archived};
pub use bury::{Bury, OnDivisionDismissed};
pub use complete::{Complete, Completed};
pub use dossier::{Division, Dossier, Incident, Key, Pass, Venture};
pub use initiate::{Initiate, Initiated, Rebriefed};
pub use long_lived::{LongLived, Nothing};
pub use names::{DeskName, Names};
pub use pause::{Category, Pause, Paused};
pub use reopen::{Reopen, Reopened};
pub use resume::{Resume, Resumed};
pub use stage::{Stage, Step, status_after};
pub use start::{Start, Started};
