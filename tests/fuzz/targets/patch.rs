//! Any patch applies or is refused; a merge patch that was made leads from one value to the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use value::{Value, patch};

fuzz_target!(|texts: (&str, &str)| {
    let (Ok(target), Ok(change)) = (Value::from_json(texts.0), Value::from_json(texts.1)) else { return };
    let _ = patch::json(&target, &change);
    let _ = patch::three_way_merge(&target, &change, &target);
    let merged = patch::merge(&target, &change);
    assert_eq!(patch::diff(&target, &merged).is_empty(), target == merged);
});
