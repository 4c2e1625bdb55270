//! The scenarios of tests/scenarios in wasm (in Node: the file does not ask for a browser). `SCENARIO_HASHES` holds what
//! their histories came to natively; they must come to the same here.
#![cfg(target_arch = "wasm32")]

#[path = "../../tests/scenarios/all.rs"]
mod all;

use scenario::{File, Mode, OnSim, histories, run};
use sim::{Setup, Timeline};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn scenarios_pass_and_have_native_histories() {
    let booted = OnSim::new(Timeline::new(&Setup::default()));
    let native: Vec<&str> = option_env!("SCENARIO_HASHES").unwrap_or_default().lines().collect();
    let mut failures = Vec::new();
    for (name, text) in all::ALL {
        for (section, hash) in histories(&booted, text) {
            let line = format!("{name}: {section} = {hash:016x}");
            if !native.is_empty() && !native.contains(&line.as_str()) {
                failures.push(format!("{line}: natively it has another history"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[wasm_bindgen_test]
fn a_scenario_passes() {
    let (name, text) = all::ALL[1];
    let file = File::parse(text).expect(name);
    for section in &file.sections {
        let mut target = OnSim::new(Timeline::new(&Setup::default()));
        assert_eq!(run(section, &mut target, Mode::Compare).err(), None, "{name}: {}", section.name);
    }
}
