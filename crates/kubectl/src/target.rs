//! Which objects a command is about: files, `TYPE NAME…`, `TYPE/NAME…`, `TYPE -l …`. Models k8s.io/cli-runtime/pkg/resource Builder.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use api::{Request, Status};
use base::Text;
use schema::Schema;
use value::Value;

/// One thing to fetch.
#[derive(Clone, Debug)]
pub(crate) enum Unit {
    Name {
        kind: Kind,
        namespace: Text,
        name: Text,
    },
    List {
        kind: Kind,
        namespace: Text,
    },
    /// From a file; the object is what the file says.
    File {
        kind: Kind,
        namespace: Text,
        name: Text,
        object: Value,
        source: Text,
    },
    Broken(Fail),
}

/// An object that a command acts on.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub kind: Kind,
    pub namespace: Text,
    pub name: Text,
    pub object: Value,
}

impl Info {
    /// `deployment.apps/web`
    pub fn show(&self) -> String {
        self.kind.show(&self.name)
    }
    pub fn get(&self) -> Request {
        self.kind.get(&self.namespace, &self.name)
    }
    pub fn request(&self, verb: api::Verb) -> Request {
        self.kind.request(verb, &self.namespace, &self.name)
    }
}

/// What the command line says about objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pick<'a> {
    pub words: &'a [Text],
    pub selector: Text,
    pub field_selector: Text,
    /// `--all`
    pub all: bool,
    pub all_namespaces: bool,
    /// A type alone means all of them (`get`, `describe`).
    pub bare_type: bool,
}

pub(crate) const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// What Go's decoder wanted instead of a document that is no object.
const GO_TYPE: &str = "Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

impl<'a> Ctx<'a> {
    /// The usual flags: words, `-l`, `--field-selector`, `--all`, `-A`.
    pub fn pick(&self, words: &'a [Text]) -> Pick<'a> {
        Pick {
            words,
            selector: self.flag("selector"),
            field_selector: self.flag("field-selector"),
            all: self.on("all"),
            all_namespaces: self.on("all-namespaces"),
            bare_type: false,
        }
    }
    /// What is to be fetched.
    pub fn units(&mut self, pick: &Pick) -> Run<Vec<Unit>> {
        if !self.filenames()?.is_empty() {
            self.documents()?;
            if !pick.words.is_empty() {
                return plain("when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well");
            }
            return self.file_units();
        }
        let words = spread(pick.words);
        let slashes = words.iter().filter(|w| w.contains('/')).count();
        if slashes > 0 && slashes < words.len() {
            return plain(
                "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
            );
        }
        let selecting = pick.all || !pick.selector.is_empty() || !pick.field_selector.is_empty();
        if slashes > 0 {
            if selecting {
                return plain("selectors and the all flag cannot be used when passing resource/name arguments");
            }
            return self.tuples(&words, pick);
        }
        let Some((types, names)) = words.split_first() else {
            return plain(if selecting { "at least one resource must be specified to use a selector" } else { NOTHING_NAMED });
        };
        self.typed(types, names, selecting, pick)
    }
    fn typed(&mut self, types: &str, names: &[Text], selecting: bool, pick: &Pick) -> Run<Vec<Unit>> {
        let mut kinds = Vec::new();
        if selecting && !names.is_empty() {
            return plain("name cannot be provided when a selector is specified");
        }
        for word in expand(types) {
            let kind = self.kind(&word)?;
            kinds.push(kind);
        }
        if names.is_empty() {
            if !selecting && !pick.bare_type {
                return plain("resource(s) were provided, but no name was specified");
            }
            let namespace = if pick.all_namespaces { Text::new() } else { self.namespace() };
            return Ok(kinds.into_iter().map(|kind| Unit::List { kind, namespace: namespace.clone() }).collect());
        }
        let mut units = Vec::new();
        for kind in kinds {
            for name in names {
                units.push(self.named(kind.clone(), name, pick)?);
            }
        }
        Ok(units)
    }
    fn named(&mut self, kind: Kind, name: &str, pick: &Pick) -> Run<Unit> {
        if kind.namespaced && pick.all_namespaces {
            return plain("a resource cannot be retrieved by name across all namespaces");
        }
        let namespace = if kind.namespaced { self.namespace() } else { Text::new() };
        Ok(Unit::Name { kind, namespace, name: name.into() })
    }
    fn tuples(&mut self, words: &[Text], pick: &Pick) -> Run<Vec<Unit>> {
        let mut units = Vec::new();
        for word in words {
            let parts: Vec<&str> = word.split('/').collect();
            let [resource, name] = parts[..] else {
                return plain("arguments in resource/name form may not have more than one slash");
            };
            if resource.is_empty() || name.is_empty() {
                return plain("arguments in resource/name form must have a single resource and name");
            }
            if resource.contains(',') {
                return plain(format!("there is no need to specify more than one resource type: {resource}"));
            }
            let kind = self.kind(resource)?;
            units.push(self.named(kind, name, pick)?);
        }
        Ok(units)
    }
    /// The objects of the files, mapped to kinds; broken ones stay in their place.
    pub fn file_units(&mut self) -> Run<Vec<Unit>> {
        let mut units = Vec::new();
        for document in self.documents()? {
            let unit = match document.value {
                Ok(value) => self.file_unit(value, document.source)?,
                Err(fail) => Unit::Broken(fail),
            };
            units.push(unit);
        }
        Ok(units)
    }
    fn file_unit(&mut self, value: Value, source: Text) -> Run<Unit> {
        let broken = |words: String| Ok(Unit::Broken(Fail::Plain(words)));
        if let Some(words) = self.not_an_object(&value, &source) {
            return broken(words);
        }
        let (version, kind) = (value["apiVersion"].text(), value["kind"].text());
        if let Some(words) = wrong_metadata(&value["metadata"]) {
            return broken(format!("unable to decode {:?}: {words}", source.as_str()));
        }
        let meta = &value["metadata"];
        let name = meta["name"].text();
        let Some(found) = self.kind_of(&version, &kind)? else {
            return broken(format!(
                "resource mapping not found for name: {:?} namespace: {:?} from {:?}: no matches for kind {:?} in version {:?}\nensure CRDs are installed first",
                name.as_str(),
                meta["namespace"].s(),
                source.as_str(),
                kind.as_str(),
                version.as_str()
            ));
        };
        let mut namespace = meta["namespace"].text();
        let own = self.namespace();
        if !found.namespaced {
            namespace = Text::new();
        } else if namespace.is_empty() {
            namespace = own;
        } else if self.namespace_given() && namespace != own {
            return broken(format!(
                "the namespace from the provided object {:?} does not match the namespace {:?}. You must pass '--namespace={namespace}' to perform this operation.",
                namespace.as_str(),
                own.as_str()
            ));
        }
        Ok(Unit::File { kind: found, namespace, name, object: value, source })
    }

    /// What is wrong with a document that names no kind; commands that validate have other words than those that only decode.
    fn not_an_object(&self, value: &Value, source: &str) -> Option<String> {
        let knows = crate::flags::flags_of(self.spec).any(|f| f.name == "validate");
        let validates = knows && self.validation() == api::Validation::Strict;
        let advice = "if you choose to ignore these errors, turn validation off with --validate=false";
        if value.as_map().is_none() {
            return Some(if validates {
                format!("error validating {source:?}: error validating data: invalid object to validate; {advice}")
            } else {
                let kind = value.type_name();
                format!(
                    "unable to decode {source:?}: couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into {GO_TYPE}"
                )
            });
        }
        let fields = [("apiVersion", "apiVersion not set"), ("kind", "kind not set")];
        let missing: Vec<&str> = fields.iter().filter(|(f, _)| value[*f].s().is_empty()).map(|(_, words)| *words).collect();
        if validates && !missing.is_empty() {
            let words = if missing.len() == 1 { missing[0].to_string() } else { format!("[{}]", missing.join(", ")) };
            return Some(format!("error validating {source:?}: error validating data: {words}; {advice}"));
        }
        let no_kind = value["kind"].s().is_empty();
        no_kind.then(|| format!("unable to decode {source:?}: Object 'Kind' is missing in '{}'", value.to_json_go()))
    }

    /// Fetches everything picked; what cannot be fetched is told at the end.
    pub fn fetch(&mut self, pick: &Pick) -> Run<(Vec<Info>, Vec<Fail>)> {
        let units = self.units(pick)?;
        let (mut infos, mut fails) = (Vec::new(), Vec::new());
        for unit in units {
            match unit {
                Unit::Broken(fail) => fails.push(fail),
                Unit::List { kind, namespace } => match self.ask(pick.list(&kind, &namespace))? {
                    Ok(list) => infos.extend(list["items"].items().iter().map(|item| info_of(&kind, item, &list))),
                    Err(status) => fails.push(Fail::Server(pick.unable(&kind, status))),
                },
                Unit::Name { kind, namespace, name } | Unit::File { kind, namespace, name, .. } => {
                    match self.ask(kind.get(&namespace, &name))? {
                        Ok(object) => infos.push(Info { kind, namespace, name, object }),
                        Err(status) => fails.push(Fail::Server(status)),
                    }
                }
            }
        }
        Ok((infos, fails))
    }
    /// As [`Ctx::fetch`], but the first failure ends the command.
    pub fn fetch_all(&mut self, pick: &Pick) -> Run<Vec<Info>> {
        let (infos, fails) = self.fetch(pick)?;
        finish(fails)?;
        Ok(infos)
    }
}

/// What is not a text in metadata where Go's decoder wants one.
fn wrong_metadata(meta: &Value) -> Option<String> {
    let texts =
        ["annotations", "labels"].iter().flat_map(|field| meta[*field].entries().iter().map(move |(_, value)| (*field, value)));
    let names = ["generateName", "name", "namespace"].iter().map(|field| (*field, &meta[*field]));
    let (field, value) = texts.chain(names).find(|(_, value)| !matches!(value, Value::Str(_) | Value::Null))?;
    let go = match value {
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        other => other.type_name(),
    };
    Some(format!("json: cannot unmarshal {go} into Go struct field ObjectMeta.metadata.{field} of type string"))
}

/// Ends the command if there are failures.
pub(crate) fn finish(mut fails: Vec<Fail>) -> Run {
    match fails.len() {
        0 => Ok(()),
        1 => Err(Stop::Fail(fails.remove(0))),
        _ => Err(Stop::Fail(Fail::Many(fails))),
    }
}

/// An item of a list, with the apiVersion and kind that items of typed lists lack.
fn info_of(kind: &Kind, item: &Value, _list: &Value) -> Info {
    let mut object = item.clone();
    if object["kind"].is_null() {
        object.set(&["apiVersion"], kind.api_version());
        object.set(&["kind"], &kind.kind);
    }
    let meta = &item["metadata"];
    Info { kind: kind.clone(), namespace: meta["namespace"].text(), name: meta["name"].text(), object }
}

impl Pick<'_> {
    /// The list request with the selectors.
    pub fn list(&self, kind: &Kind, namespace: &str) -> Request {
        let mut request = kind.list(namespace);
        request.query.label_selector = self.selector.clone();
        request.query.field_selector = self.field_selector.clone();
        request
    }
    /// The refusal of a list, in the words of the builder.
    pub fn unable(&self, kind: &Kind, mut status: Status) -> Status {
        if status.reason != "BadRequest" && status.reason != "NotFound" {
            return status;
        }
        let what = format!("{}/{}, Resource={}", kind.group, kind.version, kind.plural);
        let words = if self.selector.is_empty() && self.field_selector.is_empty() {
            format!("Unable to list {what:?}: {}", status.message)
        } else {
            let (labels, fields) = (self.selector.as_str(), self.field_selector.as_str());
            format!("Unable to find {what:?} that match label selector {labels:?}, field selector {fields:?}: {}", status.message)
        };
        status.message = words.into();
        status
    }
}

/// `pods,svc web` means `pods/web svc/web`.
fn spread(words: &[Text]) -> Vec<Text> {
    match words.split_first() {
        Some((types, names)) if !names.is_empty() && types.contains(',') => {
            let types: Vec<&str> = types.split(',').filter(|t| !t.is_empty()).collect();
            types.iter().flat_map(|t| names.iter().map(move |n| format!("{t}/{n}").into())).collect()
        }
        _ => words.to_vec(),
    }
}

/// The types of a comma list, categories (`all`) spelled out.
fn expand(types: &str) -> Vec<Text> {
    let mut out: Vec<Text> = Vec::new();
    for word in types.split(',').filter(|w| !w.is_empty()) {
        let members: Vec<Text> = Schema::builtin().by_category(word).map(|r| r.group_resource().into()).collect();
        if members.is_empty() {
            out.push(word.into());
        } else {
            out.extend(members);
        }
    }
    out
}
