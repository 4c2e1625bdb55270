//! The server's log: lines on standard error, for people or for machines. A thread of its own writes them, so that a reader
//! who does not read holds nobody up.

use crate::cluster::wall_clock;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use value::{Value, obj};

/// How lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The way to the log. Clones write to the same one.
#[derive(Clone)]
pub struct Log {
    format: LogFormat,
    /// None for no log at all.
    lines: Option<SyncSender<Line>>,
    dropped: Arc<AtomicU64>,
}

enum Line {
    Text(String),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

/// Lines that wait for somebody who reads; more are counted and left out.
const WAITING: usize = 10_000;

impl Log {
    /// Says nothing.
    pub fn silent() -> Log {
        Log { format: LogFormat::Text, lines: None, dropped: Arc::default() }
    }
    /// Writes to standard error.
    pub fn start(format: LogFormat) -> Log {
        let (lines, inbox) = mpsc::sync_channel(WAITING);
        let dropped = Arc::<AtomicU64>::default();
        let missed = dropped.clone();
        std::thread::spawn(move || {
            for line in inbox {
                let mut out = std::io::stderr().lock();
                let lost = missed.swap(0, Ordering::Relaxed);
                // Nobody can be told that the log cannot be written.
                let _ = match line {
                    Line::Text(text) if lost == 0 => out.write_all(text.as_bytes()),
                    Line::Text(text) => out
                        .write_all((told(format, "error", &format!("{lost} lines of the log were left out")) + &text).as_bytes()),
                    Line::Flush(done) => {
                        let _ = done.send(());
                        Ok(())
                    }
                };
            }
        });
        Log { format, lines: Some(lines), dropped }
    }
    pub fn is_silent(&self) -> bool {
        self.lines.is_none()
    }
    pub fn format(&self) -> LogFormat {
        self.format
    }
    pub fn info(&self, message: &str) {
        self.line(told(self.format, "info", message));
    }
    pub fn error(&self, message: &str) {
        self.line(told(self.format, "error", message));
    }
    /// One line, with its end.
    pub fn line(&self, line: String) {
        if let Some(lines) = &self.lines
            && lines.try_send(Line::Text(line)).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
    /// Waits until everything is written.
    pub fn flush(&self) {
        let (done, finished) = mpsc::sync_channel(1);
        if self.lines.as_ref().is_some_and(|lines| lines.send(Line::Flush(done)).is_ok()) {
            let _ = finished.recv_timeout(std::time::Duration::from_secs(1));
        }
    }
}

fn told(format: LogFormat, level: &str, message: &str) -> String {
    let time = wall_clock().rfc3339_micro();
    match format {
        LogFormat::Text => format!("{time} {level}: {message}\n"),
        LogFormat::Json => {
            let line: Value = obj! { "time" => time, "level" => level, "message" => message };
            line.to_json() + "\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_lines() {
        let text = told(LogFormat::Text, "info", "it runs");
        assert!(text.ends_with("Z info: it runs\n"), "{text}");
        let line = Value::from_json(&told(LogFormat::Json, "error", "a \"b\"\nc")).expect("one object");
        assert_eq!((line["level"].s(), line["message"].s()), ("error", "a \"b\"\nc"));
    }
}
