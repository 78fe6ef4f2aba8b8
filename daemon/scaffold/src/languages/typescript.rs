//! TypeScript: one folder per desk, which the compiler finds by itself, and node's own test runner.

use super::{Dialect, Template, day, indent, is_odd, minute, templates, uuid, without_empty_brackets};
use crate::blueprint::Department;
use crate::fields::Kind;
use crate::names::pascal;

pub(super) struct Typescript;

/// What prettier takes for a line.
const LINE_CHARS_MAX: usize = 80;

impl Dialect for Typescript {
    fn skeleton(&self) -> &'static [Template] {
        templates!("typescript/skeleton":
            ".gitignore" from "gitignore.txt",
            "README.md" from "README.md.txt",
            "package.json" from "package.json.txt",
            "tsconfig.json" from "tsconfig.json.txt",
            "src/kernel/kernel.ts" from "kernel.ts.txt",
            "src/kernel/kernel.test.ts" from "kernel.test.ts.txt",
            "types/node.d.ts" from "node.d.ts.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("typescript/desk":
                "src/desks/{{folder}}/command.ts" from "command.ts.txt",
                "src/desks/{{folder}}/event.ts" from "event.ts.txt",
                "src/desks/{{folder}}/handler.ts" from "handler.ts.txt",
                "src/desks/{{folder}}/handler.test.ts" from "handler.test.ts.txt",
            ),
            Department::Prj => templates!("typescript/desk":
                "src/desks/{{folder}}/event.ts" from "event.ts.txt",
                "src/desks/{{folder}}/projection.ts" from "projection.ts.txt",
                "src/desks/{{folder}}/projection.test.ts" from "projection.test.ts.txt",
            ),
            Department::Qry => templates!("typescript/desk":
                "src/desks/{{folder}}/row.ts" from "row.ts.txt",
                "src/desks/{{folder}}/query.ts" from "query.ts.txt",
                "src/desks/{{folder}}/query.test.ts" from "query.test.ts.txt",
            ),
        }
    }

    /// As in JSON, so that a payload needs no translation; every word may name a property.
    fn field(&self, name: &str) -> String {
        name.to_owned()
    }

    fn event(&self, name: &str) -> String {
        pascal(name)
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text => "string",
            Kind::Integer | Kind::Number => "number",
            Kind::Bool => "boolean",
            Kind::Timestamp => "kernel.Timestamp",
            Kind::Date => "kernel.PlainDate",
            Kind::Uuid => "kernel.Uuid",
            Kind::List => "readonly unknown[]",
            Kind::Map => "kernel.Dictionary",
            Kind::Opaque => "kernel.Opaque",
        }
    }

    fn optional(&self, kind: Kind) -> String {
        format!("{} | undefined", self.type_of(kind))
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("\"text {number}\""),
            Kind::Integer => number.to_string(),
            Kind::Number => format!("{number}.5"),
            Kind::Bool => is_odd(number).to_string(),
            Kind::Timestamp => {
                let (hour, minute) = minute(number);
                format!("\"2026-01-31T{hour:02}:{minute:02}:00Z\"")
            }
            Kind::Date => {
                let (month, day) = day(number);
                format!("\"2026-{month:02}-{day:02}\"")
            }
            Kind::Uuid => format!("\"{}\"", uuid(number)),
            Kind::List => format!("[\"item {number}\"]"),
            Kind::Map => format!("{{ key: \"value {number}\" }}"),
            Kind::Opaque => format!("\"opaque {number}\""),
        }
    }

    /// Templates put `«…»` around a union, or arguments, with `¦` between the parts: they stand on lines of
    /// their own where one line is too short.
    fn formatted(&self, text: String) -> String {
        let lines = text.lines().map(|line| match (line.find('«'), line.find('»')) {
            (Some(start), Some(end)) => {
                let inside = line[start..end].trim_start_matches('«');
                laid_out(&line[..start], inside, line[end..].trim_start_matches('»'))
            }
            _ => broken(line),
        });
        without_empty_brackets(&lines.collect::<String>())
    }
}

/// Breaks a property that is too long behind its colon.
fn broken(line: &str) -> String {
    let is_code = !line.trim_start().starts_with('/');
    match line.split_once(": ") {
        Some((name, value)) if is_code && line.len() > LINE_CHARS_MAX => {
            format!("{name}:\n{}  {value}\n", indent(line))
        }
        _ => format!("{line}\n"),
    }
}

fn laid_out(before: &str, inside: &str, after: &str) -> String {
    let parts: Vec<&str> = inside.split('¦').collect();
    let is_union = before.ends_with('=');
    let flat = match is_union {
        true => format!("{before} {}{after}", parts.join(" | ")),
        false => format!("{before}{}{after}", parts.join(", ")),
    };
    if flat.len() <= LINE_CHARS_MAX {
        return flat + "\n";
    }
    let indent = indent(before);
    match (is_union, parts.as_slice()) {
        (true, [only]) => format!("{before}\n  {only}{after}\n"),
        (true, _) => format!("{before}\n  | {}{after}\n", parts.join("\n  | ")),
        (false, _) => {
            let lines: String = parts.iter().map(|part| format!("{indent}  {part},\n")).collect();
            format!("{before}\n{lines}{indent}{after}\n")
        }
    }
}
