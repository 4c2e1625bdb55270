//! `-f`: files, folders and standard input, and the objects in them. Models k8s.io/cli-runtime/pkg/resource visitors.

use crate::call::FileError;
use crate::ctx::Ctx;
use crate::fail::{Fail, Run, plain};
use base::{Text, text};
use value::{Value, yaml};

/// One document of the input, or why it cannot be read.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub value: Result<Value, Fail>,
    /// The file it is from, as errors name it.
    pub source: Text,
}

impl Ctx<'_> {
    /// The values of `-f`, after checks on flags that go with it.
    pub fn filenames(&mut self) -> Run<Vec<Text>> {
        if !self.flag("kustomize").is_empty() {
            return plain("kustomize is not supported here; write the objects into files and use -f");
        }
        Ok(self.flags("filename"))
    }
    /// Every document of the files named by `-f`.
    pub fn documents(&mut self) -> Run<Vec<Document>> {
        let paths = self.filenames()?;
        let mut texts: Vec<(Text, Text)> = Vec::new();
        for path in &paths {
            self.read_path(path, &mut texts)?;
        }
        Ok(texts.iter().flat_map(|(source, text)| documents_of(source, text)).collect())
    }
    fn read_path(&mut self, path: &str, texts: &mut Vec<(Text, Text)>) -> Run {
        if path == "-" {
            let stdin = self.env.stdin.clone().unwrap_or_default();
            texts.push((text!("STDIN"), stdin));
            return Ok(());
        }
        if path.starts_with("http://") || path.starts_with("https://") {
            return plain(format!("unable to read URL {path:?}: there is no network behind this cluster's terminal"));
        }
        match self.read_file(path)? {
            Ok(text) => texts.push((path.into(), text)),
            Err(FileError::IsFolder) => {
                let before = texts.len();
                self.read_folder(path, texts)?;
                if texts.len() == before {
                    return plain(format!("error reading [{path}]: recognized file extensions are [.json .yaml .yml]"));
                }
            }
            Err(FileError::Missing) => return plain(format!("the path {path:?} does not exist")),
            Err(FileError::Denied) => {
                return plain(format!("the path {path:?} cannot be accessed: open {path}: permission denied"));
            }
        }
        Ok(())
    }
    fn read_folder(&mut self, path: &str, texts: &mut Vec<(Text, Text)>) -> Run {
        let mut entries = self.list_dir(path)?.unwrap_or_default();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let inner = format!("{}/{}", path.trim_end_matches('/'), entry.name);
            let known = [".json", ".yaml", ".yml"].iter().any(|end| entry.name.ends_with(end));
            if entry.is_folder {
                if self.on("recursive") {
                    self.read_folder(&inner, texts)?;
                }
            } else if known && let Ok(text) = self.read_file(&inner)? {
                texts.push((inner.into(), text));
            }
        }
        Ok(())
    }
}

fn documents_of(source: &Text, text: &str) -> Vec<Document> {
    let mut found = Vec::new();
    for document in yaml::documents(text) {
        let broken = document.value.is_err();
        match document.value {
            Ok(Value::Null) => {}
            Ok(value) => flatten(value, source, &mut found),
            Err(why) => {
                let words = format!("error parsing {source}: {why}");
                found.push(Document { value: Err(Fail::Plain(words)), source: source.clone() });
            }
        }
        if broken {
            break;
        }
    }
    found
}

/// A List counts as its items.
fn flatten(value: Value, source: &Text, found: &mut Vec<Document>) {
    if value["kind"].s().ends_with("List") && value["items"].as_list().is_some() && value["apiVersion"].s() == "v1" {
        value["items"].items().iter().for_each(|item| flatten(item.clone(), source, found));
    } else {
        found.push(Document { value: Ok(value), source: source.clone() });
    }
}
