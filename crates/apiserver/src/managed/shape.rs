//! What the schema says about ownership at a place of an object: a leaf that is owned as a whole, a struct or map whose
//! fields are owned one by one, or a list whose items are. Models the atoms of sigs.k8s.io/structured-merge-diff/schema.

use schema::{Schema, Str, Topology, Type, TypeId, TypeInfo};
use value::{Map, Value};

/// A place in a type, with what the field there says about lists and maps.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub ty: &'a Type,
    topology: Topology,
    keys: &'a [Str],
}

/// How a place is owned.
pub enum Shape<'a> {
    Leaf,
    Struct(&'static TypeInfo),
    Map,
    List(Items<'a>),
}

/// The items of a list that are owned one by one: told apart by keys, or (without keys) by their values.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    pub place: Place<'a>,
    keys: &'a [Str],
}

impl<'a> Place<'a> {
    pub fn root(ty: &'a Type) -> Place<'a> {
        Place::plain(ty)
    }
    fn plain(ty: &'a Type) -> Place<'a> {
        Place { ty, topology: Topology::Unset, keys: &[] }
    }
    pub fn shape(self) -> Shape<'a> {
        match (self.ty, self.topology) {
            (_, Topology::Atomic) => Shape::Leaf,
            (Type::Struct(id), _) => {
                let info = info(*id);
                if info.atomic { Shape::Leaf } else { Shape::Struct(info) }
            }
            (Type::Map(_), _) => Shape::Map,
            (Type::List(of), Topology::Set) => Shape::List(Items { place: Place::plain(of), keys: &[] }),
            (Type::List(of), Topology::Map) => Shape::List(Items { place: Place::plain(of), keys: self.keys }),
            _ => Shape::Leaf,
        }
    }
    /// The items of a list, also of one that is owned as a whole.
    pub fn items(self) -> Option<(Place<'a>, Option<Items<'a>>)> {
        let Type::List(of) = self.ty else { return None };
        let owned = if let Shape::List(items) = self.shape() { Some(items) } else { None };
        Some((Place::plain(of), owned))
    }
    /// The place of a struct's field or of a map's value; None for a field that the struct does not have.
    pub fn below(self, key: &str) -> Option<Place<'a>> {
        match self.ty {
            Type::Struct(id) => field(info(*id), key),
            Type::Map(of) => Some(Place::plain(of)),
            _ => None,
        }
    }
}

pub fn info(id: TypeId) -> &'static TypeInfo {
    Schema::builtin().type_info(id)
}

/// The place of a struct's field.
pub fn field(info: &'static TypeInfo, name: &str) -> Option<Place<'static>> {
    let field = info.field(name)?;
    Some(Place { ty: &field.ty, topology: field.topology, keys: &field.map_keys })
}

impl Items<'_> {
    /// The step that leads to an item: `k:{"name":"web"}` or `v:"a"`.
    pub fn step(self, item: &Value) -> Result<String, String> {
        if self.keys.is_empty() {
            return match item {
                Value::Map(_) => Err("associative list without keys has an element that's a map type".into()),
                Value::List(_) => Err("not supported: associative list with lists as elements".into()),
                Value::Null => Err("associative list without keys has an element that's an explicit null".into()),
                scalar => Ok(format!("v:{}", scalar.to_json())),
            };
        }
        match item {
            Value::Null => return Err("associative list with keys may not have a null element".into()),
            Value::Map(_) => {}
            _ => return Err("associative list with keys may not have non-map elements".into()),
        }
        let given = |key: &Str| item.get(key).cloned().or_else(|| self.default(key)).map(|v| (value::name(key), v));
        let keys: Map = self.keys.iter().filter_map(given).collect();
        if keys.is_empty() {
            let names: Vec<String> = self.keys.iter().map(|key| format!("{key:?}")).collect();
            return Err(format!("associative list with keys has an element that omits all key fields [{}]", names.join(" ")));
        }
        Ok(format!("k:{}", Value::Map(keys).to_json()))
    }
    /// What stands for a key that is not given: its default, or the zero of one that is required.
    fn default(self, key: &str) -> Option<Value> {
        let Type::Struct(id) = self.place.ty else { return None };
        let field = info(*id).field(key)?;
        match &field.ty {
            _ if !field.default.is_empty() => Value::from_json(&field.default).ok(),
            Type::Str if field.required => Some(Value::str("")),
            Type::Int32 | Type::Int64 if field.required => Some(Value::Int(0)),
            _ => None,
        }
    }
    /// The items with their steps, in order; those that have none are left out (validation names them).
    pub fn steps(self, list: &Value) -> Vec<(String, &Value)> {
        list.items().iter().filter_map(|item| Some((self.step(item).ok()?, item))).collect()
    }
}

/// `f:name`
pub fn step(key: &str) -> String {
    format!("f:{key}")
}
