//! A changed `supervision.toml` as people read it: what would be done, place by place, and what stands against it.

use super::super::show::clean;
use hecate_proto::debug_answers::{Applied, Planned};
use hecate_proto::reload::{Change, Operation, ReloadPlan, TakesEffect};

/// What would be done; the last line says how to do it.
pub(super) fn planned(Planned { plan }: &Planned) -> Vec<String> {
    let ReloadPlan { fingerprint, operations, refusals } = plan;
    let stands = refusals.iter().flat_map(|it| {
        let (path, message, hint) = (clean(&it.path), clean(&it.message), clean(&it.hint));
        [format!("refused  {path}: {message}"), format!("         {hint}")]
    });
    let end = match (operations.iter().all(Operation::is_waiting), refusals.is_empty()) {
        (_, false) => "the running tree cannot follow: start the daemon again".to_owned(),
        (true, true) if operations.is_empty() => "the running tree is that already".to_owned(),
        (true, true) => "the running tree was told that already; --restart brings it now".to_owned(),
        (false, true) => format!("to do it: hecate debug apply … --fingerprint {}", clean(fingerprint)),
    };
    operations.iter().flat_map(step).chain(stands).chain([end]).collect()
}

fn step(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::Change { path, changes } => {
            let head = format!("change   {}", clean(path));
            std::iter::once(head).chain(changes.iter().map(change)).collect()
        }
        Operation::Reorder { path, children } => {
            vec![format!("reorder  {}: {}", clean(path), clean(&children.join(", ")))]
        }
        Operation::Start { path, kind, places } => {
            vec![format!("start    {} ({}, {places} in all)", clean(path), clean(kind))]
        }
        Operation::Restart { path } => vec![format!("restart  {}", clean(path))],
        Operation::Stop { path, kind, places } => {
            vec![format!("stop     {} ({}, {places} in all)", clean(path), clean(kind))]
        }
    }
}

fn change(change: &Change) -> String {
    let since = match change.takes_effect {
        TakesEffect::AtOnce => "at once",
        TakesEffect::NextStart => "from its next start",
        TakesEffect::Waiting => "waits for its next start",
    };
    format!("         {}: {} → {}, {since}", clean(&change.key), clean(&change.from), clean(&change.to))
}

/// What was done.
pub(super) fn applied(Applied { applied }: &Applied) -> Vec<String> {
    match applied.supervisors.len() {
        0 => vec!["nothing was to be done".to_owned()],
        _ => applied.supervisors.iter().map(|path| format!("changed  {}", clean(path))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn lines(operations: Value, refusals: Value) -> Vec<String> {
        let plan = json!({"fingerprint": "a1", "operations": operations, "refusals": refusals});
        planned(&serde_json::from_value(json!({ "plan": plan })).unwrap())
    }

    #[test]
    fn a_plan_says_what_it_does_and_how_to_do_it() {
        let change = json!({"key": "intensity", "from": "3", "to": "5", "takes_effect": "at_once"});
        let operations = json!([
            {"operation": "change", "path": "/h", "changes": [change]},
            {"operation": "start", "path": "/h/a", "kind": "a", "places": 1},
        ]);
        assert_eq!(
            lines(operations, json!([])),
            [
                "change   /h",
                "         intensity: 3 → 5, at once",
                "start    /h/a (a, 1 in all)",
                "to do it: hecate debug apply … --fingerprint a1",
            ]
        );
        assert_eq!(lines(json!([]), json!([])), ["the running tree is that already"]);
    }

    #[test]
    fn what_was_applied_before_is_not_to_be_done_again() {
        let change = json!({"key": "groups", "from": "[]", "to": "[\"g\"]", "takes_effect": "waiting"});
        let mut operations = json!([{"operation": "change", "path": "/h/a", "changes": [change]}]);
        let said = lines(operations.clone(), json!([]));
        assert_eq!(said[1], "         groups: [] → [\"g\"], waits for its next start");
        assert_eq!(said[2], "the running tree was told that already; --restart brings it now");
        operations.as_array_mut().unwrap().push(json!({"operation": "restart", "path": "/h/a"}));
        assert_eq!(
            lines(operations, json!([])).last().unwrap(),
            "to do it: hecate debug apply … --fingerprint a1"
        );
    }

    #[test]
    fn what_stands_against_a_plan_comes_with_its_remedy() {
        let refusal = json!({"path": "/h", "rule": "strategy", "message": "No.", "hint": "Start again."});
        let said = lines(json!([]), json!([refusal]));
        assert_eq!(said[..2], ["refused  /h: No.", "         Start again."]);
    }
}
