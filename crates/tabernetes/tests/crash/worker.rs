//! One client that writes: some objects are its own, over others it quarrels with the rest.

use crate::MAPS;
use crate::client::{Answer, Client, Failure};
use crate::history::{Change, History, Outcome};
use base::Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use value::{Value, obj};

/// Objects of each worker, and objects of all.
const OWN: u64 = 6;
const SHARED: u64 = 3;

/// The object that an operation writes.
pub fn map(name: &str, op: &str) -> Value {
    obj! {
        "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => obj! { "name" => name },
        "data" => obj! { "op" => op, "ballast" => "x".repeat(300) },
    }
}

/// Writes until it is over.
pub fn work(number: u64, (mut client, mut rng): (Client, Rng), history: &History, over: &AtomicBool) {
    for count in 0.. {
        if over.load(Ordering::Acquire) {
            return;
        }
        let key =
            if rng.chance(20) { format!("shared-{}", rng.below(SHARED)) } else { format!("own-{number}-{}", rng.below(OWN)) };
        let op = format!("{number}-{count}");
        let found = client.send("GET", &format!("{MAPS}/{key}"), "");
        let there = match &found {
            Ok(answer) if answer.code == 200 => Some(answer),
            Ok(answer) if answer.code == 404 => None,
            _ => {
                std::thread::sleep(Duration::from_millis(3));
                continue;
            }
        };
        change(&mut client, &mut rng, (&key, &op), there, history);
    }
}

fn change(client: &mut Client, rng: &mut Rng, (key, op): (&str, &str), there: Option<&Answer>, history: &History) {
    let path = format!("{MAPS}/{key}");
    let begun = history.begin();
    let (change, sent) = match there {
        None => (Change::Put, client.send("POST", MAPS, &map(key, op).to_json())),
        Some(_) if rng.chance(25) => (Change::Delete, client.send("DELETE", &path, "")),
        Some(_) if rng.chance(30) => {
            (Change::Put, client.send("PATCH", &path, &obj! { "data" => obj! { "op" => op } }.to_json()))
        }
        Some(answer) => {
            let mut object = map(key, op);
            object.set(&["metadata", "resourceVersion"], &answer.body["metadata"]["resourceVersion"]);
            (Change::Put, client.send("PUT", &path, &object.to_json()))
        }
    };
    let outcome = match sent {
        Ok(answer) if answer.code < 300 && change == Change::Delete => Outcome::Done(0),
        Ok(answer) if answer.code < 300 => Outcome::Done(answer.revision()),
        Ok(answer) if answer.code < 500 => Outcome::Refused,
        Ok(_) | Err(Failure::Unknown) => Outcome::Unknown,
        Err(Failure::Unsent) => return,
    };
    history.add((key, op), change, outcome, begun);
}
