//! `POST /debug/tree/plan` and `/debug/tree/apply`: lets the running tree follow another `supervision.toml`. What is
//! done was shown before, under the fingerprint that its caller names.

use super::super::{
    answer::Answer,
    connection::Asking,
    edge::{Edge, Supervision},
};
use super::attempt::{Attempt, Role, Said, see_through};
use super::body::Body;
use super::look::shown;
use super::protected::{spare_its_keeping, spare_the_store};
use axum::extract::Request;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::debug_answers::{Applied, Planned};
use hecate_proto::reload::{self as proto, Operation};
use hecate_proto::tree::TreeNode;
use hecate_supervision::{ReloadError, ReloadPlan};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::Arc;

const UNREADABLE: Refusal =
    Refusal::new(422, "supervision_unreadable", "The file of the tree cannot be read.");
const INVALID: Refusal = Refusal::new(422, "supervision_invalid", "No tree can be made of this.");
const NO_FILE: Refusal = Refusal::new(409, "tree_without_file", "This tree was not read from a file.");
const REFUSED: Refusal =
    Refusal::new(409, "plan_refused", "The running tree cannot follow: the daemon must be started again.");
const STALE: Refusal = Refusal::new(409, "plan_stale", "That is not what was shown under this fingerprint.");
const ROLLED_BACK: Refusal =
    Refusal::new(409, "plan_rolled_back", "A supervisor did not take its part and is as it was.");

/// A `supervision.toml` is a hundred times smaller.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Shows what would be done; changes nothing.
pub(super) async fn plan(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let mut attempt = Attempt::begin(&edge, &asking, "plan", &request);
    let planned = show(&edge, &mut attempt, request).await;
    attempt.end(planned)
}

/// Does what was shown.
pub(super) async fn apply(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let attempt = Attempt::begin(&edge, &asking, "apply", &request);
    see_through(attempt, asking, async move |mut attempt| {
        let applied = carry_out(&edge, &mut attempt, request).await;
        attempt.end(applied)
    })
    .await
}

async fn show(edge: &Edge, attempt: &mut Attempt, request: Request) -> Answer {
    let Said { body, .. } = attempt.admit(Role::Looks, BODY_BYTES_MAX, request).await?;
    let (wanted, _) = Wanted::read(body)?;
    let plan = wanted.plan(edge).await?;
    attempt.is_about(&plan.shown().fingerprint);
    shown(edge, Planned { plan: plan_as_allowed(edge, &plan)? })
}

async fn carry_out(edge: &Edge, attempt: &mut Attempt, request: Request) -> Answer {
    let Said { body, headers, .. } = attempt.admit(Role::Changes, BODY_BYTES_MAX, request).await?;
    let (wanted, fingerprint) = Wanted::read(body)?;
    let hint = "The fingerprint of the plan that you were shown.";
    let fingerprint = fingerprint.ok_or_else(|| Refusal::rule("fingerprint", Rule::Required, hint))?;
    attempt.is_about(&fingerprint);
    attempt.confirmed(&headers)?;
    let (plan, tree) = (wanted.plan(edge).await?, edge.tree()?);
    if plan.shown().fingerprint != fingerprint {
        return Err(STALE
            .about("fingerprint", plan.shown().fingerprint.clone())
            .about("hint", "Look at it again."));
    }
    if !edge.parts.unsafe_debug {
        let whole = tree.snapshot();
        plan.shown().operations.iter().try_for_each(|operation| spare_the_store_from(operation, &whole))?;
    }
    let refusals = json!(plan.shown().refusals);
    attempt.is_under_way();
    let applied = tree.apply(plan).await.map_err(|error| refuse(error, refusals))?;
    shown(edge, Applied { applied })
}

/// The plan with what this daemon would not let happen to its store.
fn plan_as_allowed(edge: &Edge, plan: &ReloadPlan) -> Result<proto::ReloadPlan, Refused> {
    let mut shown = plan.shown().clone();
    if edge.parts.unsafe_debug {
        return Ok(shown);
    }
    let whole = edge.tree()?.snapshot();
    let forbidden = shown.operations.iter().filter_map(|it| spare_the_store_from(it, &whole).err());
    let refusal = |refused: Refused| proto::ReloadRefusal {
        path: text_of(&refused, "path"),
        rule: proto::ReloadRule::Protected,
        message: refused.says.to_string(),
        hint: text_of(&refused, "hint"),
    };
    // Who is changed and restarted is refused once.
    let mut paths = HashSet::new();
    let is_new = |refusal: &proto::ReloadRefusal| paths.insert(refusal.path.clone());
    shown.refusals.extend(forbidden.map(refusal).filter(is_new));
    Ok(shown)
}

fn text_of(refused: &Refused, detail: &str) -> String {
    refused.details.get(detail).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Who is stopped or restarted by a plan is acted on, and who is kept otherwise may be lost.
fn spare_the_store_from(operation: &Operation, whole: &TreeNode) -> Result<(), Refused> {
    match operation {
        Operation::Restart { path } | Operation::Stop { path, .. } => spare_the_store(whole, path),
        Operation::Change { path, .. } => spare_its_keeping(whole, path),
        Operation::Reorder { .. } | Operation::Start { .. } => Ok(()),
    }
}

/// What the tree is to follow.
struct Wanted {
    /// None: the file that the daemon was started with, as it is now.
    supervision: Option<String>,
    /// How it is called where something is said about it.
    name: Option<String>,
    /// Whether children are restarted for what would otherwise wait for their next start.
    restart: bool,
}

impl Wanted {
    /// Answers the fingerprint too, where there is one.
    fn read(body: Map<String, Value>) -> Result<(Wanted, Option<String>), Refused> {
        let mut body = Body(body);
        let (supervision, fingerprint) = (body.text("supervision")?, body.text("fingerprint")?);
        let (name, restart) = (body.text("name")?, body.flag("restart")?.unwrap_or_default());
        body.end()?;
        Ok((Wanted { supervision, name, restart }, fingerprint))
    }

    async fn plan(self, edge: &Edge) -> Result<ReloadPlan, Refused> {
        let (text, name) = match self.supervision {
            Some(text) => (text, self.name.unwrap_or_else(|| "supervision".to_owned())),
            None => own_file(&edge.parts.supervision).await?,
        };
        let tree = edge.tree()?;
        let plan = tree.read_plan(&text, &name).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            INVALID.about("field", "supervision").about("hint", faults.join("\n")).about("faults", faults)
        })?;
        tree.plan_reload(&plan, self.restart).map_err(|error| refuse(error, Value::Null))
    }
}

impl Edge {
    /// Puts into the log what the daemon's own file, as it is now, would do to the running tree; changes nothing.
    pub(crate) async fn log_plan(&self) {
        let own = Wanted { supervision: None, name: None, restart: false };
        match own.plan(self).await.and_then(|plan| plan_as_allowed(self, &plan)) {
            Ok(plan) => log(&plan),
            Err(refused) => {
                let (code, details) = (&*refused.code, json!(refused.details));
                tracing::error!(code, %details, "no plan can be made of the file");
            }
        }
    }
}

fn log(plan: &proto::ReloadPlan) {
    for refusal in &plan.refusals {
        tracing::warn!(
            path = refusal.path,
            hint = refusal.hint,
            "the tree cannot follow: {}",
            refusal.message
        );
    }
    for operation in &plan.operations {
        let says = if operation.is_waiting() { "waits for a next start" } else { "would be done" };
        tracing::info!(operation = %json!(operation), "{says}");
    }
    let (operations, refusals) = (plan.operations.len(), plan.refusals.len());
    let fingerprint = &plan.fingerprint;
    let hint = match refusals {
        0 if plan.operations.iter().all(Operation::is_waiting) => "there is nothing to do",
        0 => "hecate debug apply carries it out",
        _ => "start the daemon again",
    };
    tracing::info!(operations, refusals, fingerprint, hint, "a plan was made");
}

async fn own_file(supervision: &Supervision) -> Result<(String, String), Refused> {
    let path = match supervision {
        Supervision::Embedded(text) => return Ok(((*text).to_owned(), "supervision.toml".to_owned())),
        Supervision::File(path) => path.clone(),
    };
    let name = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let read = read.map_err(|_| Refusal::INTERNAL)?;
    let unreadable =
        |error: std::io::Error| UNREADABLE.about("file", name.clone()).about("hint", error.to_string());
    Ok((read.map_err(unreadable)?, name))
}

fn refuse(error: ReloadError, refusals: Value) -> Refused {
    let hint = format!("{error}.");
    match error {
        ReloadError::NoFile => NO_FILE.about("hint", hint),
        ReloadError::Refused(_) => REFUSED.about("hint", hint).about("refusals", refusals),
        ReloadError::Stale => STALE.about("hint", hint),
        ReloadError::RolledBack { supervisor, applied, .. } => {
            ROLLED_BACK.about("hint", hint).about("supervisor", supervisor).about("applied", applied)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_supervision::AdminError;

    #[test]
    fn whatever_stands_against_a_plan_has_a_code() {
        let refused = |error| refuse(error, json!([{"path": "/h"}]));
        assert!(refused(ReloadError::NoFile).is(NO_FILE));
        assert!(refused(ReloadError::Stale).is(STALE));
        let refusal = refused(ReloadError::Refused(1));
        assert!(refusal.is(REFUSED) && refusal.details["refusals"][0]["path"] == "/h");
        let (supervisor, why, applied) = ("/h/a".to_owned(), AdminError::NotRunning, vec!["/h".to_owned()]);
        let rolled_back = refused(ReloadError::RolledBack { supervisor, why, applied });
        assert!(rolled_back.is(ROLLED_BACK) && rolled_back.details["applied"][0] == "/h");
    }
}
