//! Where the kubeconfig is: the host's own value, or files named by `--kubeconfig` or `$KUBECONFIG`. The first file that says something wins;
//! changes go to the file that holds the entry, new entries to the first.

use crate::ctx::Ctx;
use crate::fail::{Run, plain};
use base::Text;
use value::{List, Value, obj, yaml};

const LISTS: [&str; 3] = ["clusters", "contexts", "users"];

/// A kubeconfig and the files that it was merged of (none: it is the host's).
#[derive(Clone, Default)]
pub(crate) struct Kubeconfig {
    pub value: Value,
    files: Vec<(Text, Value)>,
}

impl Kubeconfig {
    /// The host's own.
    pub fn of(value: Value) -> Kubeconfig {
        Kubeconfig { value, files: Vec::new() }
    }
}

impl Ctx<'_> {
    /// Reads the kubeconfig that flags and variables name.
    pub fn load_config(&mut self) -> Run {
        let flag = self.flag("kubeconfig");
        let variable = self.env.variable("KUBECONFIG");
        let paths: Vec<Text> =
            if flag.is_empty() { variable.split(':').filter(|p| !p.is_empty()).map(Text::from).collect() } else { vec![flag] };
        if paths.is_empty() {
            return Ok(());
        }
        let mut files = Vec::new();
        for path in paths {
            let text = self.read_file(&path)?;
            if text.is_err() && !self.flag("kubeconfig").is_empty() && !self.spec.path.starts_with("config") {
                return plain(format!("stat {path}: no such file or directory"));
            }
            let Ok(text) = text else { continue };
            match yaml::value(&text) {
                Ok(value) => files.push((path, value)),
                Err(why) => return plain(format!("error loading config file {path:?}: yaml: {}", why.message)),
            }
        }
        self.config = Kubeconfig { value: merged(&files), files };
        Ok(())
    }
    /// Makes a changed kubeconfig the one: in its files, or at the host.
    pub fn save_config(&mut self, new: Value) -> Run {
        if self.config.files.is_empty() {
            self.set_config(new);
            return Ok(());
        }
        let files = self.config.files.clone();
        for (at, (path, old)) in files.iter().enumerate() {
            let changed = part(&files, at, &new);
            if changed != *old {
                let _ = self.write_file(path, &changed.to_yaml())?;
            }
        }
        Ok(())
    }
}

/// All files as one: of entries with one name, the first counts.
fn merged(files: &[(Text, Value)]) -> Value {
    let mut all = obj! { "apiVersion" => "v1", "kind" => "Config" };
    let current = files.iter().map(|(_, file)| file["current-context"].s()).find(|name| !name.is_empty());
    all.set(&["current-context"], current.unwrap_or(""));
    for list in LISTS {
        let mut rows: Vec<Value> = Vec::new();
        for row in files.iter().flat_map(|(_, file)| file[list].items()) {
            if !rows.iter().any(|known| known["name"] == row["name"]) {
                rows.push(row.clone());
            }
        }
        all.set(&[list], rows);
    }
    all
}

/// What one of the files holds after a change of the whole.
fn part(files: &[(Text, Value)], at: usize, new: &Value) -> Value {
    let mut file = files[at].1.clone();
    let holds = |file: &Value, list: &str, name: &Value| file[list].items().iter().any(|row| row["name"] == *name);
    for list in LISTS {
        let mut rows: Vec<Value> = Vec::new();
        for row in new[list].items() {
            let owner = files.iter().position(|(_, file)| holds(file, list, &row["name"])).unwrap_or(0);
            if owner == at {
                rows.push(row.clone());
            } else if let Some(own) = file[list].items().iter().find(|own| own["name"] == row["name"]) {
                rows.push(own.clone());
            }
        }
        rows.sort_by(|a, b| a["name"].s().cmp(b["name"].s()));
        file.set(&[list], Value::List(List::from(rows)));
    }
    let owner = files.iter().position(|(_, file)| !file["current-context"].s().is_empty()).unwrap_or(0);
    if owner == at {
        file.set(&["current-context"], &new["current-context"]);
    }
    file.set(&["apiVersion"], "v1");
    file.set(&["kind"], "Config");
    file
}
