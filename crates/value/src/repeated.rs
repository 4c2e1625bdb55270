//! Fields that a JSON text says twice. Values keep the last one, as Go does; strict decoding complains about the others.
//! Models the strict errors of sigs.k8s.io/json.

use crate::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

impl Value {
    /// The paths of fields that a JSON text has more than once (`data.k`, `spec.containers[0].image`), each once, in order.
    /// `self` is what the text was read to.
    pub fn repeated_fields(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        if colons(text) != fields(self) {
            let scan = Scan { path: String::new(), found: &mut found };
            // A text that is not JSON is told elsewhere.
            let _ = scan.deserialize(&mut serde_json::Deserializer::from_str(text));
        }
        found
    }
}

/// As many fields are written.
fn colons(text: &str) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b':' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

/// As many fields are kept.
fn fields(value: &Value) -> usize {
    let inner = value.items().iter().chain(value.entries().iter().map(|(_, field)| field));
    value.entries().len() + inner.map(fields).sum::<usize>()
}

struct Scan<'f> {
    path: String,
    found: &'f mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        while from.next_element_seed(Scan { path: format!("{}[{index}]", self.path), found: self.found })?.is_some() {
            index += 1;
        }
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(key) = from.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if !seen.insert(key) {
                if !self.found.contains(&path) {
                    self.found.push(path);
                }
                from.next_value::<IgnoredAny>()?;
                continue;
            }
            from.next_value_seed(Scan { path, found: self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_fields_are_found() {
        let check = |text: &str, wanted: &[&str]| {
            let value = Value::from_json(text).expect("JSON");
            assert_eq!(value.repeated_fields(text), wanted, "{text}");
        };
        check(r#"{"a":{"k":"v","k":"w","k":1},"b":[{"x":1,"x":null}],"b":2}"#, &["a.k", "b[0].x", "b"]);
        check(r#"{"a":"x:\"y\":z","b":{"a":1.5}}"#, &[]);
        check(r#"{"a":{"b":1},"a":{"b":1}}"#, &["a"]);
        check("[true,\"a:b\"]", &[]);
    }
}
