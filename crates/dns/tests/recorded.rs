//! Replays questions that a real CoreDNS was asked, on the same objects, and compares every record.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test reads its recording and prints its count")]

use dns::{Answer, Config, Data, Question, Record, RecordType, Zone};
use model::{Key, Resource, resource};
use store::Store;
use value::Value;

/// How many recorded questions are answered exactly; it may only grow.
const PASSING: usize = 193;

fn load() -> (Store, Config, Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/network/dns-questions.json");
    let text = std::fs::read_to_string(path).expect("the recording is in the repository");
    let recording = Value::from_json(&text).expect("the recording is JSON");
    let mut store = Store::default();
    for object in recording["objects"].items() {
        put(&mut store, object);
    }
    for namespace in ["default", "kube-system"] {
        put(
            &mut store,
            &value::obj! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => value::obj! { "name" => namespace } },
        );
    }
    let port = value::obj! { "name" => "https", "port" => 443, "protocol" => "TCP" };
    put(
        &mut store,
        &value::obj! {
            "apiVersion" => "v1", "kind" => "Service", "metadata" => value::obj! { "name" => "kubernetes", "namespace" => "default" },
            "spec" => value::obj! { "clusterIP" => "10.96.0.1", "type" => "ClusterIP", "ports" => value::list![port] },
        },
    );
    (store, Config { outside: outside(recording["upstream-zone"].s()), ..Config::default() }, recording["questions"].clone())
}

fn put(store: &mut Store, object: &Value) {
    let kind: Resource = resource::of_kind(object["apiVersion"].s(), object["kind"].s()).expect("a known kind");
    let key = Key::new(&kind, object["metadata"]["namespace"].text(), object["metadata"]["name"].text());
    let write = api::Write { key, expect: api::Expect::Absent, change: api::Change::Put(object.clone()) };
    // The recording may hold an object that the cluster is born with.
    let _ = store.commit(write, api::Cause::new("test", api::Origin::Start), base::Time::EPOCH);
}

fn outside(text: &str) -> Zone {
    let mut zone = Zone::new();
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let absolute = |word: &str| match word {
            "@" => "example.com.".to_string(),
            word if word.ends_with('.') => word.to_string(),
            word => format!("{word}.example.com."),
        };
        let [name, ttl, "IN", kind, rest @ ..] = words.as_slice() else { continue };
        let data = match *kind {
            "A" => Data::A(rest[0].parse().expect("an address")),
            "AAAA" => Data::Aaaa(rest[0].parse().expect("an address")),
            "CNAME" => Data::Cname(absolute(rest[0]).into()),
            "TXT" => Data::Txt(rest[0].trim_matches('"').into()),
            "NS" => Data::Ns(rest[0].into()),
            _ => continue,
        };
        let name = absolute(name);
        zone.entry(name.as_str().into()).or_default().push(Record {
            name: name.into(),
            ttl: ttl.parse().expect("a number"),
            data,
        });
    }
    zone
}

fn lines(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<String> = records
        .iter()
        .map(|r| r.to_string().replace(". 1 7200", ". <serial> 7200").replace(". 1 1800", ". <serial> 1800"))
        .collect();
    lines.sort();
    lines
}

fn wanted(list: &Value) -> Vec<String> {
    let mut lines: Vec<String> = list.items().iter().map(|l| l.s().to_string()).collect();
    lines.sort();
    lines
}

fn same(answer: &Answer, want: &Value) -> bool {
    answer.code.as_str() == want["rcode"].s()
        && lines(&answer.answer) == wanted(&want["answer"])
        && lines(&answer.authority) == wanted(&want["authority"])
        && lines(&answer.additional) == wanted(&want["additional"])
}

#[test]
fn answers_as_coredns_does() {
    let (store, config, questions) = load();
    let mut passed = 0;
    let mut failed = Vec::new();
    for case in questions.items() {
        let Some(kind) = RecordType::parse(case["type"].s()) else { continue };
        let question = Question::new(case["name"].s(), kind);
        let answer = dns::answer(store.now(), &question, &config);
        if same(&answer, &case["want"]) {
            passed += 1;
        } else {
            failed.push(format!("{} {}: {:?} {:?}", case["name"].s(), case["type"].s(), answer.code, lines(&answer.answer)));
        }
    }
    println!("{passed} of {} recorded questions are answered exactly", questions.items().len());
    println!("{}", failed.join("\n"));
    assert!(passed >= PASSING, "{passed} < {PASSING}:\n{}", failed.join("\n"));
}
