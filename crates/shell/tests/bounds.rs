//! Nothing that is typed panics, hangs or grows without bound.
#![allow(clippy::too_many_lines)] // Tables.

mod common;

use base::{Rng, Text, Time};
use common::{ended, host};
use shell::{Turn, cursor, tokenize};

/// Runs a script for a bounded number of turns; whatever it does is fine as long as it is bounded.
fn survive(script: &str, bash: bool) {
    let mut host = host();
    host.machine.bash = bash;
    let mut process = host.start(&["sh", "-c", script]);
    for _ in 0..20 {
        let mut budget = 2_000;
        let now = host.now;
        let turn = process.run(&mut host.files(), now, &mut budget);
        let (out, err) = (process.take_stdout(), process.take_stderr());
        assert!(out.len() < 40 << 20 && err.len() < 40 << 20, "{script}");
        process.take_calls();
        match turn {
            Turn::Exited(_) => return,
            Turn::Ready => host.now = host.now + base::Duration::from_millis(1),
            Turn::Waiting { until: Time::NEVER, .. } => return,
            Turn::Waiting { until, .. } => host.now = until,
        }
    }
}

#[test]
fn endless_scripts_stay_bounded() {
    for script in [
        "while :; do :; done",
        "while true; do a=$a$a-x; done",
        ":(){ :|:& };:",
        "f() { f & f; }; f",
        "while :; do echo x >> /tmp/f; done",
        "yes",
        "yes | cat | cat | tr y n",
        "cat /dev/zero",
        "cat /dev/zero | sort",
        "x=$(yes)",
        "x=$(cat /dev/zero)",
        "i=0; while :; do mkdir /tmp/$i; cd /tmp/$i; i=$((i+1)); done",
        "while :; do mkdir d; cd d; done",
        "seq 1 100000000000 | sort -n | tail -1",
        "printf '%1000000000d' 1",
        "eval \"$(yes 'eval x;' | head -1000)\"",
        "trap 'kill $$' TERM; kill $$; wait",
        "while :; do sleep 0; done",
        "set -- $(seq 1 100000); set -- $@ $@ $@ $@; echo $#",
        "awk 'BEGIN { while (1) print \"x\" }'",
        "awk 'BEGIN { while (1) s = s \"xxxxxxxxxx\" }'",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -E '(a*)*b'",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | sed -E 's/((a|aa)+)+\\1c/x/'",
        "x=$(seq 1 20000); echo ${x##*[0-9]*z}; echo ${x//[0-9]/yyyyyyyyyy} | wc -c",
        "sed ':a;s/x/xx/;ta'<<<x",
        "sed ':a;ba'<<<x",
        "exec sh -c 'exec sh -c \"exec sh\"'",
        "a=b; b=a; echo $((a))",
        "cp -r / /tmp/x; cp -r /tmp /tmp/y; cp -r /tmp /tmp/z; cp -r /tmp /tmp/w; find / | wc -l",
        "find / -exec find / \\;",
        "head -c 99999999999 /dev/zero",
        "tail -c 99999999999 /dev/zero",
        "xargs -n1 echo < /dev/zero",
        "timeout 1 sh -c 'while :; do :; done'; echo $?",
        "echo $(echo $(echo $(echo $(echo $(echo $(echo deep))))))",
        "ln -s /tmp/l /tmp/l; cat /tmp/l/x; cd /tmp/l; ls -R /tmp",
        "read x < /dev/zero",
        "diff /dev/zero -",
        "alias a=a; a; alias b=c c=b; b",
        "((((((((((1))))))))))",
        "echo {1..999999999}{1..999999999}",
    ] {
        survive(script, false);
        survive(script, true);
    }
}

#[test]
fn random_scripts_never_panic() {
    let pieces = [
        "a",
        "$",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "`",
        "\\",
        "|",
        "&",
        ";",
        "<",
        ">",
        "\n",
        " ",
        " ",
        " ",
        "=",
        "~",
        "*",
        "?",
        "!",
        "#",
        "if ",
        "then ",
        "fi",
        "for ",
        "in ",
        "do ",
        "done",
        "case ",
        "esac",
        "while ",
        "$((",
        "))",
        "${",
        "${x:-",
        "%%",
        "##",
        ":",
        "$(",
        "$x",
        "x=1 ",
        "echo ",
        "cat ",
        "<<EOF\n",
        "\nEOF\n",
        "2>&1",
        "&&",
        "||",
        ";;",
        "[[ ",
        " ]]",
        "1",
        "0",
        "9",
        "-",
        "+",
        "é",
        "sed s/",
        "/",
        "awk '{",
        "grep -E '",
        "printf '%",
        "d",
        "s'",
        "\\(",
        "\\1",
        "sort -k",
        "cut -f",
        "tr a-",
        "test ",
        "-eq",
        "expr ",
        "date -d ",
        "find . -",
        "head -",
        "tail -n ",
        "trap ",
        "read ",
        "local ",
        "eval ",
        "exec ",
        "f() ",
        "{1..",
        "@",
        "sleep 1",
        "seq ",
        "xargs ",
        "curl ",
        "wget ",
        "nslookup ",
        "dig ",
        "ping ",
        "nc ",
        "http://",
        "%{",
        "\u{1}",
    ];
    let mut rng = Rng::new(42);
    for round in 0..6000 {
        let len = rng.between(1, 24);
        let script: String = (0..len).map(|_| pieces[rng.below(pieces.len() as u64) as usize]).collect();
        survive(&script, round % 2 == 0);
        let _ = (tokenize(&script), cursor(&script, rng.below(40) as usize));
    }
}

#[test]
fn random_arguments_never_panic() {
    let tools = shell::commands("", &shell::Machine::new("x"));
    let words = [
        "-",
        "--",
        "-n",
        "-c",
        "1",
        "-1",
        "99999999999999999999",
        "0",
        "x",
        "é",
        "",
        "/",
        "/etc/hosts",
        "/tmp",
        "/nope",
        "{}",
        "s/a/b/g",
        "a-z",
        "[:alpha:]",
        "%s",
        "%*d",
        "'",
        "\"",
        "(",
        ")",
        "=",
        "+",
        "-e",
        "-f",
        "-F",
        "{print $1}",
        "$0",
        "1,2p",
        "-k2,1",
        "-d",
        ",",
        "@1",
        "+%N%j%-",
        "infinity",
        "0.0000001",
        "-exec",
        ";",
        "-type",
        "http://a",
        "a:b",
        "[::1]",
        "-w",
        "%{http_code}",
        "-x",
        "-t",
        "\\",
        "[",
        "*",
        "-A",
        "-m",
        "-r",
        "-R",
        "-s",
        "5d",
        "!",
    ];
    let mut rng = Rng::new(7);
    for round in 0..4000 {
        let mut argv = vec![tools[rng.below(tools.len() as u64) as usize].clone()];
        argv.extend((0..rng.below(5)).map(|_| words[rng.below(words.len() as u64) as usize].to_string()));
        let script = argv.iter().map(|word| shell::quote(word)).collect::<Vec<_>>().join(" ");
        survive(&format!("printf 'a b\\n1 2\\n\\303\\n' | {script}"), round % 2 == 0);
    }
}

#[test]
fn a_sleeping_process_is_small_and_cheap_to_clone() {
    let mut host = host();
    let mut process = host.start(&["sh", "-c", "sleep 3600"]);
    let mut out = ended();
    let soon = host.now + base::Duration::SECOND;
    assert!(!host.drive(&mut process, soon, &mut out));
    assert_eq!(process.rows(), [(7, "sleep 3600".to_string())]);
    let copies: Vec<_> = (0..1000).map(|_| process.clone()).collect();
    assert_eq!(copies.len(), 1000);
    assert_eq!(process.cwd(), Some(Text::from("/")));
}
