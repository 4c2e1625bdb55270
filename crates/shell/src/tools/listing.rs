//! ls and stat.

use crate::files::{Kind, Stat, join};
use crate::kernel::Io;
use crate::tool::{Options, options};
use crate::tools::date;
use crate::tools::users::name_of;
use base::{Duration, Text};

pub(crate) fn ls(io: &mut Io) -> i32 {
    let long =
        [("all", 'a'), ("almost-all", 'A'), ("human-readable", 'h'), ("recursive", 'R'), ("color", 'C'), ("directory", 'd')];
    let options = match options(io, "alA1hrtRdFpnCSisHL", &long) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut code = 0;
    let (mut plain, mut folders) = (Vec::new(), Vec::new());
    let paths = if options.rest.is_empty() { vec![base::text!(".")] } else { options.rest.clone() };
    for path in &paths {
        let full = io.path(path);
        let stat = if options.has('l') && !path.ends_with('/') {
            io.files.lstat(&full)
        } else {
            io.files.stat(&full).or_else(|_| io.files.lstat(&full))
        };
        match stat {
            Ok(stat) if stat.kind == Kind::Dir && !options.has('d') => folders.push(path.to_string()),
            Ok(stat) => plain.push((path.clone(), stat)),
            Err(error) => {
                let gnu = io.is_bash();
                io.complain(&if gnu {
                    format!("cannot access '{path}': {}", error.words())
                } else {
                    format!("{path}: {}", error.words())
                });
                code = if gnu { 2 } else { 1 };
            }
        }
    }
    show(io, plain.clone(), &options);
    let titles = paths.len() > 1 || options.has('R');
    let mut first = plain.is_empty();
    folders.reverse();
    while let Some(folder) = folders.pop() {
        if titles {
            io.out(format!("{}{folder}:\n", if first { "" } else { "\n" }));
        }
        first = false;
        let full = io.path(&folder);
        let entries = match io.files.list(&full) {
            Ok(entries) if io.files.access(&full, io.machine().owner(), 4) => entries,
            _ => {
                io.complain(&format!("can't open '{folder}': Permission denied"));
                code = 1;
                continue;
            }
        };
        if options.has('R') {
            let inner = entries.iter().filter(|(name, stat)| stat.kind == Kind::Dir && !name.starts_with('.'));
            let inner: Vec<String> = inner.map(|(name, _)| join(&folder, name)).collect();
            folders.extend(inner.into_iter().rev());
        }
        let mut rows = Vec::new();
        if options.has('a') {
            for name in [".", ".."] {
                rows.extend(io.files.stat(&join(&full, name)).map(|stat| (Text::from(name), stat)));
            }
        }
        let hidden = options.has('a') || options.has('A');
        rows.extend(entries.into_iter().filter(|(name, _)| hidden || !name.starts_with('.')));
        if options.has('l') {
            let blocks: u64 = rows.iter().map(|(_, stat)| blocks(stat)).sum();
            io.out(format!("total {blocks}\n"));
        }
        show(io, rows, &options);
        io.spend(1);
    }
    code
}

const fn blocks(stat: &Stat) -> u64 {
    match stat.kind {
        Kind::Dir => 4,
        Kind::File => stat.size.div_ceil(4096) * 4,
        Kind::Link | Kind::Device => 0,
    }
}

fn show(io: &mut Io, mut rows: Vec<(Text, Stat)>, options: &Options) {
    if options.has('t') {
        crate::table::sort_by(&mut rows, |a, b| b.1.meta.mtime.cmp(&a.1.meta.mtime));
    }
    if options.has('S') {
        crate::table::sort_by(&mut rows, |a, b| b.1.size.cmp(&a.1.size));
    }
    if options.has('r') {
        rows.reverse();
    }
    let sizes: Vec<String> =
        rows.iter().map(|(_, stat)| if options.has('h') { human(stat.size) } else { stat.size.to_string() }).collect();
    let width = sizes.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for ((name, stat), size) in rows.iter().zip(&sizes) {
        let mark = match stat.kind {
            Kind::Dir if options.has('F') || options.has('p') => "/",
            Kind::Link if options.has('F') && !options.has('l') => "@",
            Kind::File if options.has('F') && stat.meta.mode & 0o111 != 0 => "*",
            _ => "",
        };
        if options.has('l') {
            out += &long_row(io, stat, size, width, options.has('n'));
            let target = stat.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
            out += &format!("{name}{mark}{target}\n");
        } else {
            out += &format!("{name}{mark}\n");
        }
    }
    io.out(out);
}

fn long_row(io: &Io, stat: &Stat, size: &str, width: usize, numeric: bool) -> String {
    let name = |id: u32| if numeric { id.to_string() } else { name_of(id) };
    let old = io.now - stat.meta.mtime > Duration::from_secs(182 * 86_400);
    let when = date::show(stat.meta.mtime, if old { "%b %e  %Y" } else { "%b %e %H:%M" });
    let links = if stat.kind == Kind::Dir { 2 } else { 1 };
    let mode = letters(stat);
    let (user, group) = (name(stat.meta.uid), name(stat.meta.gid));
    if io.is_bash() {
        return format!("{mode} {links} {user} {group} {size:>width$} {when} ");
    }
    format!("{mode} {links:4} {user:8} {group:8} {size:>9} {when} ")
}

/// `drwxr-xr-x`
fn letters(stat: &Stat) -> String {
    let kind = match stat.kind {
        Kind::File => '-',
        Kind::Dir => 'd',
        Kind::Link => 'l',
        Kind::Device => 'c',
    };
    let mode = stat.meta.mode;
    let mut out = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}

pub(crate) fn human(size: u64) -> String {
    let mut value = size;
    let mut unit = 0;
    while value >= 10 * 1024 && unit < 4 {
        value /= 1024;
        unit += 1;
    }
    if value < 1024 && unit == 0 {
        return value.to_string();
    }
    if unit == 0 || value >= 1024 {
        let tenths = value * 10 / 1024;
        return format!("{}.{}{}", tenths / 10, tenths % 10, [b'K', b'M', b'G', b'T', b'P'][unit] as char);
    }
    format!("{value}{}", [b'B', b'K', b'M', b'G', b'T'][unit] as char)
}

pub(crate) fn stat(io: &mut Io) -> i32 {
    let options = match options(io, "Lc:tf", &[("format", 'c'), ("dereference", 'L')]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut code = 0;
    for path in &options.rest {
        let full = io.path(path);
        let found = if options.has('L') { io.files.stat(&full) } else { io.files.lstat(&full) };
        let stat = match found {
            Ok(stat) => stat,
            Err(error) => {
                let gnu = io.is_bash();
                io.complain(&if gnu {
                    format!("cannot statx '{path}': {}", error.words())
                } else {
                    format!("can't stat '{path}': {}", error.words())
                });
                code = 1;
                continue;
            }
        };
        let text = match options.value('c') {
            Some(format) => formatted(format, path, &stat) + "\n",
            None => whole(path, &stat),
        };
        io.out(text);
    }
    code
}

fn kind_words(stat: &Stat) -> &'static str {
    match stat.kind {
        Kind::File if stat.size == 0 => "regular empty file",
        Kind::File => "regular file",
        Kind::Dir => "directory",
        Kind::Link => "symbolic link",
        Kind::Device => "character special file",
    }
}

fn formatted(format: &str, path: &str, stat: &Stat) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        out += &match chars.next() {
            Some('a') => format!("{:o}", stat.meta.mode),
            Some('A') => letters(stat),
            Some('u') => stat.meta.uid.to_string(),
            Some('g') => stat.meta.gid.to_string(),
            Some('U') => name_of(stat.meta.uid),
            Some('G') => name_of(stat.meta.gid),
            Some('s') => stat.size.to_string(),
            Some('n') => path.to_string(),
            Some('N') => format!("'{path}'"),
            Some('F') => kind_words(stat).into(),
            Some('Y' | 'X' | 'Z') => stat.meta.mtime.as_secs().to_string(),
            Some('y' | 'x' | 'z') => date::show(stat.meta.mtime, "%F %T.%N %z"),
            Some('h') => "1".into(),
            Some('b') => (blocks(stat) * 2).to_string(),
            Some(other) => other.to_string(),
            None => "%".into(),
        };
    }
    out
}

fn whole(path: &str, stat: &Stat) -> String {
    let when = date::show(stat.meta.mtime, "%F %T.%N %z");
    let target = stat.target.as_ref().map(|target| format!(" -> '{target}'")).unwrap_or_default();
    let (uid, gid) = (stat.meta.uid, stat.meta.gid);
    format!(
        "  File: {path}{target}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 0h/0d\tInode: 0           Links: 1\n\
         Access: ({:04o}/{})  Uid: ({uid:5}/{:>8})   Gid: ({gid:5}/{:>8})\nAccess: {when}\nModify: {when}\nChange: {when}\n",
        stat.size,
        blocks(stat) * 2,
        kind_words(stat),
        stat.meta.mode,
        letters(stat),
        name_of(uid),
        name_of(gid),
    )
}
