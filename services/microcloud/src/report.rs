//! What reports are made of: tables, for the terminal and for pages alike, and files.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::output::Failure;

/// A table with its title.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: &str, header: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { title: title.to_owned(), header: header.to_vec(), rows }
    }

    /// As Markdown, under a heading.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.title);
        text.push_str(&row(self.header.iter().copied()));
        text.push_str(&row(self.header.iter().map(|_| "---")));
        for cells in &self.rows {
            text.push_str(&row(cells.iter().map(String::as_str)));
        }
        text
    }
}

fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.fold("|".to_owned(), |line, cell| format!("{line} {} |", cell.replace('|', "\\|"))) + "\n"
}

/// Writes files into a folder, which is made when it is not there.
pub(crate) fn write<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<(), Failure> {
    let failed = |path: &Path, error: &dyn std::error::Error| {
        Failure::because(&format!("write {}", path.display()), error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

/// JSON with a line for every key and every entry of a list, so that a change of it is a diff that can be read.
pub(crate) fn document(report: &impl Serialize) -> Result<String, Failure> {
    let value = serde_json::to_value(report).map_err(|error| Failure::because("write JSON", &error))?;
    let mut lines = Vec::new();
    if let Value::Object(keys) = value {
        for (key, value) in keys {
            let text = match value {
                Value::Array(entries) if !entries.is_empty() => format!("[\n{}\n]", entry_lines(&entries)),
                value => value.to_string(),
            };
            lines.push(format!("\"{key}\": {text}"));
        }
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// A line for every entry.
pub(crate) fn entry_lines(entries: &[Value]) -> String {
    let entries: Vec<String> = entries.iter().map(Value::to_string).collect();
    entries.join(",\n")
}
