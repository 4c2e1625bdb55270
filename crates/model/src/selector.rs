//! Label selectors, from objects (`matchLabels`, `matchExpressions`) and from command lines (`a=b,c!=d,e in (f,g),!h`),
//! and field selectors (`status.phase=Running,metadata.name!=x`).
//! Models k8s.io/apimachinery/pkg/labels and pkg/fields.

use base::{Text, names};
use std::fmt;
use value::{Map, Value};

/// One requirement of a selector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Requirement {
    Equals(Text, Text),
    NotEquals(Text, Text),
    In(Text, Vec<Text>),
    NotIn(Text, Vec<Text>),
    Exists(Text),
    NotExists(Text),
    Greater(Text, i64),
    Less(Text, i64),
}

/// All requirements must hold. The empty selector matches everything; [`Selector::nothing`] matches nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    pub requirements: Vec<Requirement>,
    nothing: bool,
}

impl Requirement {
    pub fn matches(&self, labels: &Map) -> bool {
        let get = |key: &Text| labels.get(key).map(|v| v.s());
        let number = |key: &Text| get(key).and_then(|v| v.parse::<i64>().ok());
        match self {
            Requirement::Equals(k, v) => get(k) == Some(v),
            Requirement::NotEquals(k, v) => get(k) != Some(v),
            Requirement::In(k, vs) => get(k).is_some_and(|have| vs.iter().any(|v| v == have)),
            Requirement::NotIn(k, vs) => get(k).is_none_or(|have| vs.iter().all(|v| v != have)),
            Requirement::Exists(k) => get(k).is_some(),
            Requirement::NotExists(k) => get(k).is_none(),
            Requirement::Greater(k, n) => number(k).is_some_and(|have| have > *n),
            Requirement::Less(k, n) => number(k).is_some_and(|have| have < *n),
        }
    }
    /// From `{key, operator, values}`; `None` for an operator nobody knows.
    pub fn of(value: &Value) -> Option<Requirement> {
        let key = value["key"].text();
        let values: Vec<Text> = value["values"].items().iter().map(Value::text).collect();
        let number = || values.first().and_then(|v| v.parse().ok());
        Some(match value["operator"].s() {
            "In" => Requirement::In(key, values),
            "NotIn" => Requirement::NotIn(key, values),
            "Exists" => Requirement::Exists(key),
            "DoesNotExist" => Requirement::NotExists(key),
            "Gt" => Requirement::Greater(key, number()?),
            "Lt" => Requirement::Less(key, number()?),
            _ => return None,
        })
    }
}

impl Selector {
    pub fn everything() -> Selector {
        Selector::default()
    }
    pub fn nothing() -> Selector {
        Selector { requirements: Vec::new(), nothing: true }
    }
    /// From a plain map of labels, as Services select. An empty or missing map selects nothing.
    pub fn of_map(labels: &Value) -> Selector {
        match labels.as_map() {
            Some(map) if !map.is_empty() => Selector::of_labels(map),
            _ => Selector::nothing(),
        }
    }
    /// Equality with every label of the map.
    pub fn of_labels(labels: &Map) -> Selector {
        let requirements = labels.iter().map(|(k, v)| Requirement::Equals(k.clone(), v.text())).collect();
        Selector { requirements, nothing: false }
    }
    /// From a LabelSelector (`matchLabels`, `matchExpressions`). Null selects nothing, `{}` everything.
    pub fn of(value: &Value) -> Selector {
        if value.is_null() {
            return Selector::nothing();
        }
        let mut selector = value["matchLabels"].as_map().map(Selector::of_labels).unwrap_or_default();
        for expression in value["matchExpressions"].items() {
            match Requirement::of(expression) {
                Some(requirement) => selector.requirements.push(requirement),
                None => return Selector::nothing(),
            }
        }
        selector
    }
    pub fn matches(&self, labels: &Map) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }
    /// Reads the command line's form. The error is Kubernetes' own text.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (requirement, after) = parse_requirement(rest)?;
            requirements.push(requirement);
            rest = after.trim_start();
            match rest.strip_prefix(',') {
                Some(after) if !after.trim().is_empty() => rest = after.trim_start(),
                Some(_) => return Err("found '', expected: identifier after ','".to_string()),
                None if rest.is_empty() => {}
                None => {
                    return Err(format!("found '{}', expected: ',' or 'end of string'", token(rest)));
                }
            }
        }
        Ok(Selector { requirements, nothing: false })
    }
}

/// The next token: a word, or a run of signs such as `!=`.
fn token(s: &str) -> &str {
    let is_sign = |c: char| "=!<>".contains(c);
    let (found, rest) = word(s);
    if !found.is_empty() {
        return found;
    }
    let end = rest.find(|c: char| !is_sign(c)).unwrap_or(rest.len());
    &rest[..end.max(rest.chars().next().map_or(0, char::len_utf8))]
}

fn word(s: &str) -> (&str, &str) {
    let end = s.find(|c: char| c.is_whitespace() || "=!<>(),".contains(c)).unwrap_or(s.len());
    s.split_at(end)
}

fn parse_requirement(s: &str) -> Result<(Requirement, &str), String> {
    if let Some(rest) = s.strip_prefix('!') {
        let (key, rest) = word(rest.trim_start());
        return identifier(key, rest).map(|key| (Requirement::NotExists(key), rest));
    }
    let (key, rest) = word(s);
    let key = identifier(key, rest)?;
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with(',') {
        return Ok((Requirement::Exists(key), rest));
    }
    for (operator, negated) in [("==", false), ("!=", true), ("=", false)] {
        if let Some(rest) = rest.strip_prefix(operator) {
            let rest = rest.trim_start();
            if rest.starts_with('=') {
                return Err("unable to parse requirement: found '=', expected: identifier".to_string());
            }
            let (wanted, rest) = word(rest);
            valid_value(&key, wanted)?;
            let wanted = Text::from(wanted);
            return Ok((if negated { Requirement::NotEquals(key, wanted) } else { Requirement::Equals(key, wanted) }, rest));
        }
    }
    for (operator, more) in [(">", true), ("<", false)] {
        if let Some(rest) = rest.strip_prefix(operator) {
            let (wanted, rest) = word(rest.trim_start());
            let n = wanted.parse().map_err(|_| {
                format!("{PARSE}: values[0]: Invalid value: {wanted:?}: for 'Gt', 'Lt' operators, the value must be an integer")
            })?;
            return Ok((if more { Requirement::Greater(key, n) } else { Requirement::Less(key, n) }, rest));
        }
    }
    parse_set(key, rest)
}

fn parse_set(key: Text, rest: &str) -> Result<(Requirement, &str), String> {
    let (operator, after) = word(rest);
    let negated = match operator {
        "in" => false,
        "notin" => true,
        _ => {
            let found = if operator.is_empty() { &rest[..rest.chars().next().map_or(0, char::len_utf8)] } else { operator };
            return Err(format!("unable to parse requirement: found '{found}', expected: in, notin, =, ==, !=, gt, lt"));
        }
    };
    let inner = after.trim_start();
    let Some(inner) = inner.strip_prefix('(') else {
        return Err(format!("unable to parse requirement: found '{}' expected: '('", word(inner).0));
    };
    let Some((list, rest)) = inner.split_once(')') else {
        return Err("unable to parse requirement: found '', expected: ',' or ')'".to_string());
    };
    let mut values: Vec<Text> = list.split(',').map(|v| v.trim().into()).collect();
    values.sort();
    Ok((if negated { Requirement::NotIn(key, values) } else { Requirement::In(key, values) }, rest))
}

fn identifier(key: &str, rest: &str) -> Result<Text, String> {
    if key.is_empty() {
        let found = rest.chars().next().map(String::from).unwrap_or_default();
        return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
    }
    match names::qualified_name(key).first() {
        Some(why) => Err(format!("{PARSE}: <nil>: Invalid value: {key:?}: {why}")),
        None => Ok(key.into()),
    }
}

const PARSE: &str = "unable to parse requirement";

fn valid_value(key: &str, value: &str) -> Result<(), String> {
    match names::label_value(value).first() {
        Some(why) => Err(format!("{PARSE}: values[0][{key}]: Invalid value: {value:?}: {why}")),
        None => Ok(()),
    }
}

/// Prints the canonical form, as `kubectl describe` and `-o wide` do.
impl fmt::Display for Selector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            if i > 0 {
                out.write_str(",")?;
            }
            write!(out, "{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Text]| values.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(",");
        match self {
            Requirement::Equals(k, v) => write!(out, "{k}={v}"),
            Requirement::NotEquals(k, v) => write!(out, "{k}!={v}"),
            Requirement::In(k, vs) => write!(out, "{k} in ({})", list(vs)),
            Requirement::NotIn(k, vs) => write!(out, "{k} notin ({})", list(vs)),
            Requirement::Exists(k) => write!(out, "{k}"),
            Requirement::NotExists(k) => write!(out, "!{k}"),
            Requirement::Greater(k, n) => write!(out, "{k}>{n}"),
            Requirement::Less(k, n) => write!(out, "{k}<{n}"),
        }
    }
}

/// `path=value` and `path!=value` terms, all of which must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldSelector {
    /// field path, wanted value, negated
    pub terms: Vec<(Text, Text, bool)>,
}

impl FieldSelector {
    /// Reads the command line's form; the error is Kubernetes' own text.
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let mut terms = Vec::new();
        for term in text.split(',').filter(|t| !t.is_empty()) {
            let (path, wanted, negated) = if let Some((path, wanted)) = term.split_once("!=") {
                (path, wanted, true)
            } else if let Some((path, wanted)) = term.split_once("==") {
                (path, wanted, false)
            } else if let Some((path, wanted)) = term.split_once('=') {
                (path, wanted, false)
            } else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            terms.push((path.into(), wanted.into(), negated));
        }
        Ok(FieldSelector { terms })
    }
    /// Whether the object has these values; a missing field counts as `""`.
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|(path, wanted, negated)| {
            let found = path.split('.').fold(object, |v, part| &v[part]);
            let same = match found {
                Value::Bool(b) => wanted.as_str() == if *b { "true" } else { "false" },
                Value::Int(i) => *wanted == i.to_string(),
                other => wanted.as_str() == other.s(),
            };
            same != *negated
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::obj;

    #[test]
    fn parses_and_matches() {
        let labels = obj! { "app" => "web", "tier" => "front", "n" => "5" };
        let labels = labels.as_map().cloned().unwrap_or_default();
        for (text, want) in [
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app in (db, web)", true),
            ("app notin (web)", false),
            ("!x", true),
            ("app", true),
            ("n>4", true),
            ("n<4", false),
            ("", true),
        ] {
            assert_eq!(Selector::parse(text).map(|s| s.matches(&labels)), Ok(want), "{text}");
        }
        for text in ["=a", "a in b", "a b", "a,", "a in (b"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
        assert!(!Selector::of_map(&Value::Null).matches(&labels));
        assert!(Selector::of(&obj! {}).matches(&labels));
    }

    #[test]
    fn fields() {
        let pod = obj! { "status" => obj! { "phase" => "Running" }, "spec" => obj! { "unschedulable" => true } };
        assert!(FieldSelector::parse("status.phase=Running,spec.nodeName!=a").is_ok_and(|s| s.matches(&pod)));
        assert!(FieldSelector::parse("spec.unschedulable=true").is_ok_and(|s| s.matches(&pod)));
        assert!(FieldSelector::parse("x").is_err());
    }
}
