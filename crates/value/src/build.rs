//! Building values in code: `obj! { "kind" => "Pod" }`, `list![1, 2]`, and what turns into a value.

use crate::{List, Map, Value, name};
use base::{Text, Time};

/// A map value from literal field names; the names cost no allocation.
#[macro_export]
macro_rules! obj {
    () => { $crate::Value::map() };
    ($($key:literal => $to:expr),+ $(,)?) => {
        $crate::Value::Map([$(($crate::__text!($key), $crate::IntoValue::into_value($to))),+].into_iter().collect())
    };
}

/// A list value.
#[macro_export]
macro_rules! list {
    ($($item:expr),* $(,)?) => { $crate::Value::List($crate::List::from(vec![$($crate::IntoValue::into_value($item)),*])) };
}

/// What can stand for a value in `obj!`, `list!` and `set`.
pub trait IntoValue {
    fn into_value(self) -> Value;
}

macro_rules! into_value {
    ($($from:ty, $v:ident => $to:expr;)*) => {
        $(impl IntoValue for $from { fn into_value(self) -> Value { let $v = self; $to } })*
    };
}

into_value! {
    Value, v => v;
    &Value, v => v.clone();
    &str, v => Value::Str(name(v));
    String, v => Value::Str(name(&v));
    &String, v => Value::Str(name(v));
    Text, v => Value::Str(v);
    &Text, v => Value::Str(v.clone());
    bool, v => Value::Bool(v);
    i32, v => Value::Int(v.into());
    u16, v => Value::Int(v.into());
    u32, v => Value::Int(v.into());
    i64, v => Value::Int(v);
    f64, v => Value::Float(v);
    Map, v => Value::Map(v);
    &Map, v => Value::Map(v.clone());
    List, v => Value::List(v);
    Vec<Value>, v => Value::List(v.into());
    Time, v => Value::Str(v.rfc3339().into());
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}
