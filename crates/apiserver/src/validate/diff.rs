//! A unified diff of two values, for the refusal of a pod's update. (Upstream prints Go's field names; here they are the
//! API's.)

use value::Value;

const CONTEXT: usize = 3;

/// The lines that differ, with three lines around them.
pub fn lines(old: &Value, new: &Value) -> String {
    let (old, new) = (old.to_json_pretty(), new.to_json_pretty());
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
    let (start, end_a, end_b) =
        (head.saturating_sub(CONTEXT), (a.len() - tail + CONTEXT).min(a.len()), (b.len() - tail + CONTEXT).min(b.len()));
    let mut out = format!("@@ -{},{} +{},{} @@\n", start + 1, end_a - start, start + 1, end_b - start);
    let mut push = |mark: char, lines: &[&str]| lines.iter().for_each(|line| out.push_str(&format!("{mark}{line}\n")));
    push(' ', &a[start..head]);
    push('-', &a[head..a.len() - tail]);
    push('+', &b[head..b.len() - tail]);
    push(' ', &a[a.len() - tail..end_a]);
    out
}

#[cfg(test)]
mod tests {
    use value::obj;

    #[test]
    fn one_changed_line() {
        let text = super::lines(&obj! { "a" => 1, "b" => 2 }, &obj! { "a" => 1, "b" => 3 });
        assert_eq!(text, "@@ -1,4 +1,4 @@\n {\n     \"a\": 1,\n-    \"b\": 2\n+    \"b\": 3\n }\n");
    }
}
