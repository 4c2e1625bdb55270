//! find (names, types, depths, -exec, -delete) and du.

use crate::files::Kind;
use crate::kernel::Io;
use crate::pattern::Pattern;
use crate::tool::{On, Step, Tool, options, spawn};
use base::Text;

#[derive(Clone, Debug)]
enum Test {
    Name(Pattern, bool),
    Path(Pattern),
    Type(char),
    Empty,
    Size(char, u64),
    Not(Box<Test>),
    Newer(base::Time),
    Or,
    Print,
    Print0,
    Delete,
    Exec(Vec<Text>, bool),
}

#[derive(Clone, Debug)]
struct Find {
    /// Paths that are still to be looked at, the next one last.
    paths: Vec<String>,
    tests: Vec<Test>,
    action: bool,
    /// For `-exec … +`.
    gathered: Vec<Text>,
    waiting: Vec<Vec<Text>>,
    child: Option<u32>,
    /// The test to go on with after `-exec … ;`, and the path.
    resume: Option<(String, usize)>,
    code: i32,
}

pub(crate) fn find(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let argv = io.core.argv.clone();
    let mut words = argv[1..].iter().peekable();
    let mut roots = Vec::new();
    while let Some(word) = words.next_if(|word| !word.starts_with('-') && *word != "(" && *word != "!") {
        roots.push(word.clone());
    }
    if roots.is_empty() {
        roots.push(base::text!("."));
    }
    let (tests, depths) = tests(&words.cloned().collect::<Vec<_>>(), io)?;
    let mut code = 0;
    let mut paths = Vec::new();
    for root in roots {
        let full = io.path(&root);
        if let Err(error) = io.files.lstat(&full) {
            io.complain(&if io.is_bash() {
                format!("‘{root}’: {}", error.words())
            } else {
                format!("{root}: {}", error.words())
            });
            code = 1;
            continue;
        }
        let base = root.matches('/').count() + usize::from(root.ends_with('/'));
        let depth = |path: &String| {
            if **path == *root { 0 } else { path.matches('/').count() + 1 - base - usize::from(!root.ends_with('/')) }
        };
        let found = super::entries::below(io, &root, true);
        paths.extend(found.into_iter().filter(|path| (depths.0..=depths.1).contains(&depth(path))));
    }
    let action = tests.iter().any(|test| matches!(test, Test::Print | Test::Print0 | Test::Delete | Test::Exec(..)));
    // What deletes goes from the inside out.
    if !tests.iter().any(|test| matches!(test, Test::Delete)) {
        paths.reverse();
    }
    Ok(Box::new(Find { paths, tests, action, gathered: Vec::new(), waiting: Vec::new(), child: None, resume: None, code }))
}

/// `+10k`
fn size(text: &str) -> Test {
    let sign = text.chars().next().filter(|c| "+-".contains(*c)).unwrap_or('=');
    let number = text.trim_start_matches(['+', '-']);
    let scale: u64 = match number.bytes().last() {
        Some(b'k') => 1024,
        Some(b'M') => 1 << 20,
        Some(b'c') => 1,
        _ => 512,
    };
    let count: u64 = number.trim_end_matches(['k', 'M', 'c']).parse().unwrap_or(0);
    Test::Size(sign, count.saturating_mul(scale))
}

/// The command after `-exec`, up to `;` or `+`.
fn exec(words: &mut std::slice::Iter<Text>) -> Test {
    let mut command = Vec::new();
    for part in words.by_ref() {
        if part == ";" || part == "+" {
            return Test::Exec(command, part == "+");
        }
        command.push(part.clone());
    }
    Test::Exec(command, false)
}

/// The expression, and between which depths to look.
fn tests(words: &[Text], io: &mut Io) -> Result<(Vec<Test>, (usize, usize)), i32> {
    let (mut tests, mut depths, mut negate) = (Vec::new(), (0, usize::MAX), false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().unwrap_or_default();
        let test = match word.as_str() {
            "-name" | "-iname" => Test::Name(Pattern::unquoted(&lower(&value(), word == "-iname")), word == "-iname"),
            "-path" | "-wholename" => Test::Path(Pattern::unquoted(&value())),
            "-type" => Test::Type(value().chars().next().unwrap_or('f')),
            "-empty" => Test::Empty,
            "-size" => size(&value()),
            "-newer" => {
                let path = io.path(&value());
                Test::Newer(io.files.stat(&path).map_or(base::Time::NEVER, |stat| stat.meta.mtime))
            }
            "-maxdepth" => {
                depths.1 = value().parse().unwrap_or(usize::MAX);
                continue;
            }
            "-mindepth" => {
                depths.0 = value().parse().unwrap_or(0);
                continue;
            }
            "!" | "-not" => {
                negate = !negate;
                continue;
            }
            "-o" | "-or" => Test::Or,
            "-a" | "-and" | "-xdev" | "-follow" => continue,
            "-print" => Test::Print,
            "-print0" => Test::Print0,
            "-delete" => Test::Delete,
            "-exec" => exec(&mut words),
            other => {
                io.complain(&if io.is_bash() {
                    format!("unknown predicate `{other}'")
                } else {
                    format!("unrecognized: {other}")
                });
                return Err(1);
            }
        };
        tests.push(if std::mem::take(&mut negate) { Test::Not(Box::new(test)) } else { test });
    }
    Ok((tests, depths))
}

fn lower(text: &str, fold: bool) -> String {
    if fold { text.to_ascii_lowercase() } else { text.into() }
}

impl Find {
    /// Goes through the tests from one on; false if an `-exec` has to run first.
    fn visit(&mut self, path: String, from: usize, io: &mut Io) -> bool {
        let mut truth = true;
        let mut decided = false;
        for at in from..self.tests.len() {
            if matches!(self.tests[at], Test::Or) {
                decided |= truth;
                truth = true;
                continue;
            }
            if !truth || decided {
                continue;
            }
            if let Test::Exec(command, all) = self.tests[at].clone() {
                if all {
                    self.gathered.push(Text::from(path.as_str()));
                } else {
                    self.waiting.push(command.iter().map(|word| Text::from(word.replace("{}", &path))).collect());
                    self.resume = Some((path, at + 1));
                    return false;
                }
                continue;
            }
            truth = self.holds(&self.tests[at].clone(), &path, io);
        }
        if (truth || decided) && !self.action {
            io.out(path + "\n");
        }
        true
    }

    fn holds(&mut self, test: &Test, path: &str, io: &mut Io) -> bool {
        let full = io.path(path);
        let stat = io.files.lstat(&full);
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let kind = stat.as_ref().map(|stat| stat.kind);
        match test {
            Test::Name(pattern, fold) => pattern.matches(&lower(name, *fold)),
            Test::Path(pattern) => pattern.matches(path),
            Test::Type(letter) => matches!(
                (letter, kind),
                ('f', Ok(Kind::File)) | ('d', Ok(Kind::Dir)) | ('l', Ok(Kind::Link)) | ('c', Ok(Kind::Device))
            ),
            Test::Empty => match kind {
                Ok(Kind::Dir) => io.files.list(&full).is_ok_and(|list| list.is_empty()),
                _ => stat.is_ok_and(|stat| stat.size == 0),
            },
            Test::Size(sign, size) => stat.is_ok_and(|stat| match sign {
                '+' => stat.size > *size,
                '-' => stat.size < *size,
                _ => stat.size == *size,
            }),
            Test::Newer(time) => stat.is_ok_and(|stat| stat.meta.mtime > *time),
            Test::Not(inner) => !self.holds(inner, path, io),
            Test::Print => {
                io.out(format!("{path}\n"));
                true
            }
            Test::Print0 => {
                io.out(format!("{path}\0"));
                true
            }
            Test::Delete => {
                let done = io.as_user(|files, who, now| match kind {
                    Ok(Kind::Dir) => files.remove_dir(&full, who, now),
                    _ => files.remove_file(&full, who, now),
                });
                if let Err(error) = done {
                    io.complain(&format!("{path}: {}", error.words()));
                    self.code = 1;
                }
                done.is_ok()
            }
            Test::Or | Test::Exec(..) => true,
        }
    }
}

impl Tool for Find {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if let Some(pid) = self.child {
            let Some(code) = io.exited(pid) else { return Step::Wait(On::Child(pid)) };
            self.child = None;
            // A command that fails is a test that does not hold.
            if let Some((path, at)) = self.resume.take()
                && code == 0
            {
                self.visit(path, at, io);
            }
            return Step::More;
        }
        if let Some(argv) = self.waiting.pop() {
            match spawn(argv.clone(), io) {
                Ok(pid) => self.child = Some(pid),
                Err(error) => {
                    io.complain(&format!("{}: {}", argv.first().map_or("", Text::as_str), error.words()));
                    self.resume = None;
                }
            }
            return Step::More;
        }
        if let Some(path) = self.paths.pop() {
            self.visit(path, 0, io);
            return Step::More;
        }
        let gathered = std::mem::take(&mut self.gathered);
        let command = self.tests.iter().find_map(|test| match test {
            Test::Exec(command, true) => Some(command.clone()),
            _ => None,
        });
        match command {
            Some(command) if !gathered.is_empty() => {
                self.waiting.push(command.into_iter().filter(|word| *word != "{}").chain(gathered).collect());
                Step::More
            }
            _ => Step::Exit(self.code),
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(crate) fn du(io: &mut Io) -> i32 {
    let options = match options(io, "shkamcd:", &[]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let paths = if options.rest.is_empty() { vec![base::text!(".")] } else { options.rest.clone() };
    for path in paths {
        let mut bytes = 0;
        for entry in super::entries::below(io, &path, true) {
            let full = io.path(&entry);
            bytes += io.files.lstat(&full).map_or(0, |stat| stat.size.div_ceil(4096) * 4096);
        }
        let size = if options.has('h') { super::listing::human(bytes) } else { (bytes / 1024).to_string() };
        io.out(format!("{size}\t{path}\n"));
    }
    0
}
