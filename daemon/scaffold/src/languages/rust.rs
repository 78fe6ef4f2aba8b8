//! Rust: one crate per desk, which Cargo finds by itself.

use super::{Dialect, Template, day, indent, is_odd, templates, uuid, without_empty_brackets};
use crate::blueprint::Department;
use crate::fields::Kind;
use crate::names::{escaped, pascal};

pub(super) struct Rust;

/// Raw identifiers make names of all of them, save four.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
const NEVER_RAW: &[&str] = &["self", "super", "crate"];

/// rustfmt's own measures.
const LINE_CHARS_MAX: usize = 100;
const ARGUMENTS_CHARS_MAX: usize = 60;
const LITERAL_CHARS_MAX: usize = 18;

impl Dialect for Rust {
    fn skeleton(&self) -> &'static [Template] {
        templates!("rust/skeleton":
            ".gitignore" from "gitignore.txt",
            "Cargo.toml" from "Cargo.toml.txt",
            "README.md" from "README.md.txt",
            "desks/README.md" from "desks.md.txt",
            "kernel/Cargo.toml" from "kernel.toml.txt",
            "kernel/src/lib.rs" from "lib.rs.txt",
            "kernel/src/tests.rs" from "tests.rs.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("rust/desk":
                "desks/{{folder}}/Cargo.toml" from "Cargo.toml.txt",
                "desks/{{folder}}/src/lib.rs" from "cmd_lib.rs.txt",
                "desks/{{folder}}/src/command.rs" from "command.rs.txt",
                "desks/{{folder}}/src/event.rs" from "event.rs.txt",
                "desks/{{folder}}/src/handler.rs" from "handler.rs.txt",
                "desks/{{folder}}/src/tests.rs" from "cmd_tests.rs.txt",
            ),
            Department::Prj => templates!("rust/desk":
                "desks/{{folder}}/Cargo.toml" from "Cargo.toml.txt",
                "desks/{{folder}}/src/lib.rs" from "prj_lib.rs.txt",
                "desks/{{folder}}/src/event.rs" from "event.rs.txt",
                "desks/{{folder}}/src/projection.rs" from "projection.rs.txt",
                "desks/{{folder}}/src/tests.rs" from "prj_tests.rs.txt",
            ),
            Department::Qry => templates!("rust/desk":
                "desks/{{folder}}/Cargo.toml" from "Cargo.toml.txt",
                "desks/{{folder}}/src/lib.rs" from "qry_lib.rs.txt",
                "desks/{{folder}}/src/row.rs" from "row.rs.txt",
                "desks/{{folder}}/src/query.rs" from "query.rs.txt",
                "desks/{{folder}}/src/tests.rs" from "qry_tests.rs.txt",
            ),
        }
    }

    fn field(&self, name: &str) -> String {
        match KEYWORDS.contains(&name) {
            true => format!("r#{name}"),
            false => escaped(name, NEVER_RAW),
        }
    }

    fn event(&self, name: &str) -> String {
        pascal(name)
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text => "String",
            Kind::Integer => "i64",
            Kind::Number => "f64",
            Kind::Bool => "bool",
            Kind::Timestamp => "kernel::Timestamp",
            Kind::Date => "kernel::Date",
            Kind::Uuid => "kernel::Uuid",
            Kind::List => "Vec<String>",
            Kind::Map => "kernel::Map",
            Kind::Opaque => "kernel::Opaque",
        }
    }

    fn optional(&self, kind: Kind) -> String {
        format!("Option<{}>", self.type_of(kind))
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("\"text {number}\".to_owned()"),
            Kind::Integer => number.to_string(),
            Kind::Number => format!("{number}.5"),
            Kind::Bool => is_odd(number).to_string(),
            Kind::Timestamp => format!("kernel::unix_time({number})"),
            Kind::Date => {
                let (month, day) = day(number);
                format!("\"2026-{month:02}-{day:02}\".to_owned()")
            }
            Kind::Uuid => format!("\"{}\".to_owned()", uuid(number)),
            Kind::List => format!("vec![\"item {number}\".to_owned()]"),
            Kind::Map => format!("kernel::Map::from([(\"key\".to_owned(), \"{number}\".to_owned())])"),
            Kind::Opaque => format!("\"opaque {number}\".to_owned()"),
        }
    }

    fn some(&self, _kind: Kind, value: &str) -> String {
        format!("Some({value})")
    }

    fn is_copied(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Integer | Kind::Number | Kind::Bool | Kind::Timestamp)
    }

    /// Templates put `«…»` around what breaks where it is too long: arguments with `¦` between them, or the
    /// lines of a struct's literal.
    fn formatted(&self, text: String) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, marked)) = rest.split_once('«') {
            let (inside, after) = marked.split_once('»').unwrap_or((marked, ""));
            out.push_str(before);
            let line = out.rsplit('\n').next().unwrap_or_default();
            let laid_out = match inside.contains('\n') {
                true => literal(indent(line), inside),
                false => arguments(line, inside, after.lines().next().unwrap_or_default()),
            };
            out.push_str(&laid_out);
            rest = after;
        }
        out.push_str(rest);
        let lines: String = out.lines().map(broken).collect();
        without_empty_brackets(&lines)
    }
}

fn literal(indent: &str, inside: &str) -> String {
    let fields: Vec<&str> = inside.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let flat = fields.join(" ");
    match flat.trim_end_matches(',') {
        "" => "{}".to_owned(),
        flat if flat.len() <= LITERAL_CHARS_MAX => format!("{{ {flat} }}"),
        _ => {
            let lines: String = fields.iter().map(|field| format!("{indent}    {field}\n")).collect();
            format!("{{\n{lines}{indent}}}")
        }
    }
}

fn arguments(line: &str, inside: &str, after: &str) -> String {
    let flat = inside.replace('¦', ",");
    let fits = line.len() + flat.len() + after.len() <= LINE_CHARS_MAX;
    if fits && flat.len() <= ARGUMENTS_CHARS_MAX {
        return flat;
    }
    let indent = indent(line);
    let lines: String =
        inside.split('¦').map(|argument| format!("{indent}    {},\n", argument.trim())).collect();
    format!("\n{lines}{indent}")
}

/// Breaks a line that is too long behind its arrow or its equals sign.
fn broken(line: &str) -> String {
    if line.len() <= LINE_CHARS_MAX || line.trim_start().starts_with("//") {
        return format!("{line}\n");
    }
    let indent = indent(line);
    if let Some((pattern, value)) = line.split_once(" => ") {
        let value = value.trim_end_matches(',');
        return format!("{pattern} => {{\n{indent}    {value}\n{indent}}}\n");
    }
    match line.split_once(" = ") {
        Some((place, value)) => format!("{place} =\n{indent}    {value}\n"),
        None => format!("{line}\n"),
    }
}
