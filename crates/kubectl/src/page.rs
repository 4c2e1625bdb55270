//! A page of `kubectl describe`: lines at levels, cells cut by tabs, aligned at the end. Models k8s.io/kubectl/pkg/describe.

use crate::tab::TabWriter;
use base::Time;
use std::fmt::Write;
use value::Value;

/// The text of a description while it grows.
#[derive(Default)]
pub(crate) struct Page {
    pub text: String,
}

/// Annotations that descriptions leave out.
const HIDDEN: &str = "kubectl.kubernetes.io/last-applied-configuration";
const LONGEST: usize = 140;

impl Page {
    /// A line at a level (two spaces each).
    pub fn line(&mut self, level: usize, line: &str) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }
    /// `NAME:<tab>VALUE` at a level.
    pub fn field(&mut self, level: usize, name: &str, value: &str) {
        self.line(level, &format!("{name}:\t{value}"));
    }
    /// Ends the columns: what follows is aligned by itself.
    pub fn flush(&mut self) {
        self.text.push('\u{c}');
    }
    /// The aligned text.
    pub fn finish(self) -> String {
        self.text.split('\u{c}').map(|part| TabWriter::description().format(part)).collect()
    }
    /// A list of texts under a title, one a line; `<none>` for an empty one.
    pub fn list(&mut self, title: &str, items: &[String]) {
        if items.is_empty() {
            self.line(0, &format!("{title}:\t<none>"));
        }
        for (at, item) in items.iter().enumerate() {
            let head = if at == 0 { format!("{title}:") } else { String::new() };
            self.line(0, &format!("{head}\t{item}"));
        }
    }
    pub fn labels(&mut self, title: &str, labels: &Value) {
        let items: Vec<String> = labels.entries().iter().map(|(k, v)| format!("{k}={}", v.s())).collect();
        self.list(title, &items);
    }
    pub fn annotations(&mut self, title: &str, annotations: &Value) {
        let mut first = true;
        let _ = write!(self.text, "{title}:\t");
        for (key, value) in annotations.entries().iter().filter(|(key, _)| key.as_str() != HIDDEN) {
            if !std::mem::take(&mut first) {
                self.text.push('\t');
            }
            let value = value.s().strip_suffix('\n').unwrap_or(value.s());
            if value.len() + key.len() + 2 > LONGEST || value.contains('\n') {
                let _ = writeln!(self.text, "{key}:");
                for part in value.split('\n') {
                    let _ = writeln!(self.text, "\t  {}", shortened(part, LONGEST - 2));
                }
            } else {
                let _ = writeln!(self.text, "{key}: {value}");
            }
        }
        if first {
            self.text.push_str("<none>\n");
        }
    }
    pub fn tolerations(&mut self, title: &str, tolerations: &Value) {
        let mut sorted: Vec<&Value> = tolerations.items().iter().collect();
        sorted.sort_by(|a, b| a["key"].s().cmp(b["key"].s()));
        let items: Vec<String> = sorted.into_iter().map(toleration).collect();
        self.list(title, &items);
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let cut = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..cut])
}

fn toleration(toleration: &Value) -> String {
    let (key, value, effect) = (toleration["key"].s(), toleration["value"].s(), toleration["effect"].s());
    let mut text = key.to_string();
    if !value.is_empty() {
        let _ = write!(text, "={value}");
    }
    if !effect.is_empty() {
        let _ = write!(text, ":{effect}");
    }
    if toleration["operator"].s() == "Exists" && value.is_empty() {
        text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration["tolerationSeconds"].as_i64() {
        let _ = write!(text, " for {seconds}s");
    }
    text
}

/// `Mon, 02 Jan 2006 15:04:05 +0000`; empty for what is no time.
pub(crate) fn moment(value: &Value) -> String {
    Time::parse(value.s()).map_or(String::new(), date)
}

pub(crate) fn date(time: Time) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day, hour, minute, second) = time.civil();
    let weekday = DAYS[time.weekday() as usize % 7];
    let month = MONTHS[(month as usize).saturating_sub(1) % 12];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// The text, or `<none>`.
pub(crate) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// The value, or `<unset>`.
pub(crate) fn or_unset(value: &Value) -> String {
    if value.is_null() { "<unset>".into() } else { value.to_go_text() }
}

/// `True` or `False`.
pub(crate) fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
