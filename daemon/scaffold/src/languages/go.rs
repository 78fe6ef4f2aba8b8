//! Go: one package per desk in one module, which `./...` finds by itself.

use super::{Dialect, Template, day, templates, uuid};
use crate::blueprint::Department;
use crate::fields::Kind;
use crate::names::{capitalised, escaped, pascal};

pub(super) struct Go;

/// No package is called so, or it would not be built.
const NO_PACKAGES: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "documentation",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "main",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];
/// Words that Go writes in capitals.
const INITIALISMS: &[&str] = &[
    "api", "ascii", "cpu", "css", "dns", "html", "http", "https", "id", "ip", "json", "qps", "ram", "rpc",
    "sla", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "utf8", "uuid", "vm", "xml",
];

impl Dialect for Go {
    fn skeleton(&self) -> &'static [Template] {
        templates!("go/skeleton":
            "README.md" from "README.md.txt",
            "go.mod" from "go.mod.txt",
            "kernel/kernel.go" from "kernel.go.txt",
            "kernel/kernel_test.go" from "kernel_test.go.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("go/desk":
                "desks/{{folder}}/command.go" from "command.go.txt",
                "desks/{{folder}}/event.go" from "event.go.txt",
                "desks/{{folder}}/handler.go" from "handler.go.txt",
                "desks/{{folder}}/handler_test.go" from "handler_test.go.txt",
            ),
            Department::Prj => templates!("go/desk":
                "desks/{{folder}}/event.go" from "event.go.txt",
                "desks/{{folder}}/projection.go" from "projection.go.txt",
                "desks/{{folder}}/projection_test.go" from "projection_test.go.txt",
            ),
            Department::Qry => templates!("go/desk":
                "desks/{{folder}}/row.go" from "row.go.txt",
                "desks/{{folder}}/query.go" from "query.go.txt",
                "desks/{{folder}}/query_test.go" from "query_test.go.txt",
            ),
        }
    }

    fn field(&self, name: &str) -> String {
        let word = |word: &str| match INITIALISMS.contains(&word) {
            true => word.to_ascii_uppercase(),
            false => capitalised(word),
        };
        // A field and a method of one type cannot share a name.
        escaped(&name.split('_').map(word).collect::<String>(), &["EventName"])
    }

    fn event(&self, name: &str) -> String {
        pascal(name)
    }

    fn package(&self, folder: &str) -> String {
        let name = folder.replace('_', "");
        if NO_PACKAGES.contains(&name.as_str()) { format!("{name}desk") } else { name }
    }

    /// `./...` passes over them.
    fn reserved_folders(&self) -> &'static [&'static str] {
        &["vendor", "testdata"]
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text => "string",
            Kind::Integer => "int64",
            Kind::Number => "float64",
            Kind::Bool => "bool",
            Kind::Timestamp => "kernel.Timestamp",
            Kind::Date => "kernel.Date",
            Kind::Uuid => "kernel.UUID",
            Kind::List => "[]string",
            Kind::Map => "kernel.Map",
            Kind::Opaque => "kernel.Opaque",
        }
    }

    fn optional(&self, kind: Kind) -> String {
        match self.is_nilable(kind) {
            true => self.type_of(kind).to_owned(),
            false => format!("*{}", self.type_of(kind)),
        }
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("\"text {number}\""),
            Kind::Integer => format!("int64({number})"),
            Kind::Number => format!("{number}.5"),
            // A field that is left out is false.
            Kind::Bool => "true".to_owned(),
            Kind::Timestamp => format!("kernel.UnixTime({number})"),
            Kind::Date => {
                let (month, day) = day(number);
                format!("\"2026-{month:02}-{day:02}\"")
            }
            Kind::Uuid => format!("\"{}\"", uuid(number)),
            Kind::List => format!("[]string{{\"item {number}\"}}"),
            Kind::Map => format!("kernel.Map{{\"key\": \"value {number}\"}}"),
            Kind::Opaque => format!("\"opaque {number}\""),
        }
    }

    fn some(&self, kind: Kind, value: &str) -> String {
        match self.is_nilable(kind) {
            true => value.to_owned(),
            false => format!("kernel.Some({value})"),
        }
    }

    fn is_nilable(&self, kind: Kind) -> bool {
        matches!(kind, Kind::List | Kind::Map)
    }

    fn clone_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::List => "kernel.CloneList",
            Kind::Map => "kernel.CloneMap",
            _ => "",
        }
    }

    /// Cells that templates part with `¦` stand in columns over lines that follow one another.
    fn formatted(&self, text: String) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let blocks = lines.chunk_by(|one, next| one.contains('¦') && next.contains('¦'));
        blocks.map(columns).collect::<String>().replace(" {\n}", "{}").replace("{\n\t}", "{}")
    }
}

fn columns(lines: &[&str]) -> String {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| line.split('¦').collect()).collect();
    let width = |column: usize| {
        let wider = rows.iter().filter(|row| column + 1 < row.len());
        wider.map(|row| row[column].trim_start().len()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<&str>| {
        let indent = &row[0][..row[0].len() - row[0].trim_start().len()];
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", cell.trim_start()));
        format!("{indent}{}\n", cells.collect::<Vec<_>>().join(" ").trim_end())
    };
    rows.iter().map(line).collect()
}
