//! What operators let the processes do by themselves: `[processes.NAME]`.

use super::fault::{Fault, Said};
use super::file::{Family, Form, SaidTable};
use crate::PROCESSES;
use hecate_desk::{AutoStart, Policy, ProcessEntry};
use std::collections::{BTreeMap, BTreeSet};

/// `[processes.NAME]`.
pub(super) const FAMILY: Family = Family {
    key: "processes",
    head: "[processes.NAME]",
    fields: &[("auto_start", Form::Text), ("skip_listeners", Form::Words), (ALLOW_COMMANDS, Form::Flag)],
};

/// Whether health checks may run commands on this node.
const ALLOW_COMMANDS: &str = "allow_commands";

/// Policies by the name of their process.
pub(crate) type Policies = BTreeMap<&'static str, Policy>;

pub(super) fn check(said: &[SaidTable], faults: &mut Vec<Fault>) -> Policies {
    let mut policies = Policies::new();
    for SaidTable { name, fields } in said {
        let Some(process) = PROCESSES.iter().find(|process| process.spec.name == name.text) else {
            let known = PROCESSES.iter().map(|process| process.spec.name).collect::<Vec<_>>().join(", ");
            faults
                .push(name.fault(format!("no process is called `{}`", name.text), format!("one of {known}")));
            continue;
        };
        let auto_start = fields.get("auto_start").and_then(|said| auto_start(process, said, faults));
        let skips = fields.get("skip_listeners").map(|said| skips(process, said, faults)).unwrap_or_default();
        policies.insert(process.spec.name, Policy { auto_start, skips });
    }
    policies
}

/// Whether health checks may run commands; only the process that has them can be told.
pub(super) fn allows_commands(said: &[SaidTable], faults: &mut Vec<Fault>) -> bool {
    let mut allows = false;
    for (name, said) in said.iter().filter_map(|table| Some((&table.name, table.fields.get(ALLOW_COMMANDS)?)))
    {
        if name.text == "monitor_division" {
            allows = said.text == "true";
        } else {
            let message = format!("{} has no health checks", name.text);
            faults.push(said.fault(message, "say it of monitor_division"));
        }
    }
    allows
}

fn auto_start(process: &ProcessEntry, said: &Said, faults: &mut Vec<Fault>) -> Option<AutoStart> {
    let (name, may) = (process.spec.name, process.auto_start_may);
    let named = may.iter().find(|auto_start| auto_start.name() == said.text);
    if named.is_none() {
        let known = may.iter().map(|auto_start| auto_start.name()).collect::<Vec<_>>().join(", ");
        let hint = if may.is_empty() { "nothing is handed to it".into() } else { format!("one of {known}") };
        faults.push(said.fault(format!("`auto_start` of {name} cannot be \"{}\"", said.text), hint));
    }
    named.copied()
}

fn skips(process: &ProcessEntry, said: &Said, faults: &mut Vec<Fault>) -> BTreeSet<String> {
    let known: Vec<_> = (process.hears)().into_iter().map(|hears| hears.listener).collect();
    let words = said.text.split(',').filter(|word| !word.is_empty());
    let (skips, unknown): (Vec<_>, Vec<_>) = words.partition(|word| known.contains(word));
    faults.extend(unknown.iter().map(|word| {
        let hint = format!("its listeners: {}", known.join(", "));
        said.fault(format!("{} has no listener `{word}`", process.spec.name), hint)
    }));
    skips.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, read};
    use super::*;
    use crate::arguments::Flags;

    fn checked(file: &str) -> (Policies, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hecate.toml");
        std::fs::write(&path, file).unwrap();
        let (config, faults) = read(&Flags { config: Some(path), ..Flags::default() }, &Environment::new());
        (config.policies, faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn operators_say_what_starts_by_itself_and_what_is_not_listened_to() {
        let (policies, faults) = checked(
            "[processes.design_division]\nauto_start = \"always\"\n\
             skip_listeners = [\"on_division_discovered_initiate_design\"]\n",
        );
        assert_eq!(faults, "");
        let skips = BTreeSet::from(["on_division_discovered_initiate_design".to_owned()]);
        let policy = Policy { auto_start: Some(AutoStart::Always), skips };
        assert_eq!(policies, Policies::from([("design_division", policy)]));
    }

    #[test]
    fn only_what_a_process_knows_makes_it_start_by_itself() {
        let (policies, faults) = checked("[processes.rescue_division]\nauto_start = \"on_severity\"\n");
        assert_eq!(
            (faults.as_str(), policies["rescue_division"].auto_start),
            ("", Some(AutoStart::OnSeverity))
        );
        for (process, said, wanted) in [
            ("monitor_division", "on_severity", "one of never, always"),
            ("setup_venture", "always", "nothing is handed to it"),
        ] {
            let (_, faults) = checked(&format!("[processes.{process}]\nauto_start = \"{said}\"\n"));
            let wanted = format!(":2:14: `auto_start` of {process} cannot be \"{said}\" ({wanted})");
            assert!(faults.contains(&wanted), "{wanted} is missing in\n{faults}");
        }
    }

    #[test]
    fn health_checks_run_commands_only_where_operators_allow_it() {
        let allowed = |flag: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("hecate.toml");
            std::fs::write(&path, format!("[processes.monitor_division]\n{flag}\n")).unwrap();
            let flags = Flags { config: Some(path), ..Flags::default() };
            read(&flags, &Environment::new()).0.allow_commands
        };
        assert!(allowed("allow_commands = true"));
        assert!(!allowed("allow_commands = false") && !allowed(""));
        let (_, faults) = checked("[processes.design_division]\nallow_commands = true\n");
        assert!(faults.contains(":2:18: design_division has no health checks"), "{faults}");
    }

    #[test]
    fn what_no_process_knows_is_told_with_its_place() {
        let (_, faults) = checked(
            "[processes.design_divisions]\n[processes.design_division]\nauto_start = \"sometimes\"\n\
             skip_listeners = [\"on_rain\"]\nallow = 1\n",
        );
        for wanted in [
            ":1:12: no process is called `design_divisions`",
            ":3:14: `auto_start` of design_division cannot be \"sometimes\" (one of never, always)",
            ":4:18: design_division has no listener `on_rain`",
            ":5:1: unknown key `allow`",
        ] {
            assert!(faults.contains(wanted), "{wanted} is missing in\n{faults}");
        }
    }
}
