//! `cargo xtask proto --from DIR…`: writes `crates/proto/src/fields.txt`, the field numbers of Kubernetes' protobuf messages.
//!
//! The folders are unpacked modules k8s.io/api and k8s.io/apimachinery of one version (`go mod download`); every
//! `generated.proto` below them is read. The reader of the table is `crates/proto/src/table.rs`.

use crate::process::Result;
use crate::project;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Messages by full name, with their fields: name, number, type.
type Messages = BTreeMap<String, Vec<(String, String, String)>>;

pub fn run(args: &[String]) -> Result {
    let folders: Vec<PathBuf> = args.iter().skip_while(|arg| *arg != "--from").skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        return Err("say where the modules are: --from DIR…".into());
    }
    let mut messages = Messages::new();
    for folder in folders {
        for file in project::files(&folder).iter().filter(|file| file.file_name().is_some_and(|n| n == "generated.proto")) {
            read(&project::read(file)?, &mut messages);
        }
    }
    let path = project::root().join("crates/proto/src/fields.txt");
    let text = text(&messages);
    println!("{}: {} messages, {} bytes", path.display(), messages.len(), text.len());
    project::write(&path, text)
}

/// Reads one file. Only what Kubernetes' generator writes is understood: flat messages of one-line fields.
fn read(text: &str, messages: &mut Messages) {
    let (mut package, mut message) = (String::new(), None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if let Some(name) = line.strip_prefix("package ") {
            // Versions that no server offers by default are left out.
            if name.contains("alpha") || name.contains("testapigroup") {
                return;
            }
            package = name.trim_end_matches(';').replacen("k8s.io.", "io.k8s.", 1);
        } else if let Some(name) = line.strip_prefix("message ") {
            let name = format!("{package}.{}", name.trim_end_matches(['{', ' ']));
            messages.insert(name.clone(), Vec::new());
            message = Some(name);
        } else if line == "}" {
            message = None;
        } else if let (Some(fields), Some(field)) = (message.as_ref().and_then(|m| messages.get_mut(m)), field(line, &package)) {
            fields.push(field);
        }
    }
}

/// `optional string name = 1;`, `map<string, k8s.io.x.Quantity> limits = 1;`
fn field(line: &str, package: &str) -> Option<(String, String, String)> {
    let (left, number) = line.strip_suffix(';')?.rsplit_once(" = ")?;
    let (kind, name) = left.rsplit_once(' ')?;
    let kind = kind.trim_start_matches("optional ").trim_start_matches("repeated ");
    let kind = kind.strip_prefix("map<string, ").map_or(kind, |value| value.trim_end_matches('>'));
    let kind = kind.trim_start_matches('.');
    let full = match kind.strip_prefix("k8s.io.") {
        Some(rest) => format!("io.k8s.{rest}"),
        None if kind.starts_with(char::is_uppercase) => format!("{package}.{kind}"),
        None => String::new(),
    };
    // In JSON every name begins small.
    Some((name[..1].to_lowercase() + &name[1..], number.into(), full))
}

/// One message a line: `NAME field=number field=number:message`; messages of the same package are short.
fn text(messages: &Messages) -> String {
    let mut out = String::new();
    for (name, fields) in messages {
        let package = name.rsplit_once('.').map_or("", |(package, _)| package);
        out += name;
        for (field, number, kind) in fields {
            let short = kind.strip_prefix(package).filter(|k| k.matches('.').count() == 1).unwrap_or(kind);
            let separator = if kind.is_empty() { "" } else { ":" };
            write!(out, " {field}={number}{separator}{short}").expect("a text takes everything");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_lines() {
        let proto = "package k8s.io.api.core.v1;\nmessage Volume {\n  // name = 1;\n  optional string name = 1;\n\n  optional VolumeSource volumeSource = 2;\n  map<string, .k8s.io.x.Q> m = 3;\n}\n";
        let mut messages = Messages::new();
        read(proto, &mut messages);
        assert_eq!(text(&messages), "io.k8s.api.core.v1.Volume name=1 volumeSource=2:.VolumeSource m=3:io.k8s.x.Q\n");
    }
}
