//! Reading a scenario file: sections, their tags, and steps with the blocks that belong to them.

use crate::expect::Expectation;
use base::Duration;

/// A scenario file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// What it shows, in words.
    pub about: String,
    pub sections: Vec<Section>,
}

/// A scenario: it begins on a cluster of its own.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Section {
    pub line: u32,
    pub name: String,
    /// Where it runs: `sim`, `node`, `real`.
    pub targets: Vec<String>,
    /// Why it fails for now. It is an error if it does not.
    pub known_failure: Option<String>,
    pub steps: Vec<Step>,
}

/// One step and the lines that belong to it, without their indentation.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// From 1.
    pub line: u32,
    pub what: What,
    pub block: Vec<String>,
    /// How many lines of the file the block takes.
    pub height: u32,
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// Applies the manifests of the block.
    Apply,
    /// Puts the block into a file for later commands.
    File(String),
    /// Runs a command on the client, or on a node, and compares what it prints with the block.
    Run {
        node: String,
        line: String,
    },
    /// Goes on to a moment, counted from the beginning of the section.
    At(Duration),
    Advance(Duration),
    Rewind(Duration),
    Power {
        node: String,
        on: bool,
    },
    Expect(Expectation),
    /// Every line of the block is found in the trace, in this order.
    Trace {
        from: String,
        to: String,
    },
}

/// A line that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    pub line: u32,
    pub message: String,
}

impl File {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<File, Mistake> {
        let mut file = File::default();
        let lines: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while at < lines.len() {
            let (number, line) = (at as u32 + 1, lines[at]);
            at += 1;
            let mistake = |message: String| Mistake { line: number, message };
            if line.starts_with("--- ") {
                file.sections.push(heading(line, number).map_err(mistake)?);
                continue;
            }
            let Some(section) = file.sections.last_mut() else {
                file.about.push_str(line);
                file.about.push('\n');
                continue;
            };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(' ') {
                return Err(mistake("this line belongs to no step: the one before takes no block".into()));
            }
            let what = step(line).map_err(mistake)?;
            let (block, height) = if what.takes_block() { block(&lines[at..]) } else { (Vec::new(), 0) };
            at += height;
            section.steps.push(Step { line: number, what, block, height: height as u32 });
        }
        file.about = file.about.trim().into();
        Ok(file)
    }
}

impl What {
    fn takes_block(&self) -> bool {
        match self {
            What::Apply | What::File(_) | What::Run { .. } | What::Trace { .. } => true,
            What::At(_) | What::Advance(_) | What::Rewind(_) | What::Power { .. } | What::Expect(_) => false,
        }
    }
}

/// `--- name [sim] [known-failure: why] ---`
fn heading(line: &str, number: u32) -> Result<Section, String> {
    let inner = line.trim().strip_prefix("---").and_then(|l| l.strip_suffix("---")).map(str::trim);
    let inner = inner.filter(|i| !i.is_empty()).ok_or("a section begins with `--- name [sim] ---`")?;
    let start = inner.find('[').unwrap_or(inner.len());
    let (name, tags) = inner.split_at(start);
    let mut section = Section { line: number, name: name.trim().into(), ..Section::default() };
    for tag in tags.split('[').skip(1) {
        let tag = tag.trim().strip_suffix(']').ok_or("a tag ends with `]`")?;
        match tag.split_once(':') {
            Some(("known-failure", why)) if !why.trim().is_empty() => section.known_failure = Some(why.trim().into()),
            None if ["sim", "node", "real"].contains(&tag) => section.targets.push(tag.into()),
            Some(_) | None => {
                return Err(format!("unknown tag [{tag}]: there are [sim], [node], [real] and [known-failure: why]"));
            }
        }
    }
    if section.targets.is_empty() {
        return Err("a section says where it runs: [sim], [node], [real]".into());
    }
    Ok(section)
}

fn step(line: &str) -> Result<What, String> {
    if let Some((node, command)) = line.split_once("$ ").filter(|(node, _)| !node.contains(' ')) {
        return Ok(What::Run { node: node.into(), line: command.trim().into() });
    }
    let (verb, rest) = line.split_once(' ').map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
    match verb {
        "apply" if rest.is_empty() => Ok(What::Apply),
        "file" if !rest.is_empty() => Ok(What::File(rest.into())),
        "at" => span(rest.strip_prefix('+').ok_or("`at` counts from the beginning: at +30s")?).map(What::At),
        "advance" => span(rest).map(What::Advance),
        "rewind" => span(rest).map(What::Rewind),
        "kill" if !rest.is_empty() => Ok(What::Power { node: rest.into(), on: false }),
        "start" if !rest.is_empty() => Ok(What::Power { node: rest.into(), on: true }),
        "expect" => Expectation::parse(rest).map(What::Expect),
        "trace" => {
            let (from, to) = rest.split_once(" -> ").ok_or("a trace says from where to where: trace pod/a -> svc/web:80")?;
            Ok(What::Trace { from: from.trim().into(), to: to.trim().into() })
        }
        _ => Err(format!("unknown step `{verb}`: there are $, apply, file, at, advance, rewind, kill, start, expect and trace")),
    }
}

/// `30s`, `5m`, `1h30m`.
pub fn span(text: &str) -> Result<Duration, String> {
    Duration::parse(text.trim()).map_err(|_| format!("`{text}` is no span of time like 30s or 5m"))
}

/// The indented lines at the beginning, without the two spaces that make them a block; and how many lines that is.
fn block(lines: &[&str]) -> (Vec<String>, usize) {
    let belongs = lines.iter().take_while(|l| l.starts_with(' ') || l.trim().is_empty()).count();
    let height = lines[..belongs].iter().rposition(|l| !l.trim().is_empty()).map_or(0, |last| last + 1);
    let indent = |l: &&&str| l.len() - l.trim_start().len();
    let common = lines[..height].iter().filter(|l| !l.trim().is_empty()).map(|l| indent(&l)).min().unwrap_or(0).min(2);
    (lines[..height].iter().map(|l| l.get(common..).unwrap_or("").to_string()).collect(), height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "About this.\n\n--- one [sim] [node] ---\n# a note\napply\n  a:\n    b: 1\n\n  c: 2\n\nnode-1$ ls -l\n  x\nat +1m30s\n--- two [sim] [known-failure: not yet] ---\nkill node-2\n";

    #[test]
    fn sections_steps_and_blocks() {
        let file = File::parse(TEXT).expect("a file");
        assert_eq!(file.about, "About this.");
        let names: Vec<&str> = file.sections.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        let steps = &file.sections[0].steps;
        assert_eq!(steps[0].block, ["a:", "  b: 1", "", "c: 2"]);
        assert_eq!((steps[0].line, steps[0].height), (5, 4));
        assert_eq!(steps[1].what, What::Run { node: "node-1".into(), line: "ls -l".into() });
        assert_eq!(steps[2].what, What::At(Duration::from_secs(90)));
        assert_eq!(file.sections[1].known_failure.as_deref(), Some("not yet"));
    }

    #[test]
    fn mistakes_have_lines() {
        for (text, line, word) in [
            ("--- a [moon] ---\n", 1, "unknown tag"),
            ("--- a ---\n", 1, "where it runs"),
            ("--- a [sim] ---\nfly\n", 2, "unknown step"),
            ("--- a [sim] ---\nkill node-1\n  x\n", 3, "belongs to no step"),
            ("--- a [sim] ---\nat 5s\n", 2, "counts from"),
        ] {
            let mistake = File::parse(text).expect_err(text);
            assert_eq!(mistake.line, line, "{text}");
            assert!(mistake.message.contains(word), "{}", mistake.message);
        }
    }
}
