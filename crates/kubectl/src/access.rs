//! `kubectl auth can-i --list`: everything that one may do, a row for each resource or path.
//! Models RunAccessList of k8s.io/kubectl/pkg/cmd/auth and CompactRules of k8s.io/component-helpers.

use crate::ctx::Ctx;
use crate::fail::{Run, plain};
use crate::kinds::Kind;
use crate::tab::TabWriter;
use api::Verb;
use base::Text;
use value::{Value, obj};

/// What may be done with one resource (or path). Rows are sorted by verbs first, as the text of upstream's rule is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    verbs: Vec<Text>,
    group: Text,
    resource: Text,
    name: Option<Text>,
    url: Option<Text>,
}

pub(crate) fn list(ctx: &mut Ctx) -> Run {
    if !ctx.words().is_empty() {
        return plain("list option must be specified with no arguments");
    }
    let Some(kind) = Kind::builtin("authorization.k8s.io", "selfsubjectrulesreviews") else {
        return plain("auth can-i --list is not supported by this cluster");
    };
    let namespace = if ctx.on("all-namespaces") { Text::new() } else { ctx.namespace() };
    let mut request = kind.request(Verb::Create, "", "");
    request.body = obj! {
        "apiVersion" => "authorization.k8s.io/v1", "kind" => "SelfSubjectRulesReview", "metadata" => obj! {},
        "spec" => obj! { "namespace" => namespace },
    };
    let answer = ctx.request(request)?;
    let status = &answer["status"];
    if status["incomplete"].is_true() {
        ctx.complain(&format!("warning: the list may be incomplete: {}", status["evaluationError"].s()));
    }
    let head = if ctx.on("no-headers") { "" } else { "Resources\tNon-Resource URLs\tResource Names\tVerbs\n" };
    let rows: String = rows(status).iter().map(Row::line).collect();
    let table = TabWriter::table().format(&format!("{head}{rows}"));
    ctx.out(&table);
    Ok(())
}

/// The rules of a review, broken down and put together again by what they are about.
fn rows(status: &Value) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for rule in status["resourceRules"].items() {
        let all = |field: &str| rule[field].items().iter().map(Value::text);
        let names: Vec<Option<Text>> = match rule["resourceNames"].items() {
            [] => vec![None],
            names => names.iter().map(|name| Some(name.text())).collect(),
        };
        for (group, resource) in all("apiGroups").flat_map(|g| all("resources").map(move |r| (g.clone(), r))) {
            for name in &names {
                let same = |row: &&mut Row| row.group == group && row.resource == resource && row.name == *name;
                let verbs = all("verbs").collect();
                match rows.iter_mut().find(same) {
                    Some(row) => add(&mut row.verbs, verbs),
                    None => {
                        let (group, resource) = (group.clone(), resource.clone());
                        rows.push(Row { verbs, group, resource, name: name.clone(), url: None });
                    }
                }
            }
        }
    }
    for rule in status["nonResourceRules"].items() {
        for (url, verb) in rule["nonResourceURLs"].items().iter().flat_map(|u| rule["verbs"].items().iter().map(move |v| (u, v)))
        {
            let (group, resource) = (Text::new(), Text::new());
            rows.push(Row { verbs: vec![verb.text()], group, resource, name: None, url: Some(url.text()) });
        }
    }
    rows.sort();
    rows
}

fn add(verbs: &mut Vec<Text>, more: Vec<Text>) {
    for verb in more {
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
}

impl Row {
    fn line(&self) -> String {
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        let what = match self.resource.split_once('/') {
            Some((resource, sub)) => format!("{resource}{group}/{sub}"),
            None => format!("{}{group}", self.resource),
        };
        let one = |text: &Option<Text>| text.as_deref().unwrap_or("").to_string();
        let verbs: Vec<&str> = self.verbs.iter().map(|verb| verb.as_str()).collect();
        format!("{what}\t[{}]\t[{}]\t[{}]\n", one(&self.url), one(&self.name), verbs.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::list;

    #[test]
    fn rules_are_rows_by_resource() {
        let rule =
            |resources: Value, verbs: Value| obj! { "apiGroups" => list!["apps"], "resources" => resources, "verbs" => verbs };
        let named = obj! { "apiGroups" => list![""], "resources" => list!["secrets"], "resourceNames" => list!["a"], "verbs" => list!["get"] };
        let status = obj! {
            "resourceRules" => list![rule(list!["deployments", "deployments/scale"], list!["get"]), rule(list!["deployments"], list!["get", "list"]), named],
            "nonResourceRules" => list![obj! { "nonResourceURLs" => list!["/b", "/a"], "verbs" => list!["get"] }],
        };
        let lines: Vec<String> = rows(&status).iter().map(Row::line).collect();
        let wanted = [
            "\t[/a]\t[]\t[get]\n",
            "\t[/b]\t[]\t[get]\n",
            "secrets\t[]\t[a]\t[get]\n",
            "deployments.apps/scale\t[]\t[]\t[get]\n",
            "deployments.apps\t[]\t[]\t[get list]\n",
        ];
        assert_eq!(lines, wanted);
    }
}
