//! Any template is refused or evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use value::{list, obj};

fuzz_target!(|text: &str| {
    let data = obj! { "items" => list![obj! { "a" => 1, "b" => list!["x", obj! { "c" => true }] }], "kind" => "List" };
    if let Ok(template) = value::jsonpath::Template::parse(text) {
        let _ = template.eval(&data);
    }
});
