//! When, by whom, and about what a desk is asked: all that `decide` may know beside the aggregate.

use crate::subject::Subject;
use hecate_proto::id::IdKind;
use ulid::Ulid;

/// The moment of one decision. `decide` has no clock and no dice; this is where both come from.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Now, microseconds since the epoch.
    pub at_us: i64,
    /// Who acts, for example `uid:1000@node`.
    pub actor: String,
    subject: Subject,
    fresh: Ulid,
}

impl Moment {
    pub(crate) fn new(at_us: i64, actor: String, subject: Subject, fresh: Ulid) -> Moment {
        Moment { at_us, actor, subject, fresh }
    }

    /// An id for the one thing that this request may give birth to inside its aggregate: `d-01J…`. However
    /// often the request is decided again, it is the same.
    pub fn mint(&self, kind: IdKind) -> String {
        format!("{}{}", kind.prefix, self.fresh)
    }

    /// The same moment, for one of several requests that are decided together: each mints ids of its own.
    pub(crate) fn of_item(&self, nth: usize) -> Moment {
        let fresh = Ulid(self.fresh.0.wrapping_add(nth as u128));
        Moment { fresh, ..self.clone() }
    }

    /// The id of the thing that is asked about, as the stream's name holds it: `at.id("venture_id")`.
    /// Empty for a field that is not part of the stream's name.
    pub fn id(&self, field: &str) -> &str {
        self.subject.id(field)
    }
}
