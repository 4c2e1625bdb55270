//! Scripts and what they print: the language, the text tools, files, time. What busybox 1.36 prints is the measure.
#![allow(clippy::too_many_lines)] // Tables.

mod common;

use base::{Duration, Time};
use common::{ended, host, sh, shown};
use shell::{Mount, Signal, Tree};

fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (script, want) in cases {
        let got = sh(script);
        if got != *want {
            wrong.push(format!("--- {script}\nwant {want:?}\ngot  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn words_and_variables() {
    check(&[
        ("echo hello", "hello\n"),
        ("echo -n a; echo b", "ab\n"),
        ("echo 'a  b' \"c  d\" e  f", "a  b c  d e f\n"),
        ("x=1; echo $x ${x} \"$x\" '$x' \\$x", "1 1 1 $x $x\n"),
        ("x='a b  c'; echo $x; echo \"$x\"", "a b c\na b  c\n"),
        ("echo ${y:-def} ${y-def} ${y:=set} $y ${y:+alt}", "def def set set alt\n"),
        ("f=/a/b.tar.gz; echo ${f##*/} ${f#*/} ${f%.*} ${f%%.*} ${#f}", "b.tar.gz a/b.tar.gz /a/b.tar /a/b 11\n"),
        ("x=hello; echo ${x:1:3} ${x/l/L} ${x//l/L} ${x: -2}", "ell heLlo heLLo lo\n"),
        ("echo $((1+2*3)) $(( (1+2)*3 )); i=5; echo $((i++)) $i $((i+=2))", "7 9\n5 6 8\n"),
        ("echo $(echo a; echo b) `echo c`", "a b c\n"),
        ("x=$(printf 'a\\n\\n'); echo \"[$x]\"", "[a]\n"),
        ("echo \"$(echo \"in $(echo ner)\")\"", "in ner\n"),
        (
            "set -- a 'b c' d; echo $# $1 $2; for i in \"$@\"; do echo \"<$i>\"; done; shift; echo $*",
            "3 a b c\n<a>\n<b c>\n<d>\nb c d\n",
        ),
        ("IFS=:; x=a:b::c; for i in $x; do echo \"<$i>\"; done", "<a>\n<b>\n<>\n<c>\n"),
        ("cd /etc; echo h*; echo nothing*; echo 'h*'", "hostname hosts\nnothing*\nh*\n"),
        ("echo ~ ~/x", "/root /root/x\n"),
        ("cat <<EOF\na $((1+1)) $(echo b)\n\\$x\nEOF", "a 2 b\n$x\n"),
        ("cat <<'EOF'\n$x `y`\nEOF", "$x `y`\n"),
        ("cat <<-EOF\n\tx\n\tEOF\necho after", "x\nafter\n"),
        ("cat <<< \"here $((2+2))\"", "here 4\n"),
        ("x=a; x=b y=$x; echo $x $y", "b b\n"),
        ("x=1 sh -c 'echo $x'; echo \"[$x]\"", "1\n[]\n"),
        ("a=1; export a b=2; sh -c 'echo $a $b'", "1 2\n"),
        ("unset HOME; echo ${HOME:-none}", "none\n"),
        ("printf '%s\\n' a b; printf '%5d|%-5s|%05.1f|%x\\n' 42 ab 3.14159 255", "a\nb\n   42|ab   |003.1|ff\n"),
        ("echo ${x?bad}; echo no", "sh: x: bad\n[2]"),
        ("set -u; echo $nope; echo no", "sh: nope: parameter not set\n[2]"),
        ("echo $((1/0)); echo no", "sh: divide by zero\n[2]"),
        ("echo \"a\\\nb\" c\\\nd", "ab cd\n"),
        ("echo a\\ b \"\\\"q\\\"\" '\"'", "a b \"q\" \"\n"),
        ("x='*'; cd /etc; echo \"$x\" $x", "* hostname hosts passwd resolv.conf\n"),
        ("echo a; # comment\necho b#c", "a\nb#c\n"),
        ("echo $'a\\tb'", "a\tb\n"),
        ("e=; echo \"$e\" $e x", " x\n"),
        ("echo ${#} $0", "0 sh\n"),
        ("eval 'x=5; echo $x'; eval echo '$x'", "5\n5\n"),
    ]);
}

#[test]
fn control_flow() {
    check(&[
        ("if true; then echo y; else echo n; fi", "y\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n"),
        ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n"),
        ("i=0; until [ $i -ge 2 ]; do echo $i; i=$((i+1)); done", "0\n1\n"),
        ("for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done", "1\n3\n"),
        ("for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done", "1a\n2a\n"),
        ("case foo.txt in *.md) echo md;; *.txt|*.text) echo text;; *) echo other;; esac", "text\n"),
        ("case 10.244.0.1 in 10.244.0.1) echo node;; *) echo pod;; esac", "node\n"),
        ("f() { local x=2; echo $x $1; return 3; }; x=1; f a; echo $? $x", "2 a\n3 1\n"),
        ("f() { echo $#; }; f a 'b c'; function g { echo g; }; g", "2\ng\n"),
        ("fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1-1))) )); fi; }; fact 6", "720\n"),
        ("true && echo a || echo b; false && echo a || echo b; ! true; echo $?", "a\nb\n1\n"),
        ("(x=2; echo $x; exit 3); echo $? $x", "2\n3\n"),
        ("{ echo a; echo b; } | wc -l", "2\n"),
        ("false; echo $?; true; echo $?", "1\n0\n"),
        ("exit 7", "[7]"),
        ("sh -c 'exit 42'; echo $?", "42\n"),
        ("set -e; echo a; false; echo b", "a\n[1]"),
        ("set -e; if false; then :; fi; false || true; ! true; echo ok", "ok\n"),
        ("set -e; f() { false; echo in; }; f; echo out", "[1]"),
        ("set -e; x=$(false); echo no", "[1]"),
        ("set -x; echo a 'b c'", "a b c\n+ echo a 'b c'\n"),
        ("false | true; echo $?; set -o pipefail; false | true; echo $?", "0\n1\n"),
        ("echo a | while read x; do echo got $x; done", "got a\n"),
        ("printf '1 2 3\\n4 5\\n' | while read a b; do echo \"$a-$b\"; done", "1-2 3\n4-5\n"),
        ("while read l; do echo \"<$l>\"; done < /etc/hostname", "<box>\n"),
        ("while read -r a; do echo $a; done <<EOF\nx\\y\nEOF", "x\\y\n"),
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n"),
        ("trap 'echo bye; exit 3' EXIT; exit 1", "bye\n[3]"),
        ("[ -f /etc/hosts ] && [ ! -d /etc/hosts ] && echo ok", "ok\n"),
        ("[ a = a -a b != c ] && echo ok; [ -z '' ] && [ -n x ] && echo ok2; [ 3 -gt 2 ] && echo ok3", "ok\nok2\nok3\n"),
        (
            "[[ foobar == foo* && ! -e /nope ]] && echo y; [[ a1 =~ ^[a-z][0-9]$ ]] && echo z; [[ x == \"*\" ]] || echo lit",
            "y\nz\nlit\n",
        ),
        ("test 1 -eq x; echo $?", "2\nsh: x: bad number\n"),
        ("(( 3 > 2 )) && echo yes; for ((i=0; i<3; i++)); do echo $i; done", "yes\n0\n1\n2\n"),
        ("alias ll='echo aliased'; ll x", "aliased x\n"),
        ("command -v echo; type cd; command -v nosuch; echo $?", "echo\ncd is a shell builtin\n127\n"),
        ("foo", "sh: foo: not found\n[127]"),
        ("foo | cat; echo $?", "0\nsh: foo: not found\n"),
        ("/no/such", "sh: /no/such: not found\n[127]"),
        ("/etc", "sh: /etc: Permission denied\n[126]"),
        ("if true; fi", "sh: syntax error: unexpected \"fi\" (expecting \"then\")\n[2]"),
        ("echo \"abc", "sh: syntax error: unterminated quoted string\n[2]"),
        ("cd /nope", "sh: cd: line 0: can't cd to /nope: No such file or directory\n[2]"),
        ("getopts_test() { while getopts 'ab:' o; do echo $o $OPTARG; done; }; getopts_test -a -b x -bc", "a\nb x\nb c\n"),
        ("readonly r=1; r=2; echo no", "sh: r: is read only\n[2]"),
        ("f() { f; }; f", "sh: maximum recursion depth exceeded\n[2]"),
        ("x=5; (( x += 2 )); let x*=2; echo $x", "14\n"),
        ("echo a > /tmp/s.sh; echo 'echo $0 $1' > /tmp/s.sh; sh /tmp/s.sh arg; . /tmp/s.sh", "/tmp/s.sh arg\nsh\n"),
        (
            "printf '#!/bin/sh\\necho script $1' > /tmp/x; /tmp/x; chmod +x /tmp/x; /tmp/x hi",
            "script hi\nsh: /tmp/x: Permission denied\n",
        ),
        ("exec echo replaced; echo no", "replaced\n"),
        ("exec > /tmp/log; echo in; exec 1>&2; cat /tmp/log >&2", "in\n"),
        ("false | true | false; echo ${PIPESTATUS[0]} ${PIPESTATUS[1]}", "1 0\n"),
    ]);
}

#[test]
fn redirections_and_pipes() {
    check(&[
        ("echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f", "a\nb\n"),
        ("echo out; echo err >&2", "out\nerr\n"),
        ("ls /nope 2>/dev/null; echo $?", "1\n"),
        ("ls /nope > /tmp/o 2>&1; cat /tmp/o", "ls: /nope: No such file or directory\n"),
        ("{ echo a; echo b >&2; } &> /tmp/o; wc -l < /tmp/o", "2\n"),
        ("echo x > /nope/y", "sh: can't create /nope/y: nonexistent directory\n[1]"),
        ("cat < /nope", "sh: can't open /nope: no such file\n[1]"),
        ("yes | head -2", "y\ny\n"),
        ("yes | head -100000 | tail -1", "y\n"),
        ("seq 1 5 | tac | tr '\\n' ' '", "5 4 3 2 1 "),
        ("echo hi | tee /tmp/a /tmp/b; cat /tmp/a /tmp/b", "hi\nhi\nhi\n"),
        ("exec 3> /tmp/three; echo a >&3; exec 3>&-; cat /tmp/three", "a\n"),
        ("echo a | { read x; echo \"$x\"; cat; }", "a\n"),
        ("printf 'a\\nb\\n' | { read x; cat; }", "b\n"),
        ("(echo a; echo b) | (read x; read y; echo $y$x)", "ba\n"),
        ("head -c 1000000 /dev/zero | tr '\\0' x | wc -c", "1000000\n"),
        ("echo log > /proc/1/fd/1", "log\n"),
        ("echo x > /dev/stderr; cat /dev/null; echo y > /dev/null", "x\n"),
        ("cat /etc/hostname - < /etc/hostname", "box\nbox\n"),
        ("true > /tmp/empty; [ -s /tmp/empty ] || echo empty", "empty\n"),
        ("sleep 5 & echo $! ; wait; echo done", "8\ndone\n"),
        ("(sleep 1; echo late) & echo early; wait", "early\nlate\n"),
        ("sleep 100 & p=$!; kill $p; wait $p; echo $?", "143\n"),
        ("kill 99999", "sh: can't kill pid 99999: No such process\n[1]"),
        ("timeout 1 sleep 5; echo $?", "143\n"),
        ("timeout 5 echo in; echo $?", "in\n0\n"),
        ("for i in 1 2 3; do sleep 1; done & wait; date +%S", "08\n"),
        ("time sleep 1.5", "real\t0m 1.50s\nuser\t0m 0.00s\nsys\t0m 0.00s\n"),
        ("while true; do echo x; sleep 1; done | head -2", "x\nx\n"),
        ("sleep x", "sleep: invalid number 'x'\n[1]"),
        ("sh -c 'kill $$'; echo $?", "143\n"),
        ("trap '' TERM; kill $$; echo alive", "alive\n"),
    ]);
}

#[test]
fn files() {
    check(&[
        ("mkdir -p /a/b/c; touch /a/f /a/b/g; ls /a; ls -R /a | head -3", "b\nf\n/a:\nb\nf\n"),
        ("mkdir /etc", "mkdir: can't create directory '/etc': File exists\n[1]"),
        ("mkdir /x/y", "mkdir: can't create directory '/x/y': No such file or directory\n[1]"),
        ("rm /nope", "rm: can't remove '/nope': No such file or directory\n[1]"),
        (
            "rm -f /nope; echo $?; rm /etc; rm -r /etc; ls /etc",
            "0\nrm: '/etc' is a directory\nls: /etc: No such file or directory\n[1]",
        ),
        ("cat /nope", "cat: can't open '/nope': No such file or directory\n[1]"),
        ("cat /etc", "cat: read error: Is a directory\n[1]"),
        ("cp /etc/hostname /tmp/h; mv /tmp/h /tmp/i; cat /tmp/i; ls /tmp", "box\ni\n"),
        ("mkdir /d; cp /etc/hostname /d; ls /d; cp -r /d /e; cat /e/hostname", "hostname\nbox\n"),
        (
            "ln -s /etc/hostname /tmp/l; cat /tmp/l; readlink /tmp/l; readlink -f /tmp/l; ls -l /tmp/l | cut -c1-10",
            "box\n/etc/hostname\n/etc/hostname\nlrwxrwxrwx\n",
        ),
        ("touch /tmp/a; ls -l /tmp/a", "-rw-r--r--    1 root     root             0 Jan  2 03:04 /tmp/a\n"),
        ("ls -la /root | head -2 | tail -1 | cut -c1-10", "drwx------\n"),
        ("chmod 600 /etc/hostname; stat -c '%a %u %g %F' /etc/hostname", "600 0 0 regular file\n"),
        ("touch /x/y", "touch: /x/y: No such file or directory\n[1]"),
        ("find /etc -name 'host*'; find /etc -type d", "/etc/hostname\n/etc/hosts\n/etc\n"),
        (
            "mkdir -p /q/r; touch /q/1 /q/r/2; find /q -type f -exec echo f {} \\;; find /q -maxdepth 1 | sort",
            "f /q/1\nf /q/r/2\n/q\n/q/1\n/q/r\n",
        ),
        ("touch /q1 /q2; find / -name 'q?' | xargs rm; ls /q1", "ls: /q1: No such file or directory\n[1]"),
        ("basename /a/b.c .c; dirname /a/b.c; dirname x", "b\n/a\n.\n"),
        ("cd /tmp; pwd; cd ..; pwd; cd -; echo $OLDPWD", "/tmp\n/\n/tmp\n/\n"),
        ("echo abc > /tmp/f; sed -i s/b/X/ /tmp/f; cat /tmp/f", "aXc\n"),
        ("printf 'b\\na\\n' > /tmp/f; sort -o /tmp/f /tmp/f; cat /tmp/f", "a\nb\n"),
        ("test -e /dev/null && [ -c /dev/null ] && echo dev", "dev\n"),
        ("f=$(mktemp); [ -f $f ] && echo ${f%.*}", "/tmp/tmp\n"),
        ("truncate -s 3 /tmp/t; wc -c < /tmp/t", "3\n"),
        (
            "diff /etc/hosts /etc/hosts && echo same; printf 'a\\nb\\n' > /a; printf 'a\\nc\\n' > /b; diff /a /b",
            "same\n--- /a\n+++ /b\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n[1]",
        ),
        (
            "hostname; hostname -f; hostname -i; id; whoami; id -u; uname",
            "box\nbox.sub.ns.svc.cluster.local\n10.244.0.9\nuid=0(root) gid=0(root) groups=0(root)\nroot\n0\nLinux\n",
        ),
    ]);
}

#[test]
fn text_tools() {
    check(&[
        ("printf 'b 2\\na 10\\nc 1\\n' | sort; printf 'b 2\\na 10\\nc 1\\n' | sort -k2 -n | head -1", "a 10\nb 2\nc 1\nc 1\n"),
        ("printf '3\\n1\\n2\\n1\\n' | sort -rnu | tr '\\n' ,", "3,2,1,"),
        ("printf 'a\\na\\nb\\n' | uniq -c", "      2 a\n      1 b\n"),
        ("printf 'one\\ntwo\\nthree\\n' | grep -n t; echo $?", "2:two\n3:three\n0\n"),
        ("printf 'one\\ntwo\\n' | grep -v one; printf 'x\\n' | grep -c y; echo $?", "two\n0\n1\n"),
        ("echo foo-123-bar | grep -oE '[0-9]+'; echo 'Ab' | grep -i ab; grep -q box /etc/hostname && echo q", "123\nAb\nq\n"),
        ("grep root /nope", "grep: /nope: No such file or directory\n[2]"),
        ("printf 'a\\nb\\nc\\nd\\n' | grep -A1 -B1 -m1 c", "b\nc\nd\n"),
        (
            "grep -h box /etc/hostname /etc/hosts | wc -l; grep -l box /etc/host*; grep -w box /etc/hostname",
            "2\n/etc/hostname\n/etc/hosts\nbox\n",
        ),
        ("echo 'nodePort: 30080' | sed 's/[0-9]*$/N/'; echo a/b | sed 's#/#-#g'", "nodePort: N\na-b\n"),
        ("printf '1\\n2\\n3\\n4\\n' | sed -n '2,3p'; printf 'a\\nb\\n' | sed '$d'; printf 'a\\nb\\n' | sed 1d", "2\n3\na\nb\n"),
        ("echo abc | sed -E 's/(a)(b)/\\2\\1/'; echo hello | sed 's/l/L/2'; echo x | sed 's/.*/\"&\"/'", "bac\nhelLo\n\"x\"\n"),
        ("printf 'x\\nEvents: y\\nz\\n' | sed '/^Events/,$d'; printf 'a\\n' | sed 's/a/b/;s/b/c/'", "x\nc\n"),
        ("printf 'a\\nb\\n' | sed 'a after' | tr '\\n' ' '; echo k: v | sed -e 's/k/K/' -e 's/v/V/'", "a after b after K: V\n"),
        ("printf 'a\\nb\\nc\\n' | sed 'N;s/\\n/+/'; printf 'a\\nb\\n' | sed ':x;N;$!bx;s/\\n/,/g'", "a+b\nc\na,b\n"),
        ("echo work-abcde-12345678 | sed -E 's/-[a-z0-9]{5}-/-RAND-/g'", "work-RAND-12345678\n"),
        (
            "echo a,b,c | cut -d, -f2; echo abcdef | cut -c2-4; echo a:b | cut -d: -f1,2; echo x.y.z | cut -d. -f2-",
            "b\nbcd\na:b\ny.z\n",
        ),
        ("echo 'a b c' | awk '{print $2, NF, $NF}'; awk -F: '{print $1}' /etc/passwd", "b 3 c\nroot\n"),
        (
            "printf '1\\n2\\n3\\n' | awk '{s+=$1} END {print s, s/NR}'; echo | awk '{printf \"%s-%03d\\n\", \"x\", 7}'",
            "6 2\nx-007\n",
        ),
        ("printf 'a 1\\nb 2\\n' | awk '$2>1{print $1}'; printf 'x y\\n' | awk '/x/ {print \"m\"} !/x/ {print \"n\"}'", "b\nm\n"),
        (
            "echo '3 4/5' | awk -F'[/ ]' '$1<=$2{print $3,$1}'; echo '5 5 5 1-1' | awk '{split($4,g,\"-\"); print $1,(g[1]==g[2])}'",
            "5 3\n5 1\n",
        ),
        (
            "awk 'BEGIN { for (i=1;i<=3;i++) s = s i; print s, length(s), substr(s,2,1), toupper(\"a\"), index(\"abc\",\"c\") }'",
            "123 3 2 A 3\n",
        ),
        (
            "printf 'a\\nb\\na\\n' | awk '{c[$1]++} END {for (k in c) print k, c[k]}'; echo a1b2 | awk '{print gsub(/[0-9]/,\"\"), $0}'",
            "a 2\nb 1\n2 ab\n",
        ),
        (
            "printf '7 a\\n3 b\\n' | awk '{print ($1>5 ? \"many\" : \"few\"), $2}'; awk 'BEGIN{print 1/3, 1e6, 0.1+0.2, 10%3, 2^10}'",
            "many a\nfew b\n0.333333 1000000 0.3 1 1024\n",
        ),
        (
            "printf 'l1\\nl2\\nl3\\n' | awk 'NR==2{exit} {print} END{print \"end\"}'; awk -v x=5 'BEGIN{print x+1}'",
            "l1\nend\n6\n",
        ),
        ("awk 'BEGIN{while(1){}}'", "awk: cmd. line:1: runs for too long\n[2]"),
        ("printf 'a b\\n' | wc; wc -l /etc/hosts; printf 'a b\\n' | wc -w", "        1         2         4\n2 /etc/hosts\n2\n"),
        (
            "seq 3; seq 2 2 6 | tr '\\n' ' '; seq -w 8 10 | head -1; seq 3 -1 1 | tr -d '\\n'; seq 0.5 0.5 1.5 | tail -1",
            "1\n2\n3\n2 4 6 08\n3211.5\n",
        ),
        (
            "echo Hello | tr a-z A-Z; echo aabb | tr -s a; echo abc | tr -d b; echo 'a b' | tr ' ' '\\n'; echo a1 | tr -cd '[:digit:]'",
            "HELLO\nabb\nac\na\nb\n1",
        ),
        (
            "printf abc | base64; echo YWJj | base64 -d; echo; printf abc | md5sum",
            "YWJj\nabc\n900150983cd24fb0d6963f7d28e17f72  -\n",
        ),
        (
            "head -n 1 /etc/hosts | cut -f2; tail -n 1 /etc/hosts | cut -f3; printf '1\\n2\\n3\\n' | tail -n +2; printf '1\\n2\\n3\\n' | head -n -1",
            "localhost\nbox\n2\n3\n1\n2\n",
        ),
        ("expr 1 + 2; expr 6 / 2 '*' 3; expr abc : 'a\\(.\\)'; expr length hello; expr 1 = 2", "3\n9\nb\n5\n0\n[1]"),
        (
            "printf 'a b\\nc\\n' | xargs echo x; printf '1 2 3' | xargs -n1 echo; printf 'a\\nb\\n' | xargs -I{} echo '<{}>'",
            "x a b c\n1\n2\n3\n<a>\n<b>\n",
        ),
        ("env A=1 sh -c 'echo $A'; env -i env; env | grep HOME; printenv HOME", "1\nHOME=/root\n/root\n"),
        (
            "date; date -u +%Y-%m-%dT%H:%M:%SZ; date +%s; date -d @0 +%F",
            "Fri Jan  2 03:04:05 UTC 2026\n2026-01-02T03:04:05Z\n1767323045\n1970-01-01\n",
        ),
        ("s=$(date +%s); sleep 3; e=$(($(date +%s)-s)); echo $e", "3\n"),
        ("which ls; which nosuch || echo none", "/bin/ls\nnone\n"),
        ("printf '\\001\\377\\000' | od -An -tx1; echo ab | rev; nl /etc/hostname", " 01 ff 00\nba\n     1\tbox\n"),
        ("echo -e 'a\\tb\\\\n'; echo '\\n'", "a\tb\\n\n\\n\n"),
        ("printf '%d\\n' x; printf '%s %s\\n' a b c", "0\na b\nc \nprintf: invalid number 'x'\n"),
    ]);
}

#[cfg(feature = "jq")]
#[test]
fn json() {
    let pods = r#"j='{"items":[{"kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Running"}},{"kind":"Pod","metadata":{"name":"b"}}]}'; "#;
    for (filter, want) in [
        ("jq -r '.items[].metadata.name'", "a\nb\n"),
        ("jq -c '.items[0].status'", "{\"phase\":\"Running\"}\n"),
        ("jq '.items|length'", "2\n"),
        ("jq -r '.items[]|select(.status.phase==\"Running\")|\"\\(.kind)/\\(.metadata.name)\"'", "Pod/a\n"),
        ("jq -c '.items|map(.status.phase // \"none\")'", "[\"Running\",\"none\"]\n"),
        ("jq -c '.items|map(.metadata.name)|sort|reverse'", "[\"b\",\"a\"]\n"),
        ("jq '.items[0].status'", "{\n  \"phase\": \"Running\"\n}\n"),
        ("jq -c 'del(.items[0])|.items[0].metadata.name=\"z\"|[.items[].metadata.name]'", "[\"z\"]\n"),
        ("jq -c '.items|group_by(.kind)|map({(.[0].kind): length})|add'", "{\"Pod\":2}\n"),
        ("jq -e '.nope'; echo $?", "null\n1\n"),
        ("jq '.kind[]'", "jq: error (at <stdin>:0): Cannot iterate over null (null)\n[5]"),
    ] {
        assert_eq!(sh(&format!("{pods} echo \"$j\" | {filter}")), want, "{filter}");
    }
}

#[test]
fn a_loop_with_a_trap_ends_on_term() {
    let mut host = host();
    host.pid = 1;
    let mut process = host.start(&["sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 1; done"]);
    let mut out = ended();
    let start = host.now;
    assert!(!host.drive(&mut process, start + Duration::from_millis(2500), &mut out));
    process.signal(Signal::Term);
    assert!(host.drive(&mut process, start + Duration::from_secs(60), &mut out));
    assert_eq!((out.out.as_str(), out.code, host.now - start), ("up\nbye\n", 0, Duration::from_secs(3)));
}

#[test]
fn the_first_process_ignores_what_it_does_not_trap() {
    for (pid, argv, ends) in
        [(1, &["sleep", "100"][..], false), (1, &["sh", "-c", "sleep 100"], false), (7, &["sleep", "100"], true)]
    {
        let mut host = host();
        host.pid = pid;
        let mut process = host.start(argv);
        let mut out = ended();
        let soon = host.now + Duration::from_secs(1);
        assert!(!host.drive(&mut process, soon, &mut out));
        process.signal(Signal::Term);
        assert_eq!(host.drive(&mut process, soon + Duration::SECOND, &mut out), ends, "{argv:?}");
        process.signal(Signal::Kill);
        assert!(host.drive(&mut process, soon + Duration::SECOND, &mut out));
        assert_eq!(out.code, if ends { 143 } else { 137 });
    }
}

#[test]
fn liveness_file_of_the_documentation() {
    let mut host = host();
    let mut process = host.start(&["sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"]);
    let mut out = ended();
    let start = host.now;
    for (at, code) in [(5, 0), (29, 0), (31, 1), (600, 1)] {
        host.drive(&mut process, start + Duration::from_secs(at), &mut out);
        host.now = start + Duration::from_secs(at);
        assert_eq!(host.run(&["cat", "/tmp/healthy"]).code, code, "after {at} s");
    }
    assert!(host.drive(&mut process, start + Duration::from_secs(631), &mut out));
}

#[test]
fn a_counter_prints_the_time() {
    let mut host = host();
    let mut process = host.start(&["sh", "-c", "i=0; while true; do echo \"$i: $(date)\"; i=$((i+1)); sleep 1; done"]);
    let mut out = ended();
    let until = host.now + Duration::from_millis(2100);
    assert!(!host.drive(&mut process, until, &mut out));
    assert_eq!(out.out, "0: Fri Jan  2 03:04:05 UTC 2026\n1: Fri Jan  2 03:04:06 UTC 2026\n2: Fri Jan  2 03:04:07 UTC 2026\n");
    // A clone goes on like the original.
    let mut copy = process.clone();
    let (mut one, mut two) = (ended(), ended());
    host.drive(&mut process, until + Duration::SECOND, &mut one);
    host.now = until;
    host.drive(&mut copy, until + Duration::SECOND, &mut two);
    assert_eq!(one.out, two.out);
    assert!(one.out.starts_with("3: "));
}

#[test]
fn volumes_are_shared_and_read_only() {
    let mut host = host();
    let mut config = Tree::new();
    config.put_file("/mode", "prod");
    host.volumes = vec![config, Tree::new()];
    host.mounts = vec![Mount::new("/etc/app", 0).read_only(true), Mount::new("/data", 1)];
    let out = host.sh("cat /etc/app/mode; echo; echo x > /etc/app/mode; touch /etc/app/new; echo kept > /data/f; ls -d /d*");
    assert_eq!(out.out, "prod\n/data\n");
    assert_eq!(out.err, "sh: can't create /etc/app/mode: Read-only file system\ntouch: /etc/app/new: Read-only file system\n");
    let data = host.volumes[1].clone();
    let mut other = common::host();
    other.volumes = vec![data];
    other.mounts = vec![Mount::new("/shared", 0)];
    assert_eq!(other.sh("cat /shared/f").out, "kept\n");
}

#[test]
fn another_user() {
    let mut host = host();
    (host.machine.uid, host.machine.gid, host.machine.groups) = (1000, 3000, vec![2000]);
    let out = host.sh("id; whoami; touch /etc/x; touch /tmp/x && stat -c '%u %g' /tmp/x; chown 1:1 /tmp");
    assert_eq!(out.out, "uid=1000 gid=3000 groups=2000,3000\n1000 3000\n");
    assert_eq!(out.err, "whoami: unknown uid 1000\ntouch: /etc/x: Permission denied\nchown: /tmp: Operation not permitted\n");
}

#[test]
fn an_interactive_shell_prompts() {
    let mut host = host();
    host.tty = true;
    let mut process = host.start(&["sh"]);
    let mut out = ended();
    let until = host.now + Duration::from_secs(10);
    assert!(!host.drive(&mut process, until, &mut out));
    assert!(process.at_prompt());
    for line in ["cd /tmp\n", "x=5\n", "if true\n", "then echo $x; fi\n", "nosuch\n", "echo $?\n", "sleep 100\n"] {
        process.stdin(line.as_bytes());
        host.drive(&mut process, until, &mut out);
    }
    assert!(!process.at_prompt());
    process.interrupt();
    host.drive(&mut process, until, &mut out);
    assert!(process.at_prompt());
    assert_eq!(process.last_status(), Some(130));
    process.stdin(b"echo bye\nexit 3\n");
    assert!(host.drive(&mut process, until, &mut out));
    assert_eq!((out.out.as_str(), out.code), ("5\n127\nbye\n", 3));
    assert!(out.err.starts_with("/ # /tmp # /tmp # > /tmp # sh: nosuch: not found\n"), "{}", out.err);
}

#[test]
fn a_script_comes_by_standard_input() {
    let mut host = host();
    host.stdin = Some("echo from shell\nread x\nthe line\necho \"$x\"\nexit 4\n".into());
    assert_eq!(shown(host.run(&["sh"])), "from shell\nthe line\n[4]");
}

#[test]
fn bash_words() {
    let mut host = host();
    host.machine.bash = true;
    for (script, want) in [
        ("foo", "bash: foo: command not found\n[127]"),
        ("cat /nope", "cat: /nope: No such file or directory\n[1]"),
        ("for i in {1..3}; do echo p-$i; done", "p-1\np-2\np-3\n"),
        ("echo {a,b}.yaml", "a.yaml b.yaml\n"),
        ("echo x > /nope/y", "bash: /nope/y: No such file or directory\n[1]"),
        ("timeout 1 sleep 5; echo $?", "124\n"),
        ("ls /nope", "ls: cannot access '/nope': No such file or directory\n[2]"),
        ("x=abc; echo ${x^^} ${x^}", "ABC Abc\n"),
    ] {
        let out = host.run(&["bash", "-c", script]);
        assert_eq!(shown(out), want, "{script}");
    }
}

#[test]
fn endless_memory_is_killed() {
    let mut host = host();
    let mut process = host.start(&["sh", "-c", "exec tail /dev/zero"]);
    let mut out = ended();
    assert!(host.drive(&mut process, Time::NEVER, &mut out));
    assert_eq!((out.code, process.out_of_memory()), (137, true));
}
