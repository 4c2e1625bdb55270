//! Rules compared: broken into their smallest parts, covered by others, put together again.
//! Models k8s.io/component-helpers/auth/rbac/validation and pkg/apis/rbac/v1 (CompactString) of Kubernetes.

use base::Text;
use value::Value;

/// A PolicyRule, or a part of one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rule {
    pub groups: Vec<Text>,
    pub resources: Vec<Text>,
    pub urls: Vec<Text>,
    pub names: Vec<Text>,
    pub verbs: Vec<Text>,
}

impl Rule {
    pub fn of(rule: &Value) -> Rule {
        let texts = |field: &str| rule[field].items().iter().map(Value::text).collect();
        Rule {
            groups: texts("apiGroups"),
            resources: texts("resources"),
            urls: texts("nonResourceURLs"),
            names: texts("resourceNames"),
            verbs: texts("verbs"),
        }
    }
    /// One rule for each verb of each resource (and name, or path).
    fn parts(&self) -> Vec<Rule> {
        let one = |text: &Text| vec![text.clone()];
        let mut parts = Vec::new();
        for (group, resource) in self.groups.iter().flat_map(|g| self.resources.iter().map(move |r| (g, r))) {
            for verb in &self.verbs {
                let part =
                    Rule { groups: one(group), resources: one(resource), verbs: one(verb), urls: Vec::new(), names: Vec::new() };
                match &self.names[..] {
                    [] => parts.push(part),
                    names => parts.extend(names.iter().map(|name| Rule { names: one(name), ..part.clone() })),
                }
            }
        }
        for (url, verb) in self.urls.iter().flat_map(|u| self.verbs.iter().map(move |v| (u, v))) {
            parts.push(Rule { urls: one(url), verbs: one(verb), ..Rule::default() });
        }
        parts
    }
    /// Whether this rule gives all that a part needs.
    fn covers(&self, part: &Rule) -> bool {
        let all = |have: &[Text], wanted: &[Text]| have.iter().any(|h| h == "*") || wanted.iter().all(|w| have.contains(w));
        let resource = |wanted: &Text| {
            let any = wanted.split_once('/').map(|(_, sub)| format!("*/{sub}"));
            self.resources.contains(wanted) || any.is_some_and(|any| self.resources.iter().any(|r| *r == any))
        };
        let url = |wanted: &Text| {
            self.urls.iter().any(|have| have == wanted || have.strip_suffix('*').is_some_and(|start| wanted.starts_with(start)))
        };
        let names = self.names.is_empty() || !part.names.is_empty() && part.names.iter().all(|n| self.names.contains(n));
        all(&self.verbs, &part.verbs)
            && all(&self.groups, &part.groups)
            && (self.resources.iter().any(|r| r == "*") || part.resources.iter().all(resource))
            && part.urls.iter().all(url)
            && names
    }
    /// `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`
    pub fn shown(&self) -> String {
        let named = [
            ("APIGroups", &self.groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.urls),
            ("ResourceNames", &self.names),
            ("Verbs", &self.verbs),
        ];
        let parts = named.iter().filter(|(_, texts)| !texts.is_empty()).map(|(name, texts)| format!("{name}:{}", quoted(texts)));
        format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
    }
}

/// `["a" "b"]`, as Go quotes a list.
pub fn quoted(texts: &[Text]) -> String {
    format!("[{}]", texts.iter().map(|text| crate::field::quote(text)).collect::<Vec<_>>().join(" "))
}

/// The parts of `wanted` that no rule of `have` covers, put together by what they are about.
pub fn missing(have: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    let parts = wanted.iter().flat_map(Rule::parts).filter(|part| !have.iter().any(|rule| rule.covers(part)));
    let mut out: Vec<Rule> = Vec::new();
    for part in parts {
        let about = |rule: &Rule| (rule.groups == part.groups, rule.resources == part.resources, rule.names == part.names);
        let same = out.iter_mut().find(|rule| part.urls.is_empty() && rule.urls.is_empty() && about(rule) == (true, true, true));
        match same {
            Some(rule) if rule.verbs.contains(&part.verbs[0]) => {}
            Some(rule) => rule.verbs.extend(part.verbs),
            None => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        Rule::of(&Value::from_json(json).expect("JSON"))
    }

    #[test]
    fn what_is_missing_is_told_by_resource() {
        let check = |have: &[&str], wanted: &str, told: &[&str]| {
            let have: Vec<Rule> = have.iter().map(|json| rule(json)).collect();
            let found: Vec<String> = missing(&have, &[rule(wanted)]).iter().map(Rule::shown).collect();
            assert_eq!(found, told, "{wanted}");
        };
        let pods = r#"{"apiGroups":[""],"resources":["pods","*/log"],"verbs":["get"]}"#;
        check(&[pods], pods, &[]);
        check(&[pods], r#"{"apiGroups":[""],"resources":["services/log"],"verbs":["get"]}"#, &[]);
        check(
            &[pods],
            r#"{"apiGroups":[""],"resources":["pods","nodes"],"verbs":["get","list"]}"#,
            &[
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["list"]}"#,
                r#"{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}"#,
            ],
        );
        check(&[r#"{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}"#], pods, &[]);
        check(
            &[r#"{"apiGroups":[""],"resources":["pods"],"resourceNames":["a"],"verbs":["get"]}"#],
            r#"{"apiGroups":[""],"resources":["pods"],"resourceNames":["a","b"],"verbs":["get"]}"#,
            &[r#"{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}"#],
        );
        let urls = r#"{"nonResourceURLs":["/api/*"],"verbs":["get"]}"#;
        check(
            &[urls],
            r#"{"nonResourceURLs":["/api/v1","/x"],"verbs":["get"]}"#,
            &[r#"{NonResourceURLs:["/x"], Verbs:["get"]}"#],
        );
    }
}
