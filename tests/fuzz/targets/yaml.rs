//! Any text is read or refused, and what was read comes back from its own YAML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for document in value::yaml::documents(text) {
        let Ok(read) = document.value else { continue };
        assert_eq!(value::yaml::value(&read.to_yaml()), Ok(read));
    }
});
