//! Tests of JSONPath: expressions and answers as kubectl 1.36.2 gave them.

use super::*;
use base::Rng;

fn data() -> Value {
    crate::yaml::value(
        "
kind: List
data: {a-b: x, app.properties: \"a=1\\nb=2\\n\", dotted.key: d, num: '7'}
labels: {example.com/role: main}
none: null
items:
- metadata: {name: db, labels: {app: db}}
  spec: {hostNetwork: true, grace: 30, containers: [{name: redis, image: 'redis:7', ports: [{containerPort: 6379, protocol: TCP}]}]}
- metadata: {name: job, labels: {app: job, tier: back}}
  spec: {grace: 5, containers: [{name: busy, image: 'busybox:1.36'}]}
- metadata: {name: web, labels: {app: web, tier: front}}
  spec: {grace: 30, containers: [{name: nginx, image: 'nginx:1.27'}, {name: side, image: 'busybox:1.36'}]}
",
    )
    .unwrap()
}

fn check(template: &str, want: &str) {
    let got = Template::parse(template).and_then(|t| t.eval(&data()));
    assert_eq!(got.unwrap_or_else(|e| format!("error: {e}")), want, "{template}");
}

#[test]
fn recorded() {
    for (template, want) in [
        (r"{.data.app\.properties}", "a=1\nb=2\n"),
        (r"{.data.dotted\.key}", "d"),
        ("{.data['dotted.key']}", ""),
        ("{.data.s p}", "error: unrecognized identifier p"),
        ("{.data['s p']}", "error: unrecognized identifier p"),
        (r"{.labels.example\.com/role}", "main"),
        (r"{.labels['example\.com/role']}", "main"),
        ("kind: {.kind}, n: {.data.num}{\"\\n\"}", "kind: List, n: 7\n"),
        (r#"{"a\tb\n"}"#, "a\tb\n"),
        ("{'single'}{.data.num}", "single7"),
        ("plain text", "plain text"),
        ("{.data}", r#"{"a-b":"x","app.properties":"a=1\nb=2\n","dotted.key":"d","num":"7"}"#),
        ("{.data.missing}x", "x"),
        (r#"{"{"}{.data.num}{"}"}"#, "{7}"),
        ("{.items[?(@.spec.priority==5)].metadata.name}", ""),
        ("{.items[?(@.spec.grace>20)].metadata.name}", "db web"),
        ("{.items[?(@.spec.grace>=30)].metadata.name}", "db web"),
        ("{.items[?(@.spec.grace<30)].metadata.name}", "job"),
        ("{.items[?(@.spec.hostNetwork==true)].metadata.name}", "db"),
        ("{.items[?(@.spec.hostNetwork)].metadata.name}", "db"),
        (r#"{.items[?(@.metadata.labels.tier=="front")].metadata.name}"#, "web"),
        (r#"{.items[*].spec.containers[?(@.image=="busybox:1.36")].name}"#, "busy side"),
        (r#"{.items[?(@.spec.containers[0].name=="redis")].metadata.name}"#, "db"),
        (
            r#"{range .items[*]}{.metadata.name}{range .spec.containers[*]} {.image}{end}{"\n"}{end}"#,
            "db redis:7\njob busybox:1.36\nweb nginx:1.27 busybox:1.36\n",
        ),
        ("{range .items[?(@.metadata.labels.tier)]}{.metadata.name}/{.metadata.labels.tier} {end}", "job/back web/front "),
        (r#"{.items[*]["kind"]}"#, "error: invalid array index \"kind\""),
        ("{.items[*].spec.grace}", "30 5 30"),
        ("{.items[0].spec.containers[0].ports}", r#"[{"containerPort":6379,"protocol":"TCP"}]"#),
        ("{.items[7].metadata.name}", "error: array index out of bounds: index 7, length 3"),
        ("{.items[-1].metadata.name}", "web"),
    ] {
        check(template, want);
    }
}

#[test]
fn more() {
    for (template, want) in [
        ("{.items[0:2].metadata.name}", "db job"),
        ("{.items[::2].metadata.name}", "db web"),
        ("{.items[-2:].metadata.name}", "job web"),
        ("{.items[2:1].metadata.name}", "error: starting index 2 is greater than ending index 1"),
        ("{.items[0,2].metadata.name}", "db web"),
        ("{.items[0]['metadata','spec'].name}", "db"),
        ("{..name}", "db redis job busy web nginx side"),
        ("{.items[*].metadata.labels.*}", "db job back web front"),
        ("{.none}|{.none.x}|{.none[0]}", "null||"),
        ("{.kind[0]}", "error: string is not array or slice"),
        ("{.kind[?(@.a)]}", "error: List is not array or slice and cannot be filtered"),
        ("{.items[?(@.spec.grace==\"x\")]}", "error: incompatible types for comparison"),
        ("{.items[?(@.spec.hostNetwork>true)]}", "error: invalid type for comparison"),
        ("{.items[?(@.spec.grace=~1)]}", "error: unrecognized character in action: U+007E '~'"),
        ("{end}", "error: not in range, nothing to end"),
        ("{.a", "error: unclosed action"),
        ("{.a[", "error: unterminated array"),
        ("{.a[?(@.b", "error: unterminated filter"),
        ("{.a[?(@.b)", "error: unclosed array expect ]"),
        ("{\"a}", "error: unterminated quoted string"),
        ("{(}", "error: unrecognized character in action: U+0028 '('"),
        ("{....}", "error: invalid multiple recursive descent"),
        ("{.a[1:2:3:4]}", "error: invalid array index 1:2:3:4"),
        ("{range .missing[*]}{.x}{end}after", "after"),
        ("{1.5}{true}{-3}", "1.5true-3"),
        ("{@.kind}{$.kind}", "ListList"),
        ("", ""),
    ] {
        check(template, want);
    }
    let labels = Template::parse("{.labels}").unwrap().eval_json(&data()).unwrap();
    assert_eq!(labels, "[\n    {\n        \"example.com/role\": \"main\"\n    }\n]\n");
    assert_eq!(Template::parse("{.items[*].metadata.name}").unwrap().find(&data()).unwrap().len(), 3);
}

#[test]
fn relaxed_expressions() {
    for (text, want) in [(".a.b", "{.a.b}"), ("a.b", "{.a.b}"), ("{.a}", "{.a}"), ("{a[0]}", "{.a[0]}"), ("", "")] {
        assert_eq!(relaxed(text).as_deref(), Ok(want), "{text}");
    }
    for text in ["{.a", "a}", "{}", ".", "{{a}}"] {
        assert!(relaxed(text).unwrap_err().starts_with("unexpected path string"), "{text}");
    }
}

#[test]
fn nothing_panics_or_hangs() {
    let pieces = [
        "{", "}", "[", "]", "?(", ")", "@", ".", "..", "*", "range ", "end", "\"", "'", "\\", ",", ":", "-1", "2", "items",
        "name", "==", "é", " ", "$", "[*]",
    ];
    let mut rng = Rng::new(3);
    let data = data();
    for _ in 0..50_000 {
        let text: String = (0..rng.below(16)).map(|_| pieces[rng.below(pieces.len() as u64) as usize]).collect();
        if let Ok(template) = Template::parse(&text) {
            let _ = template.eval(&data);
        }
    }
    let deep = "{range @}".repeat(10_000);
    assert_eq!(Template::parse(&deep).unwrap().eval(&data), Err("too many nested ranges".into()));
    let wide = "{range ..}".repeat(20);
    assert_eq!(Template::parse(&wide).unwrap().eval(&data), Err("too many values".into()));
}
