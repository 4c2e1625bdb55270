//! Why a command stops, and the words in which kubectl says so. Models k8s.io/kubectl/pkg/cmd/util checkErr.

use crate::follow::Follow;
use api::Status;
use base::Time;

/// Why a command's function returned early.
pub(crate) enum Stop {
    /// An answer is missing; run again when it is there or at this time.
    Pending(Time),
    Fail(Fail),
    /// End with this code; everything was said already.
    Exit(i32),
    /// The command lives on as this.
    Follow(Box<Follow>),
}

pub(crate) type Run<T = ()> = Result<T, Stop>;

/// An error as kubectl knows them.
#[derive(Clone, Debug)]
pub(crate) enum Fail {
    Server(Status),
    /// Printed after `error: `.
    Plain(String),
    /// Printed as it is.
    Raw(String),
    Many(Vec<Fail>),
    /// Another exit code than 1.
    Code(Box<Fail>, i32),
}

impl From<Fail> for Stop {
    fn from(fail: Fail) -> Stop {
        Stop::Fail(fail)
    }
}

/// `error: WORDS`
pub(crate) fn plain<T>(words: impl Into<String>) -> Run<T> {
    Err(Stop::Fail(Fail::Plain(words.into())))
}

impl Fail {
    /// What is printed on stderr, with its final newline.
    pub fn message(&self) -> String {
        let mut text = match self {
            Fail::Server(status) if status.reason == "Invalid" && status.code == 422 => invalid(status),
            Fail::Server(status) => server(status),
            Fail::Plain(words) if words.starts_with("error: ") => words.clone(),
            Fail::Plain(words) => format!("error: {words}"),
            Fail::Raw(words) => words.clone(),
            Fail::Many(all) if all.len() == 1 => all[0].message(),
            Fail::Many(all) => all.iter().map(Fail::line).collect(),
            Fail::Code(fail, _) => fail.message(),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
    /// One line of several errors: no `error: ` in front.
    fn line(&self) -> String {
        let text = match self {
            Fail::Server(status) => server(status),
            other => other.words(),
        };
        format!("{}\n", text.trim_end_matches('\n'))
    }
    /// The bare words, as one error quotes another.
    pub fn words(&self) -> String {
        match self {
            Fail::Server(status) => status.message.to_string(),
            Fail::Plain(words) | Fail::Raw(words) => words.clone(),
            Fail::Many(all) if all.len() == 1 => all[0].words(),
            Fail::Many(all) => format!("[{}]", all.iter().map(Fail::words).collect::<Vec<_>>().join(", ")),
            Fail::Code(fail, _) => fail.words(),
        }
    }
    pub fn code(&self) -> i32 {
        if let Fail::Code(_, code) = self { *code } else { 1 }
    }
    /// `error when creating "f": …` in front, inside a server's message too.
    pub fn in_source(self, verb: &str, source: &str) -> Fail {
        if source.is_empty() {
            return self;
        }
        let wrap = |words: &str| format!("error when {verb} {source:?}: {words}");
        match self {
            Fail::Server(mut status) => {
                status.message = wrap(&status.message).into();
                Fail::Server(status)
            }
            other => Fail::Plain(wrap(&other.words())),
        }
    }
    pub fn is_not_found(&self) -> bool {
        matches!(self, Fail::Server(status) if status.reason == "NotFound")
    }
}

fn server(status: &Status) -> String {
    let Status { reason, message, .. } = status;
    match reason.as_str() {
        "Unauthorized" => format!("error: You must be logged in to the server ({message})"),
        "" | "Unknown" => format!("Error from server: {message}"),
        _ => format!("Error from server ({reason}): {message}"),
    }
}

fn invalid(status: &Status) -> String {
    let details = &status.details;
    let named = !details.kind.is_empty() || !details.name.is_empty();
    let mut text = if named {
        format!("The {} {:?} is invalid", details.kind, details.name.as_str())
    } else {
        "The request is invalid".to_string()
    };
    if !named && details.causes.is_empty() && !status.message.is_empty() {
        text.push_str(": ");
        text.push_str(&status.message);
    }
    let mut lines: Vec<String> = Vec::new();
    for (_, message, field) in &details.causes {
        let line = format!("{field}: {message}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [] => text,
        [line] => format!("{text}: {line}"),
        many => format!("{text}: \n{}", many.iter().map(|line| format!("* {line}\n")).collect::<String>()),
    }
}
