//! The entries of `metadata.managedFields`: who owns which fields, by which operation, since when.
//! Models managedfields/internal/managedfields.go and capmanagers.go.

use base::{Text, Time, text};
use model::Fields;
use value::{List, Value, obj};

/// As many managers may own fields by updates; the oldest are put together beyond that.
const MOST_UPDATERS: usize = 10;

/// Who owns fields. Appliers are the same manager in every version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Manager {
    pub name: Text,
    pub operation: Operation,
    /// Empty for appliers.
    pub version: Text,
    pub subresource: Text,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Operation {
    Apply,
    Update,
}

/// One entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub manager: Manager,
    pub version: Text,
    pub fields: Fields,
    /// Text of a time, or empty.
    pub time: Text,
}

/// All entries of an object.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Entries(pub Vec<Entry>);

impl Manager {
    pub fn applier(name: &Text, subresource: &Text) -> Manager {
        let (name, subresource) = (name.clone(), subresource.clone());
        Manager { name, operation: Operation::Apply, version: Text::new(), subresource }
    }
    pub fn updater(name: &Text, version: &Text, subresource: &Text) -> Manager {
        let (name, version, subresource) = (name.clone(), version.clone(), subresource.clone());
        Manager { name, operation: Operation::Update, version, subresource }
    }
    /// `"kubectl" with subresource "scale" using apps/v1`, as conflicts name it.
    pub fn shown(&self) -> String {
        let mut text = crate::field::quote(&self.name);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {}", crate::field::quote(&self.subresource));
        }
        if self.operation == Operation::Update {
            text += &format!(" using {}", self.version);
        }
        text
    }
}

impl Entries {
    /// Reads `metadata.managedFields`; None if an entry is not valid.
    pub fn of(list: &Value) -> Option<Entries> {
        list.items().iter().map(entry).collect::<Option<Vec<Entry>>>().map(Entries)
    }
    /// The list as objects carry it; null if there are no entries.
    pub fn to_value(&self) -> Value {
        let mut entries: Vec<&Entry> = self.0.iter().collect();
        entries.sort_by_key(|e| (e.manager.operation, &e.time, &e.manager.name, &e.version, &e.manager.subresource));
        let list: List = entries.into_iter().map(shown).collect();
        if list.is_empty() { Value::Null } else { Value::List(list) }
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, manager: &Manager) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.manager == *manager)
    }
    /// Puts an entry in the place of the manager's last one; an empty one goes.
    pub fn put(&mut self, entry: Entry) {
        self.0.retain(|have| have.manager != entry.manager);
        if !entry.fields.is_empty() {
            self.0.push(entry);
        }
    }
    /// Puts the oldest updaters together when there are too many.
    pub fn cap(&mut self) {
        let mut updaters: Vec<Manager> = {
            let mut all: Vec<&Entry> = self.0.iter().filter(|e| e.manager.operation == Operation::Update).collect();
            all.sort_by_key(|e| (&e.time, &e.manager));
            all.into_iter().map(|e| e.manager.clone()).collect()
        };
        let mut over = updaters.len().saturating_sub(MOST_UPDATERS);
        let mut first_of: Vec<Manager> = Vec::new();
        for manager in updaters.drain(..) {
            if over == 0 {
                return;
            }
            let Some(first) = first_of.iter().find(|first| first.version == manager.version).cloned() else {
                first_of.push(manager);
                continue;
            };
            let bucket = Manager::updater(&text!("ancient-changes"), &manager.version, &Text::new());
            let Some(entry) = self.get(&manager).cloned() else { continue };
            let (have, oldest) = (self.get(&bucket).cloned(), self.get(&first).cloned());
            if have.is_none() {
                self.0.retain(|e| e.manager != first);
            }
            let Some(into) = have.or(oldest) else { continue };
            self.0.retain(|e| e.manager != manager);
            let fields = entry.fields.union(&into.fields);
            self.put(Entry { manager: bucket, fields, ..entry });
            over -= 1;
        }
    }
}

fn entry(value: &Value) -> Option<Entry> {
    let operation = match value["operation"].s() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let version = value["apiVersion"].text();
    if version.is_empty() || value["fieldsType"].s() != "FieldsV1" {
        return None;
    }
    let (name, subresource) = (value["manager"].text(), value["subresource"].text());
    let manager = match operation {
        Operation::Apply => Manager::applier(&name, &subresource),
        Operation::Update => Manager::updater(&name, &version, &subresource),
    };
    Some(Entry { manager, version, fields: Fields::of(&value["fieldsV1"])?, time: value["time"].text() })
}

fn shown(entry: &Entry) -> Value {
    let operation = match entry.manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut value = obj! {
        "manager" => &entry.manager.name, "operation" => operation, "apiVersion" => &entry.version,
        "fieldsType" => "FieldsV1", "fieldsV1" => entry.fields.to_value(),
    };
    if !entry.time.is_empty() {
        value.set(&["time"], &entry.time);
    }
    if !entry.manager.subresource.is_empty() {
        value.set(&["subresource"], &entry.manager.subresource);
    }
    value
}

/// A time as entries have it.
pub fn stamp(now: Time) -> Text {
    let mut value = Value::map();
    value.set(&["t"], now);
    value["t"].text()
}

/// Whether two lists say the same but for their times.
pub fn same_but_times(old: &Value, new: &Value) -> bool {
    let timeless = |list: &Value| -> Vec<Value> {
        list.items()
            .iter()
            .map(|entry| {
                let mut entry = entry.clone();
                entry.remove(&["time"]);
                entry
            })
            .collect()
    };
    old.items().len() == new.items().len() && timeless(old) == timeless(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updater(name: &str, field: &str, time: &str) -> Entry {
        let mut fields = Fields::default();
        fields.insert([field]);
        let version = text!("v1");
        Entry { manager: Manager::updater(&name.into(), &version, &Text::new()), version, fields, time: time.into() }
    }

    #[test]
    fn entries_are_sorted_and_read_back() {
        let mut entries = Entries(vec![updater("b", "f:x", "2026-01-01T00:00:02Z"), updater("a", "f:y", "2026-01-01T00:00:02Z")]);
        entries
            .put(Entry { manager: Manager::applier(&"z".into(), &Text::new()), ..updater("z", "f:z", "2027-01-01T00:00:00Z") });
        let list = entries.to_value();
        let names: Vec<&str> = list.items().iter().map(|e| e["manager"].s()).collect();
        assert_eq!(names, ["z", "a", "b"]);
        let again = Entries::of(&list).expect("valid");
        assert_eq!(again.to_value(), list);
        assert_eq!(Entries::default().to_value(), Value::Null);
        assert_eq!(Entries::of(&value::list![obj! { "operation" => "Apply" }]), None);
    }

    #[test]
    fn too_many_updaters_become_one_entry() {
        let all = (0..12).map(|n| updater(&format!("m{n:02}"), &format!("f:x{n}"), &format!("2026-01-01T00:00:{n:02}Z")));
        let mut entries = Entries(all.collect());
        entries.cap();
        assert_eq!(entries.0.len(), MOST_UPDATERS);
        let old = entries.0.iter().find(|e| e.manager.name == "ancient-changes").expect("put together");
        assert_eq!(old.fields.to_value().to_json(), r#"{"f:x0":{},"f:x1":{},"f:x2":{}}"#);
        assert_eq!(old.time, "2026-01-01T00:00:02Z");
    }
}
