//! Tests of reading: what kubectl answered to broken texts, positions, limits, and that nothing panics.

use super::*;
use base::Rng;

fn fails(text: &str, message: &str) -> YamlError {
    let error = documents(text).into_iter().find_map(|d| d.value.err()).unwrap_or_else(|| panic!("read: {text}"));
    assert_eq!(error.to_string(), message, "{text}");
    error
}

fn json(text: &str) -> String {
    documents(text).into_iter().map(|d| d.value.map_or_else(|e| e.to_string(), |v| v.to_json())).collect::<Vec<_>>().join(" ")
}

/// Recorded from kubectl 1.36.2.
#[test]
fn errors_of_go_yaml() {
    let at = |text: &str, words: &str| {
        let e = fails(text, &format!("error converting YAML to JSON: yaml: {words}"));
        (e.line, e.column)
    };
    at("apiVersion: v1\nkind ConfigMap\nmetadata:\n  name: a\n", "line 3: could not find expected ':'");
    at("apiVersion: v1\nkind: \"ConfigMap\nmetadata:\n  name: a\n", "line 5: found unexpected end of stream");
    at("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\ndata: {}\n", "line 3: did not find expected ',' or '}'");
    let b5 = at(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  url: see: here\n",
        "line 6: mapping values are not allowed in this context",
    );
    assert_eq!(b5, (6, 11));
    at("apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n", "line 4: found character that cannot start any token");
    at("a: *x\n", "unknown anchor 'x' referenced");
    at("a: {{ .Values.b }}\n", "invalid map key: map[interface {}]interface {}{\".Values.b\":interface {}(nil)}");
    at("a: @b\n", "found character that cannot start any token");
    at("<<: 1\n", "map merge requires map or sequence of maps as the value");
    assert_eq!(fails("{\"a\":{\"b\":1}\n", "unexpected EOF").line, 2);
    fails("a: .inf", "error converting YAML to JSON: json: unsupported value: +Inf");
}

#[test]
fn documents_split() {
    let text = "# head\n---\na: 1\n---   # next\n\n--- \n# nothing\n---\nb: [x\n---\nc: 1\n--- d\n";
    let found: Vec<_> = documents(text).into_iter().map(|d| (d.start_line, d.value.is_ok())).collect();
    assert_eq!(found, [(3, true), (9, false), (11, true)]);
    assert_eq!(documents("---\na: 1\n")[0].start_line, 1);
    assert_eq!(documents("a: 1\n---\nb: [\n")[1].value.as_ref().unwrap_err().line, 4);
    assert!(documents("").is_empty() && documents("\n\n# x\n---\n---\n").is_empty() && documents("null").is_empty());
    assert_eq!(json("\u{feff}a: 1\r\n---\r\nb: 2\r\n"), r#"{"a":1} {"b":2}"#);
    assert_eq!(json("{\"a\":1}\n{\"b\":\"\\ud83d\\ude00\"}"), r#"{"a":1} {"b":"😀"}"#);
    assert_eq!(json("{'a':'b',}"), r#"{"a":"b"}"#);
    assert_eq!(json("just some text"), r#""just some text""#);
}

#[test]
fn words_of_yaml_1_1() {
    let text = "a: yes\nb: 'yes'\nc: \"no\"\nd: off\ny: 1\n'n': 2\nn: 3\n80: x\n0x10: z\ne: 0755\nf: !!str 12\ng: !!str on\nh: 1e3\ni: 1_000\nj: ~\nk:\n'a': |\n  yes\n1.5: z\nl: !Tag {m: on}\no: 18446744073709551615\n";
    let want = r#"{"1.5":"z","16":"z","80":"x","a":"yes\n","b":"yes","c":"no","d":false,"e":493,"f":"12","false":3,"g":"on","h":1000,"i":1000,"j":null,"k":null,"l":{"m":true},"n":2,"o":18446744073709552000,"true":1}"#;
    assert_eq!(json(text), want);
    assert_eq!(
        json("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: {<<: [{f: 1}, {f: 2, g: 3}]}\n"),
        r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":3},"e":{"f":1,"g":3}}"#
    );
    assert_eq!(json("a:\n- b\n- - c\n  - d: |-\n      x\n       y\n"), r#"{"a":["b",["c",{"d":"x\n y"}]]}"#);
}

#[test]
fn positions_of_parts() {
    let text = "# x\nkind: Pod\n---\napiVersion: v1\nmetadata:\n  labels: {example.com/a: 'b', \"c\": d}\nspec:\n  containers:\n  - image: nginx\n    ports:\n    - containerPort: 80\n  -   é: 1\n      name: b\n  items: [1, x]\n";
    let document = &documents(text)[1];
    for (path, want) in [
        ("apiVersion", (4, 1)),
        ("spec", (7, 1)),
        ("spec.containers", (8, 3)),
        ("spec.containers[0]", (9, 5)),
        ("spec.containers[0].image", (9, 5)),
        ("spec.containers[0].ports[0].containerPort", (11, 7)),
        ("spec.containers[1].name", (13, 7)),
        ("spec.containers[1].missing.deep", (12, 7)),
        ("spec.containers[7]", (8, 3)),
        ("metadata.labels.example.com/a", (6, 12)),
        ("metadata.labels[example.com/a]", (6, 12)),
        ("metadata.labels[c]", (6, 33)),
        ("spec.items[0]", (14, 3)),
        ("spec.items[1]", (14, 14)),
        ("nothing", (4, 1)),
        ("", (4, 1)),
    ] {
        assert_eq!(document.positions.of(path), Some(want), "{path}");
    }
    assert_eq!(document.positions.exact("spec.containers[0].nope"), None);
    assert_eq!(document.positions.exact("spec.containers[0].image"), Some((9, 5)));
}

#[test]
fn duplicates_are_told() {
    let document = &documents("x: 1\n---\ndata:\n  x: '1'\n  z: 2\n  x: '2'\n")[1];
    assert_eq!(document.value, Ok(obj! { "data" => obj! { "x" => "2", "z" => 2 } }));
    assert_eq!(document.duplicates, [Duplicate { path: "data.x".into(), key: "x".into(), line: 6, column: 3 }]);
}

#[test]
fn limits() {
    let words = |text: &str| documents(text)[0].value.clone().unwrap_err().message;
    assert!(words(&"[".repeat(100_000)).contains("exceeded max depth"));
    assert!(words(&"[".repeat(500)).contains("exceeded max depth"));
    assert!(words(&"- ".repeat(100_000)).contains("exceeded max depth"));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    (1..12).for_each(|n| bomb += &format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9)));
    assert!(words(&bomb).contains("excessive aliasing"));
    assert!(words(&format!("a: {}", "x".repeat(3 << 20))).contains("longer than 3 MiB"));
    assert!(words(&"%a\n".repeat(5000)).contains("too many directives"));
}

/// Random texts of YAML's own alphabet: reading them never panics, and what can be read is written and read again.
#[test]
fn no_text_panics() {
    let alphabet: Vec<char> = "ab:- \n\t\"'[]{},&*!|>%@`#?.~01xé\u{2028}\u{85}\r\u{feff}😀<=\\_".chars().collect();
    let pieces = [
        "a: b\n",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "---\n",
        "!!str ",
        "|\n  ",
        ">-\n",
        "? ",
        "\"x\\u00e9\"",
        "yes",
        "0755",
        "{a: 1}",
        "%YAML 1.1\n",
    ];
    let mut rng = Rng::new(11);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..rng.below(14) {
            if rng.chance(50) {
                text.push(alphabet[rng.below(alphabet.len() as u64) as usize]);
            } else {
                text.push_str(pieces[rng.below(pieces.len() as u64) as usize]);
            }
        }
        for document in documents(&text) {
            let Ok(value) = document.value else { continue };
            assert_eq!(super::value(&value.to_yaml()).map_err(|e| e.to_string()), Ok(value), "{text:?}");
        }
    }
}

fn random_value(rng: &mut Rng, depth: u32) -> Value {
    match rng.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => Value::Bool(rng.chance(50)),
        2 => Value::Int(rng.next_u64() as i64 >> rng.below(60)),
        3 => Value::Float((rng.between(-1_000_000, 1_000_000) as f64) / 1024.0),
        4 => Value::str(&random_text(rng)),
        5 => Value::List((0..rng.below(4)).map(|_| random_value(rng, depth - 1)).collect()),
        _ => Value::Map((0..rng.below(4)).map(|_| (crate::name(&random_text(rng)), random_value(rng, depth - 1))).collect()),
    }
}

fn random_text(rng: &mut Rng) -> String {
    let pieces = [
        "a",
        " ",
        "\n",
        ": ",
        "- ",
        "#",
        "'",
        "\"",
        "yes",
        "1",
        "-",
        ".",
        "é",
        "\t",
        "{",
        "]",
        "|",
        "~",
        "\\",
        "e5",
        "_",
        "long word ",
        "\u{1}",
        "😀",
        "\r",
    ];
    let len = if rng.chance(5) { 60 } else { 6 };
    (0..rng.below(len)).map(|_| pieces[rng.below(pieces.len() as u64) as usize]).collect()
}

#[test]
fn out_and_in_is_identity() {
    let mut rng = Rng::new(5);
    for _ in 0..5_000 {
        let value = obj! { "root" => random_value(&mut rng, 4) };
        let text = value.to_yaml();
        assert_eq!(super::value(&text).map_err(|e| e.to_string()), Ok(value), "{text}");
    }
}
