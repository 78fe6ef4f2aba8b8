//! The first files of a division's code, in six languages, as a pure function of its plan: no clock, no I/O, no
//! chance, so the same plan gives the same hashes for ever.
//!
//! A project is a vertical slice per desk: one folder with its command, event, handler and test. The skeleton
//! holds what all desks share; a desk only adds its own folder, and leans on nothing but the skeleton. So the
//! project builds and passes its tests after the skeleton alone and after each desk, in whatever order.
#![warn(missing_docs)]

mod blueprint;
mod context;
mod events;
mod fields;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
mod languages;
mod names;
mod prose;
mod template;
#[cfg(test)]
mod tests;

pub use blueprint::{Blueprint, Department, DeskPlan, EventPlan, Field, File, Language, UnknownTemplate};

use languages::Dialect;

/// The only set of templates so far.
const DEFAULT_SET: &str = "default";

/// What a project has before its first desk: build files, a README, and what all desks share with its tests.
///
/// # Errors
/// [`UnknownTemplate`] where there is no such set; `default` is one.
pub fn skeleton(
    language: Language,
    template_set: &str,
    blueprint: &Blueprint,
) -> Result<Vec<File>, UnknownTemplate> {
    let dialect = dialect(language, template_set)?;
    Ok(dialect.files(dialect.skeleton(), &context::skeleton(blueprint)))
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
    let dialect = dialect(language, template_set)?;
    let department = department(desk, template)?;
    let context = context::desk(dialect, blueprint, desk, department);
    Ok(dialect.files(dialect.desk(department), &context))
}

fn dialect(language: Language, template_set: &str) -> Result<&'static dyn Dialect, UnknownTemplate> {
    match template_set {
        DEFAULT_SET => Ok(languages::dialect(language)),
        other => Err(UnknownTemplate::Set(other.to_owned())),
    }
}

fn department(desk: &DeskPlan, template: Option<&str>) -> Result<Department, UnknownTemplate> {
    let Some(name) = template else { return Ok(desk.department) };
    let named = Department::ALL.into_iter().find(|department| department.name() == name);
    named.ok_or_else(|| UnknownTemplate::Template(name.to_owned()))
}
