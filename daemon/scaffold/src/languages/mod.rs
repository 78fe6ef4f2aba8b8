//! The six languages: each with its templates, and with its words for names, types and values.

mod elixir;
mod erlang;
mod go;
mod python;
mod rust;
mod typescript;

use crate::blueprint::{Department, File, Language};
use crate::fields::Kind;
use crate::template::{Context, render};

/// Where a file goes, itself a template, and what stands in it.
pub(crate) struct Template {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

/// How a language says what every language has to say.
pub(crate) trait Dialect: Sync {
    fn skeleton(&self) -> &'static [Template];
    fn desk(&self, department: Department) -> &'static [Template];

    /// A field's name where code names it.
    fn field(&self, name: &str) -> String;
    /// An event's name where code names its type.
    fn event(&self, name: &str) -> String;
    /// A desk's folder where code names it.
    fn package(&self, folder: &str) -> String {
        folder.to_owned()
    }
    /// Folders that the toolchain, or the skeleton, has plans of its own for.
    fn reserved_folders(&self) -> &'static [&'static str] {
        &[]
    }

    fn type_of(&self, kind: Kind) -> &'static str;
    /// The type of what may be missing.
    fn optional(&self, kind: Kind) -> String;
    /// A value for tests, another for each number from 1 on, as far as the kind has so many.
    fn sample(&self, kind: Kind, number: usize) -> String;
    /// The value as one that may be missing.
    fn some(&self, _kind: Kind, value: &str) -> String {
        value.to_owned()
    }
    /// How types and values begin that the skeleton's kernel defines.
    fn kernel(&self) -> &'static str {
        "kernel."
    }
    /// True where taking a value leaves it where it was.
    fn is_copied(&self, _kind: Kind) -> bool {
        false
    }
    /// The function that makes a value of its own of one that others may change; nothing where none can be changed.
    fn clone_of(&self, _kind: Kind) -> &'static str {
        ""
    }
    /// True where the type itself can say that nothing is there.
    fn is_nilable(&self, _kind: Kind) -> bool {
        false
    }

    /// What the language's formatter would still change, because it depends on how long names are.
    fn formatted(&self, text: String) -> String {
        text
    }
}

impl dyn Dialect {
    pub(crate) fn files(&self, templates: &[Template], context: &Context) -> Vec<File> {
        let file = |template: &Template| {
            let text = without_trailing_blanks(&render(template.text, context));
            // Prose is laid out already.
            let is_prose = template.path.ends_with(".md");
            let text = if is_prose { text } else { self.formatted(text) };
            File { path: render(template.path, context), text }
        };
        templates.iter().map(file).collect()
    }
}

pub(crate) fn dialect(language: Language) -> &'static dyn Dialect {
    match language {
        Language::Rust => &rust::Rust,
        Language::Erlang => &erlang::Erlang,
        Language::Elixir => &elixir::Elixir,
        Language::Go => &go::Go,
        Language::Typescript => &typescript::Typescript,
        Language::Python => &python::Python,
    }
}

/// Bools have two values, so every second one is the same.
fn is_odd(number: usize) -> bool {
    !number.is_multiple_of(2)
}

/// Hour and minute of a sample.
fn minute(number: usize) -> (usize, usize) {
    (number / 60 % 24, number % 60)
}

/// Month and day of a sample; every month has so many days.
fn day(number: usize) -> (usize, usize) {
    const DAYS: usize = 28;
    (1 + number / DAYS % 12, 1 + number % DAYS)
}

fn uuid(number: usize) -> String {
    format!("018f4e6e-0000-7000-8000-{number:012}")
}

fn without_trailing_blanks(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Brackets with nothing between them stand together.
fn without_empty_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let rest = line.trim_start();
        let pairs = [("{\n", '}'), ("[\n", ']'), ("(\n", ')')];
        let closes = pairs.iter().any(|(open, close)| out.ends_with(open) && rest.starts_with(*close));
        if closes {
            out.truncate(out.len() - 1);
        }
        out.push_str(if closes { rest } else { line });
        out.push('\n');
    }
    out
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// The templates of one folder: `"path in the project" from "file"`.
macro_rules! templates {
    ($folder:literal: $($path:literal from $file:literal),* $(,)?) => {
        &[$($crate::languages::Template {
            path: $path,
            text: include_str!(concat!("../../templates/", $folder, "/", $file)),
        }),*]
    };
}
use templates;
