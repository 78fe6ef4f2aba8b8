//! The first files of a division's code, as a pure function of its plan: no clock, no I/O, no chance, so the same
//! plan gives the same hashes for ever.
#![warn(missing_docs)]

mod blueprint;

pub use blueprint::{Blueprint, Department, DeskPlan, EventPlan, Field, File, Language, UnknownTemplate};

/// What a project has before its first desk.
///
/// # Errors
/// [`UnknownTemplate`] where there is no such set; `default` is one.
pub fn skeleton(
    language: Language,
    template_set: &str,
    blueprint: &Blueprint,
) -> Result<Vec<File>, UnknownTemplate> {
    known(template_set)?;
    let text = format!("# {}\n\n{language:?}, {} desks\n", blueprint.division_name, blueprint.desks.len());
    let name = format!("{}\n", blueprint.division_name);
    Ok(vec![
        File { path: "README.md".to_owned(), text },
        File { path: "src/name.txt".to_owned(), text: name },
    ])
}

/// The folder of one desk. `template` is a department's name; without it the desk's own is taken.
///
/// # Errors
/// [`UnknownTemplate`] where there is no such set, or the set has no such template.
pub fn desk(
    language: Language,
    template_set: &str,
    blueprint: &Blueprint,
    desk: &DeskPlan,
    template: Option<&str>,
) -> Result<Vec<File>, UnknownTemplate> {
    known(template_set)?;
    let template = template.unwrap_or(desk.department.name());
    if Department::ALL.iter().all(|department| department.name() != template) {
        return Err(UnknownTemplate::Template(template.to_owned()));
    }
    let text = format!("{}: {} in {language:?}, {template}\n", blueprint.division_name, desk.desk_name);
    Ok(vec![File { path: format!("src/{}/desk.txt", desk.desk_name), text }])
}

fn known(template_set: &str) -> Result<(), UnknownTemplate> {
    if template_set == "default" { Ok(()) } else { Err(UnknownTemplate::Set(template_set.to_owned())) }
}
