//! The command line of one command, read as pflag reads it. Models github.com/spf13/pflag.

use crate::table::{GLOBAL, GROUPS, Spec};
use base::{Duration, Text};

/// One flag of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    pub name: &'static str,
    pub short: Option<char>,
    pub kind: char,
    pub default: &'static str,
}

/// Flags and words of a command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    pub words: Vec<Text>,
    /// How many of the words stand before `--`, if there is one.
    pub dash: Option<usize>,
    set: Vec<(&'static str, Text)>,
}

/// The flags that a spec's column names.
fn row(column: &'static str) -> impl Iterator<Item = Flag> {
    column.split(' ').filter(|token| !token.is_empty()).flat_map(|token| {
        let group = GROUPS.iter().find(|(name, _)| *name == token).map_or(token, |(_, flags)| flags);
        group.split(' ').filter_map(flag)
    })
}

fn flag(token: &'static str) -> Option<Flag> {
    let (names, shape) = token.split_once(':')?;
    let (name, short) = names.split_once('/').map_or((names, None), |(name, short)| (name, short.chars().next()));
    let (kind, default) = shape.split_once('=').unwrap_or((shape, ""));
    Some(Flag { name, short, kind: kind.chars().next()?, default })
}

/// Every flag of a command, global ones last.
pub(crate) fn flags_of(spec: &'static Spec) -> impl Iterator<Item = Flag> {
    row(spec.flags).chain(row(GLOBAL))
}

/// The flags that every command takes.
pub(crate) fn global() -> impl Iterator<Item = Flag> {
    row(GLOBAL)
}

impl Flag {
    /// The value of a flag that stands alone; `None` if it needs one.
    pub fn bare(self) -> Option<&'static str> {
        match (self.kind, self.name) {
            ('b' | 'B', _) => Some("true"),
            (_, "dry-run") => Some("unchanged"),
            (_, "cascade") => Some("background"),
            (_, "validate") => Some("strict"),
            _ => None,
        }
    }
    fn check(self, value: &str) -> Result<(), String> {
        let wrong = |why: String| {
            let shown = self.short.map_or(format!("--{}", self.name), |s| format!("-{s}, --{}", self.name));
            Err(format!("invalid argument {value:?} for {shown:?} flag: {why}"))
        };
        match self.kind {
            'b' | 'B' if go_bool(value).is_none() => wrong(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")),
            'i' if value.parse::<i64>().is_err() => wrong(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")),
            'd' => Duration::parse(value).map(|_| ()).or_else(wrong),
            _ => Ok(()),
        }
    }
}

/// Go's strconv.ParseBool.
pub(crate) fn go_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Reads a command line; the error is pflag's.
pub(crate) fn parse(spec: &'static Spec, argv: &[Text]) -> Result<Args, String> {
    let flags: Vec<Flag> = flags_of(spec).collect();
    let mut args = Args::default();
    let mut rest = argv.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            args.dash = Some(args.words.len());
            args.words.extend(rest.cloned());
            break;
        } else if let Some(long) = arg.strip_prefix("--") {
            args.long(&flags, long, &mut rest)?;
        } else if arg.len() > 1 && arg.starts_with('-') {
            args.short(&flags, &arg[1..], &mut rest)?;
        } else {
            args.words.push(arg.clone());
        }
    }
    Ok(args)
}

impl Args {
    fn long<'a>(&mut self, flags: &[Flag], arg: &str, rest: &mut impl Iterator<Item = &'a Text>) -> Result<(), String> {
        let (name, value) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.starts_with('-') {
            return Err(format!("bad flag syntax: --{arg}"));
        }
        if name == "help" {
            self.set.push(("help", "true".into()));
            return Ok(());
        }
        let Some(flag) = flags.iter().find(|f| f.name == name) else {
            return Err(format!("unknown flag: --{name}"));
        };
        let value = match (value, flag.bare()) {
            (Some(value), _) => value.into(),
            (None, Some(bare)) => bare.into(),
            (None, None) => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.put(*flag, value)
    }
    fn short<'a>(&mut self, flags: &[Flag], letters: &str, rest: &mut impl Iterator<Item = &'a Text>) -> Result<(), String> {
        let mut left = letters;
        while let Some(letter) = left.chars().next() {
            let after = &left[letter.len_utf8()..];
            if letter == 'h' && !flags.iter().any(|f| f.short == Some('h')) {
                self.set.push(("help", "true".into()));
                left = after;
                continue;
            }
            let Some(flag) = flags.iter().find(|f| f.short == Some(letter)) else {
                return Err(format!("unknown shorthand flag: '{letter}' in -{left}"));
            };
            let (value, next) = match (after.strip_prefix('='), flag.bare()) {
                (Some(value), _) => (value.into(), ""),
                (None, Some(bare)) => (bare.into(), after),
                (None, None) if !after.is_empty() => (after.into(), ""),
                (None, None) => {
                    let value = rest.next().cloned();
                    (value.ok_or_else(|| format!("flag needs an argument: '{letter}' in -{left}"))?, "")
                }
            };
            self.put(*flag, value)?;
            left = next;
        }
        Ok(())
    }
    fn put(&mut self, flag: Flag, value: Text) -> Result<(), String> {
        flag.check(&value)?;
        if flag.kind == 'l' {
            for item in comma_list(&value) {
                self.set.push((flag.name, item));
            }
            if value.is_empty() {
                self.set.push((flag.name, value));
            }
        } else {
            self.set.push((flag.name, value));
        }
        Ok(())
    }
    /// True if the flag was given.
    pub fn changed(&self, name: &str) -> bool {
        self.set.iter().any(|(n, _)| *n == name)
    }
    /// The last value given.
    pub fn get(&self, name: &str) -> Option<&Text> {
        self.set.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
    /// Every value given, in order; an empty value of a list counts for nothing.
    pub fn all(&self, name: &str) -> Vec<Text> {
        self.set.iter().filter(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| v.clone()).collect()
    }
}

/// One line of comma-separated values, quotes understood.
pub(crate) fn comma_list(text: &str) -> Vec<Text> {
    let (mut items, mut item, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(std::mem::take(&mut item).into()),
            c => item.push(c),
        }
    }
    if !text.is_empty() {
        items.push(item.into());
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::SPECS;

    fn check(path: &str, line: &str, want: &str) {
        let spec = SPECS.iter().find(|s| s.path == path).expect("a command");
        let argv: Vec<Text> = line.split_whitespace().map(Text::from).collect();
        let got = match parse(spec, &argv) {
            Ok(args) => {
                let set: Vec<String> = args.set.iter().map(|(n, v)| format!("{n}={v}")).collect();
                let words: Vec<&str> = args.words.iter().map(|w| w.as_str()).collect();
                format!("{} | {} | {:?}", set.join(" "), words.join(" "), args.dash)
            }
            Err(why) => why,
        };
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn reads_flags_as_pflag_does() {
        check("get", "pods -owide -A", "output=wide all-namespaces=true | pods | None");
        check("get", "pods -o wide --watch=false", "output=wide watch=false | pods | None");
        check("get", "-Lapp,tier x", "label-columns=app label-columns=tier | x | None");
        check("exec", "-it web -- sh -c ls", "stdin=true tty=true | web sh -c ls | Some(1)");
        check("run", "x --dry-run -o yaml", "dry-run=unchanged output=yaml | x | None");
        check("get", "--nope", "unknown flag: --nope");
        check("get", "-Z", "unknown shorthand flag: 'Z' in -Z");
        check("get", "-n", "flag needs an argument: 'n' in -n");
        check("get", "--namespace", "flag needs an argument: --namespace");
        check("logs", "--tail=x", "invalid argument \"x\" for \"--tail\" flag: strconv.ParseInt: parsing \"x\": invalid syntax");
    }
}
