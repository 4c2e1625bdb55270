//! Manifests from an editor: applying them document by document, and finding their problems before.

use crate::timeline::{Given, Timeline};
use api::{Query, Request, Status, User, Validation, Verb};
use base::Text;
use control::Answered;
use model::{Key, resource};
use schema::Schema;
use value::{Value, yaml};

/// What became of one document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The line where the document begins, from 1.
    pub line: u32,
    pub ok: bool,
    /// kubectl's words.
    pub text: String,
}

/// Something wrong in a manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    pub message: String,
}

/// One document of a text, with its first line (from 1).
fn parts(text: &str) -> Vec<(u32, String)> {
    let mut parts = vec![(1, String::new())];
    for (number, line) in text.lines().enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            parts.push((number as u32 + 2, String::new()));
        } else if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    let blank = |part: &str| part.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
    parts.retain(|(_, part)| !blank(part));
    parts
}

impl Timeline {
    /// Applies each document of a text with kubectl, in order; a failure does not stop the ones after it.
    pub fn apply(&mut self, text: &str) -> Vec<Applied> {
        parts(text)
            .into_iter()
            .map(|(line, part)| {
                let given = Given { files: vec![("manifest.yaml".into(), part.as_str().into())], ..Given::default() };
                let ran = self.run("kubectl apply -f manifest.yaml", given);
                let words = format!("{}{}", ran.err, ran.out);
                Applied { line, ok: ran.code == 0, text: words.trim_end().to_string() }
            })
            .collect()
    }
    /// What is wrong with a text: YAML errors, unknown fields, and what the API server would refuse. Nothing is changed.
    pub fn check(&self, text: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut control = self.world().control().clone();
        for document in yaml::documents(text) {
            let value = match &document.value {
                Ok(value) => value,
                Err(error) => {
                    problems.push(Problem {
                        line: error.line.max(1),
                        column: error.column.max(1),
                        message: error.message.clone(),
                    });
                    continue;
                }
            };
            let at = |path: &str| document.positions.of(path).unwrap_or((document.start_line, 1));
            match request(value) {
                Err((path, message)) => problems.push(problem(at(path), message)),
                Ok(request) => {
                    let Answered::Reply(reply) = control.request(&request, api::Origin::Start, self.world().now()) else {
                        continue;
                    };
                    let status = reply.failure().filter(|s| s.reason != "AlreadyExists");
                    problems.extend(status.map(|s| explain(&s, &at)).unwrap_or_default());
                }
            }
        }
        problems
    }
}

fn problem((line, column): (u32, u32), message: String) -> Problem {
    Problem { line, column, message }
}

/// The dry-run create of a document, or the field that is wrong and why.
fn request(value: &Value) -> Result<Request, (&'static str, String)> {
    let (api_version, kind) = (value["apiVersion"].s(), value["kind"].s());
    if api_version.is_empty() {
        return Err(("", "apiVersion not set".into()));
    }
    if kind.is_empty() {
        return Err(("", "kind not set".into()));
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(info) = Schema::builtin().by_kind(group, version, kind) else {
        return Err(("kind", format!("no matches for kind \"{kind}\" in version \"{api_version}\"")));
    };
    let namespace: Text = match value["metadata"]["namespace"].s() {
        _ if !info.namespaced => Text::new(),
        "" => "default".into(),
        namespace => namespace.into(),
    };
    let key = Key::new(&resource::join(&info.group, &info.plural), namespace, Text::new());
    let query = Query { dry_run: true, validation: Validation::Strict, ..Query::default() };
    let user = User::master("kubernetes-admin");
    Ok(Request { version: version.into(), query, body: value.clone(), ..Request::of(&user, Verb::Create, &key) })
}

/// One problem for each cause of a refusal, at the line of its field.
fn explain(status: &Status, at: &dyn Fn(&str) -> (u32, u32)) -> Vec<Problem> {
    let causes = &status.details.causes;
    if !causes.is_empty() {
        return causes.iter().map(|(_, message, field)| problem(at(field), format!("{field}: {message}"))).collect();
    }
    let message = status.message.as_str();
    if let Some((_, fields)) = message.split_once("strict decoding error: ") {
        return fields.split(", ").map(|part| problem(at(quoted(part)), part.to_string())).collect();
    }
    vec![problem(at(path_in(message)), message.to_string())]
}

fn quoted(text: &str) -> &str {
    text.split('"').nth(1).unwrap_or("")
}

/// The field path in a decoding error: `… Go struct field DeploymentSpec.spec.replicas of type int32`.
fn path_in(message: &str) -> &str {
    let Some((_, rest)) = message.split_once("struct field ") else { return "" };
    let name = rest.split(' ').next().unwrap_or("");
    name.split_once('.').map_or("", |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_know_their_lines() {
        let found = parts("# note\n---\na: 1\n---\n\n---\nb: 2\n");
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 7]);
    }
}
