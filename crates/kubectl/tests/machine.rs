//! The machine against a scripted host: what is asked, what is printed, and that a clone in the middle goes on like the original.

use api::{Reply, Request, Status, Verb, WatchEvent, WatchKind};
use base::{Duration, Text, Time};
use kubectl::{Answer, Call, Env, FileError, Kubectl, Turn};
use value::{Value, list, obj};

/// Answers for calls; `None`: the answer comes later, or never.
type Script<'a> = &'a mut dyn FnMut(&Call) -> Option<Answer>;

fn start(line: &str) -> Kubectl {
    let words: Vec<Text> = line.split(' ').map(Text::from).collect();
    Kubectl::start(&words, Env::new(Time::EPOCH))
}

/// Runs until the command waits or ends; answers its turn and everything printed so far.
fn drive(kubectl: &mut Kubectl, now: Time, script: Script) -> Turn {
    loop {
        match kubectl.poll(now) {
            Turn::Call { id, call } => {
                if let Some(answer) = script(&call) {
                    kubectl.reply(id, answer, now);
                }
            }
            other => return other,
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

fn pod(name: &str) -> Value {
    obj! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => obj! { "name" => name, "namespace" => "default", "uid" => "u", "resourceVersion" => "7" } }
}

fn table(names: &[&str]) -> Value {
    let rows: Vec<Value> = names.iter().map(|name| obj! { "cells" => list![*name, "1/1"], "object" => pod(name) }).collect();
    let column = |name: &str, format: &str| obj! { "name" => name, "type" => "string", "format" => format, "priority" => 0 };
    obj! {
        "kind" => "Table", "metadata" => obj! { "resourceVersion" => "7" },
        "columnDefinitions" => list![column("Name", "name"), column("Ready", "")], "rows" => rows,
    }
}

fn ok(body: Value) -> Option<Answer> {
    Some(Answer::Reply(Reply::ok(body)))
}

fn refused(status: Status) -> Option<Answer> {
    Some(Answer::Reply(status.into()))
}

#[test]
fn lists_and_names_what_is_missing() {
    let mut kubectl = start("get pods a b");
    let turn = drive(&mut kubectl, Time::EPOCH, &mut |call| match call {
        Call::Request(Request { name, .. }) if name == "a" => ok(table(&["a"])),
        Call::Request(Request { name, .. }) => refused(Status::not_found("pods", name)),
        _ => None,
    });
    assert!(matches!(turn, Turn::Done(1)));
    assert_eq!(text(kubectl.take_out()), "NAME   READY\na      1/1\n");
    assert_eq!(text(kubectl.take_err()), "Error from server (NotFound): pods \"b\" not found\n");
}

#[test]
fn prints_nothing_twice_and_clones_in_the_middle() {
    let mut kubectl = start("delete pod a b --wait=false");
    let mut asked = 0;
    let turn = drive(&mut kubectl, Time::EPOCH, &mut |call| {
        asked += 1;
        matches!(call, Call::Request(_)).then(|| Answer::Reply(Reply::ok(pod("a")))).filter(|_| asked == 1)
    });
    assert!(matches!(turn, Turn::Wait(Time::NEVER)));
    assert_eq!(text(kubectl.take_out()), "pod \"a\" deleted from default namespace\n");
    let mut branch = kubectl.clone();
    for machine in [&mut kubectl, &mut branch] {
        machine.reply(1, Answer::Reply(Reply::ok(pod("b"))), Time::EPOCH);
        assert!(matches!(machine.poll(Time::EPOCH), Turn::Done(0)));
        assert_eq!(text(machine.take_out()), "pod \"b\" deleted from default namespace\n");
    }
}

#[test]
fn waits_for_a_deletion_until_the_deadline() {
    let mut answer = |call: &Call| match call {
        Call::Request(_) => ok(pod("a")),
        _ => None,
    };
    let mut kubectl = start("delete pod a --timeout=5s");
    let until = Time::EPOCH + Duration::from_secs(5);
    assert!(matches!(drive(&mut kubectl, Time::EPOCH, &mut answer), Turn::Wait(at) if at == until));
    assert!(matches!(drive(&mut kubectl, until, &mut answer), Turn::Done(1)));
    assert_eq!(text(kubectl.take_err()), "error: timed out waiting for the condition on pods/a\n");
}

#[test]
fn watches_until_it_is_interrupted() {
    let mut stream = None;
    let mut kubectl = start("get pods -w");
    let turn = loop {
        match kubectl.poll(Time::EPOCH) {
            Turn::Call { id, call: Call::Watch(request) } => {
                assert_eq!((request.verb, request.query.resource_version.as_str()), (Verb::Watch, "7"));
                stream = Some(id);
            }
            Turn::Call { id, .. } => kubectl.reply(id, Answer::Reply(Reply::ok(table(&["a-long-name"]))), Time::EPOCH),
            other => break other,
        }
    };
    assert!(matches!(turn, Turn::Wait(Time::NEVER)));
    let event = WatchEvent { kind: WatchKind::Added, object: table(&["b"]) };
    kubectl.reply(stream.expect("a watch"), Answer::Event(event), Time::EPOCH);
    assert_eq!(text(kubectl.take_out()), "NAME          READY\na-long-name   1/1\nb             1/1\n");
    kubectl.interrupt();
    assert!(matches!(kubectl.poll(Time::EPOCH), Turn::Done(130)));
}

#[test]
fn applies_a_file_and_says_what_happened() {
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: b\n";
    let mut stored: Option<Value> = None;
    for word in ["created", "unchanged"] {
        let mut kubectl = start("apply -f c.yaml");
        let turn = drive(&mut kubectl, Time::EPOCH, &mut |call| match call {
            Call::ReadFile(path) if path == "c.yaml" => Some(Answer::File(Ok(manifest.as_bytes().to_vec()))),
            Call::ReadFile(_) => Some(Answer::File(Err(FileError::Missing))),
            Call::Request(request) if request.verb == Verb::Create => {
                stored = Some(request.body.clone());
                ok(request.body.clone())
            }
            Call::Request(_) => stored.clone().map_or_else(|| refused(Status::not_found("configmaps", "c")), ok),
            _ => None,
        });
        assert!(matches!(turn, Turn::Done(0)));
        assert_eq!(text(kubectl.take_out()), format!("configmap/c {word}\n"));
    }
}

#[test]
fn a_session_takes_input_and_ends_with_the_code() {
    let words: Vec<Text> = "exec -it web -- sh".split(' ').map(Text::from).collect();
    let mut kubectl = Kubectl::start(&words, Env { tty: true, ..Env::new(Time::EPOCH) });
    let mut web = pod("web");
    web.set(&["spec", "containers"], list![obj! { "name" => "web" }]);
    let mut stream = 0;
    while let Turn::Call { id, call } = kubectl.poll(Time::EPOCH) {
        match call {
            Call::Connect(request) => {
                stream = id;
                assert_eq!(request.subresource, "exec");
            }
            _ => kubectl.reply(id, Answer::Reply(Reply::ok(web.clone())), Time::EPOCH),
        }
    }
    assert!(kubectl.takes_input());
    kubectl.input(Some("exit 3\n"));
    let Turn::Call { call: Call::Send { data, .. }, .. } = kubectl.poll(Time::EPOCH) else { panic!("input is sent") };
    assert_eq!(data.expect("text"), "exit 3\n");
    kubectl.reply(stream, Answer::Data { fd: 1, bytes: b"# ".to_vec() }, Time::EPOCH);
    kubectl.reply(stream, Answer::Exit(3), Time::EPOCH);
    assert!(matches!(kubectl.poll(Time::EPOCH), Turn::Done(3)));
    assert_eq!(text(kubectl.take_out()), "# ");
    assert_eq!(text(kubectl.take_err()), "command terminated with exit code 3\n");
}

#[test]
fn mistakes_have_kubectls_words() {
    for (line, want) in [
        ("gett pods", "error: unknown command \"gett\" for \"kubectl\"\n\nDid you mean this?\n\tset\n\tget\n"),
        ("get pods --nope", "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.\n"),
        ("get podz", "error: the server doesn't have a resource type \"podz\"\n"),
        ("create deployment web", "error: required flag(s) \"image\" not set\n"),
        ("run x --image=Nginx", "error: Invalid image name \"Nginx\": invalid reference format\n"),
        ("apply -f x.yaml", "error: the path \"x.yaml\" does not exist\n"),
    ] {
        let mut kubectl = start(line);
        let turn = drive(&mut kubectl, Time::EPOCH, &mut |call| match call {
            Call::ReadFile(_) => Some(Answer::File(Err(FileError::Missing))),
            Call::Request(_) => ok(obj! { "items" => list![] }),
            _ => None,
        });
        assert!(matches!(turn, Turn::Done(1)), "{line}");
        assert_eq!(text(kubectl.take_err()), want, "{line}");
    }
}
