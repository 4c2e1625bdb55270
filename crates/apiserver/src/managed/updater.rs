//! What a write does to the entries of managedFields: an update takes fields over, an apply merges and may conflict.
//! Models merge.Updater of sigs.k8s.io/structured-merge-diff and the chain of managers around it in managedfields/internal.

use super::entries::{Entries, Entry, Manager, stamp};
use super::typed::{Comparison, Typed};
use crate::call::Call;
use crate::kinds::{self, Kind};
use crate::view;
use api::{PatchType, Request, Status, Verb};
use base::{Text, Time, text};
use model::{Fields, path_text};
use value::Value;

/// Keeps managedFields for one request.
pub struct Updater {
    kind: &'static Kind,
    typed: Typed,
    name: Text,
    subresource: Text,
    now: Text,
    /// What the strategy of the resource puts back, whatever a client says.
    ignored: Fields,
}

/// What an apply makes: the new object (None if it is as it was), and the entries.
pub struct Applied {
    pub object: Option<Value>,
    pub entries: Entries,
}

/// Fields that another manager owns and that an apply would change, by manager.
type Conflicts = Vec<(Manager, Fields)>;

/// Annotation of client-side apply, and the manager name that takes its fields over.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const KUBECTL: &str = "kubectl";

/// Nobody owns these.
const STRIPPED: [&[&str]; 12] = [
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:selfLink"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:clusterName"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:resourceVersion"],
];

/// Writes the managedFields of an object that a create (no old one) or an update makes. Both are as they are stored.
///
/// An apply has written them already. An object that has none stays without, and so does one that no named manager creates: the control plane's own
/// objects are not tracked until somebody applies them.
pub fn track(call: Call, old: Option<&Value>, new: &mut Value, now: Time) {
    if is_apply(call.request) {
        return;
    }
    let sent = new.remove(&["metadata", "managedFields"]);
    let tracked = match old {
        Some(old) => sent.is_some() || old["metadata"].get("managedFields").is_some(),
        None => !call.request.query.field_manager.is_empty(),
    };
    let Some(updater) = Updater::of(call, now).filter(|_| tracked) else { return };
    let live = old.map(|old| &old["metadata"]["managedFields"]);
    let entries = given(call, sent.as_ref(), live);
    if entries.is_empty() && old.is_some() {
        return;
    }
    let shown = call.show(new);
    let entries = match old {
        Some(old) => {
            let mut old = call.show(old);
            old.remove(&["metadata", "managedFields"]);
            updater.update(&old, &shown, entries)
        }
        None => updater.update(&updater.typed.zero(), &shown, entries),
    };
    put(new, &entries);
}

/// Writes entries into an object.
pub fn put(object: &mut Value, entries: &Entries) {
    let list = entries.to_value();
    if !list.is_null() {
        object.set(&["metadata", "managedFields"], list);
    }
}

/// The entries to go on with: what the client sent of them if it is valid (an empty list or entry forgets them all),
/// else those that are there.
fn given(call: Call, sent: Option<&Value>, live: Option<&Value>) -> Entries {
    let live = || live.and_then(Entries::of).unwrap_or_default();
    let Some(list) = sent.filter(|_| call.request.subresource.is_empty()) else { return live() };
    if matches!(list.items(), [only] if only.is_empty()) || list.as_list().is_some_and(|l| l.is_empty()) {
        return Entries::default();
    }
    Entries::of(list).filter(|entries| !entries.is_empty()).unwrap_or_else(live)
}

/// The name of whoever makes a request: as they say, or by the component they are.
fn manager_name(call: Call) -> Text {
    let (named, user) = (&call.request.query.field_manager, call.request.user.name.as_str());
    match user {
        _ if !named.is_empty() => named.clone(),
        "default-scheduler" => text!("kube-scheduler"),
        _ if user.starts_with("kubelet/") || user.starts_with("system:node:") => text!("kubelet"),
        _ if user.ends_with("-controller") => text!("kube-controller-manager"),
        _ => text!("unknown"),
    }
}

impl Updater {
    /// None for kinds without a type.
    pub fn of(call: Call, now: Time) -> Option<Updater> {
        let subresource = call.request.subresource.clone();
        let ignored = ignored(call);
        let typed = Typed::new(call.kind.type_id?);
        Some(Updater { kind: call.kind, typed, name: manager_name(call), subresource, now: stamp(now), ignored })
    }
    pub fn typed(&self) -> &Typed {
        &self.typed
    }

    // === update ===

    fn update(&self, old: &Value, new: &Value, mut entries: Entries) -> Entries {
        let taken = self.taken((old, new), &entries, None);
        self.take(&mut entries, &taken);
        if let Some(found) = self.comparison(&self.kind.api_version, (old, new)) {
            self.own(&mut entries, &self.name, stripped(&found.modified.union(&found.added)));
        }
        entries.cap();
        entries
    }
    /// Gives fields to an updater, besides those that it has.
    fn own(&self, entries: &mut Entries, name: &Text, fields: Fields) {
        if fields.is_empty() {
            return;
        }
        let manager = Manager::updater(name, &self.kind.api_version, &self.subresource);
        let fields = entries.get(&manager).map_or(fields.clone(), |have| fields.union(&have.fields));
        entries.put(Entry { manager, version: self.kind.api_version.clone(), fields, time: self.now.clone() });
    }

    // === apply ===

    /// Merges a configuration into an object; both in the version of the request, the object without its managedFields.
    pub fn apply(&self, live: &Value, config: &Value, mut entries: Entries, force: bool) -> Result<Applied, Status> {
        if entries.is_empty() {
            let made = self.typed.compare(&self.typed.zero(), live);
            self.own(&mut entries, &text!("before-first-apply"), stripped(&made.added.union(&made.modified)));
        }
        let mut applied = self.merged(live, config, &entries, force);
        if let Err(conflicts) = &mut applied
            && self.name == KUBECTL
            && let Some(allowed) = self.last_applied(live)
        {
            conflicts.retain_mut(|(_, fields)| {
                *fields = fields.minus(&allowed);
                !fields.is_empty()
            });
            if conflicts.is_empty() {
                applied = self.merged(live, config, &entries, true);
            }
        }
        let mut applied = applied.map_err(conflict)?;
        if self.name == KUBECTL {
            keep_annotation(&mut applied, live, config);
        }
        Ok(applied)
    }
    fn merged(&self, live: &Value, config: &Value, entries: &Entries, force: bool) -> Result<Applied, Conflicts> {
        let manager = Manager::applier(&self.name, &self.subresource);
        let mut entries = entries.clone();
        let last = entries.get(&manager).cloned();
        let version = self.kind.api_version.clone();
        let time = last.as_ref().map(|entry| entry.time.clone()).unwrap_or_default();
        let fields = self.typed.fields(config).cut(&self.ignored);
        entries.0.retain(|entry| entry.manager != manager);
        entries.0.push(Entry { manager: manager.clone(), version, fields: fields.clone(), time });
        let mut object = self.typed.merge(live, config);
        if let Some(last) = last.filter(|last| !last.fields.is_empty()) {
            object = self.pruned(&object, &entries, &last);
        }
        let taken = self.taken((live, &object), &entries, Some(&manager));
        let conflicts: Conflicts =
            taken.iter().filter(|t| !t.conflict.is_empty()).map(|t| (t.manager.clone(), t.conflict.clone())).collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.take(&mut entries, &taken);
        let same = object == *live;
        let own = entries.get(&manager).cloned();
        if let Some(own) = own {
            let time = if same { own.time.clone() } else { self.now.clone() };
            entries.put(Entry { fields: stripped(&fields), time, ..own });
        }
        entries.cap();
        Ok(Applied { object: (!same).then_some(object), entries })
    }
    /// The merged object without what the manager applied last and nobody says now.
    fn pruned(&self, merged: &Value, entries: &Entries, last: &Entry) -> Value {
        let Some(past) = self.at(&last.version) else { return merged.clone() };
        let merged = self.convert(merged, (self.kind, past.kind));
        let mut pruned = past.typed.without(&merged, &past.typed.named(&last.fields));
        let mut owned: Vec<(Text, Fields)> = Vec::new();
        for entry in &entries.0 {
            match owned.iter_mut().find(|(version, _)| *version == entry.version) {
                Some((_, all)) => *all = all.union(&entry.fields),
                None => owned.push((entry.version.clone(), entry.fields.clone())),
            }
        }
        // The version in which it was applied comes first: fields that conversions need are back before there is one.
        owned.sort_by_key(|(version, _)| *version != last.version);
        for (version, owned) in &owned {
            let Some(at) = self.at(version) else { continue };
            let (whole, part) = (self.convert(&merged, (past.kind, at.kind)), self.convert(&pruned, (past.kind, at.kind)));
            let all = at.typed.named(&at.typed.fields(&whole));
            let kept = at.typed.named(&at.typed.fields(&part)).union(&at.typed.named(owned));
            pruned = self.convert(&at.typed.without(&whole, &all.minus(&kept)), (at.kind, past.kind));
        }
        // Only what this manager owned goes.
        let typed = &past.typed;
        let gone = typed.named(&typed.fields(&merged)).minus(&typed.named(&typed.fields(&pruned)));
        let object = typed.without(&merged, &gone.common(&typed.named(&last.fields)));
        self.convert(&object, (past.kind, self.kind))
    }
    /// What client-side apply wrote and still holds: kubectl may take it over from whoever owns it.
    fn last_applied(&self, live: &Value) -> Option<Fields> {
        let text = live["metadata"]["annotations"][LAST_APPLIED].as_str()?;
        let config = Value::from_json(text).ok()?;
        if config["apiVersion"].s() != self.kind.api_version || self.typed.validate(&config).is_err() {
            return None;
        }
        let found = self.typed.compare(&config, live);
        Some(self.typed.fields(&config).minus(&found.modified).minus(&found.added).minus(&found.removed))
    }

    // === what a change takes from managers ===

    fn taken(&self, change: (&Value, &Value), entries: &Entries, but: Option<&Manager>) -> Vec<Taken> {
        let mut known: Vec<(Text, Option<Comparison>)> = Vec::new();
        let mut out = Vec::new();
        for entry in entries.0.iter().filter(|entry| Some(&entry.manager) != but) {
            let at = known.iter().position(|(version, _)| *version == entry.version).unwrap_or_else(|| {
                known.push((entry.version.clone(), self.comparison(&entry.version, change)));
                known.len() - 1
            });
            let manager = entry.manager.clone();
            out.push(match &known[at].1 {
                Some(found) => {
                    let conflict = entry.fields.common(&found.modified.union(&found.added));
                    Taken { left: entry.fields.minus(&conflict).minus(&found.removed), conflict, manager }
                }
                // Nobody speaks that version any more.
                None => Taken { left: Fields::default(), conflict: Fields::default(), manager },
            });
        }
        out.sort_by(|a, b| a.manager.cmp(&b.manager));
        out
    }
    fn take(&self, entries: &mut Entries, taken: &[Taken]) {
        for taken in taken {
            if let Some(entry) = entries.get(&taken.manager).filter(|entry| entry.fields != taken.left).cloned() {
                entries.put(Entry { fields: taken.left.clone(), ..entry });
            }
        }
    }
    fn comparison(&self, version: &Text, (old, new): (&Value, &Value)) -> Option<Comparison> {
        let at = self.at(version)?;
        let found = if at.kind.api_version == self.kind.api_version {
            at.typed.compare(old, new)
        } else {
            let there = |object| self.convert(object, (self.kind, at.kind));
            at.typed.compare(&there(old), &there(new))
        };
        let Comparison { removed, modified, added } = found;
        let cut = |fields: Fields| if fields.is_empty() { fields } else { fields.cut(&self.ignored) };
        Some(Comparison { removed: cut(removed), modified: cut(modified), added: cut(added) })
    }

    // === versions ===

    fn at(&self, version: &str) -> Option<At> {
        let (group, short) = version.split_once('/').unwrap_or(("", version));
        let kind = if version == self.kind.api_version { self.kind } else { kinds::find(group, short, &self.kind.plural)? };
        Some(At { kind, typed: Typed::new(kind.type_id?) })
    }
    fn convert(&self, object: &Value, (from, to): (&'static Kind, &'static Kind)) -> Value {
        if from.api_version == to.api_version {
            return object.clone();
        }
        view::show(to, &view::store(from, object.clone()))
    }
}

/// A kind in one version, with its type.
struct At {
    kind: &'static Kind,
    typed: Typed,
}

/// What a change leaves a manager, and what it takes by writing another value.
struct Taken {
    manager: Manager,
    left: Fields,
    conflict: Fields,
}

fn stripped(fields: &Fields) -> Fields {
    let mut gone = Fields::default();
    for path in STRIPPED {
        gone.insert(path.iter().copied());
    }
    fields.minus(&gone)
}

/// The part of an object that a request cannot change.
fn ignored(call: Call) -> Fields {
    let mut fields = Fields::default();
    match call.request.subresource.as_str() {
        "" if kinds::has_subresource(call.kind, "status") => fields.insert(["f:status"]),
        "status" => {
            fields.insert(["f:spec"]);
            match call.resource().as_str() {
                "deployments.apps" => fields.insert(["f:metadata", "f:labels"]),
                "pods" => fields.insert(["f:metadata", "f:ownerReferences"]),
                _ => {}
            }
        }
        _ => {}
    }
    fields
}

/// Models NewConflictError of managedfields/internal/conflict.go.
fn conflict(conflicts: Conflicts) -> Status {
    let mut causes = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for (manager, fields) in &conflicts {
        lines.push(format!("conflicts with {}:", manager.shown()));
        for path in fields.paths() {
            let (path, words) = (path_text(&path), format!("conflict with {}", manager.shown()));
            lines.push(format!("- {path}"));
            causes.push((text!("FieldManagerConflict"), Text::from(words), Text::from(path)));
        }
    }
    let message = match &causes[..] {
        [(_, words, path)] => format!("Apply failed with 1 conflict: {words}: {path}"),
        _ => format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n")),
    };
    let mut status = Status::new(409, "Conflict", message);
    status.details.causes = causes;
    status
}

/// kubectl keeps the annotation of client-side apply up to date where there is one.
fn keep_annotation(applied: &mut Applied, live: &Value, config: &Value) {
    let path = ["metadata", "annotations", LAST_APPLIED];
    let object = applied.object.as_ref().unwrap_or(live);
    if object.at(&path).is_empty() {
        return;
    }
    let mut clean = config.clone();
    clean.remove(&path);
    if clean["metadata"]["annotations"].is_empty() {
        clean.remove(&["metadata", "annotations"]);
    }
    let mut object = object.clone();
    object.set(&path, clean.to_json() + "\n");
    applied.object = Some(object).filter(|object| object != live);
}

/// Whether a request is an apply: it brings its managedFields along.
fn is_apply(request: &Request) -> bool {
    request.verb == Verb::Patch(PatchType::Apply)
}
