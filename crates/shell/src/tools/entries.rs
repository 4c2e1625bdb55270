//! Tools that change files: mkdir, rm, rmdir, cp, mv, ln, touch, chmod, chown, mktemp, truncate; readlink, realpath.

use crate::files::{Kind, Truncate, join};
use crate::kernel::Io;
use crate::tool::{Options, options};
use crate::tree::{Errno, Meta};
use base::Text;

fn read(io: &mut Io, known: &str, least: usize) -> Result<Options, i32> {
    let long = [
        ("parents", 'p'),
        ("recursive", 'r'),
        ("force", 'f'),
        ("verbose", 'v'),
        ("symbolic", 's'),
        ("size", 's'),
        ("mode", 'm'),
        ("no-dereference", 'n'),
    ];
    let options = options(io, known, &long)?;
    if options.rest.len() < least && !options.has('f') {
        io.complain_usage("missing operand");
        return Err(1);
    }
    Ok(options)
}

/// Tells a failure in the words of busybox or of GNU.
fn tell(io: &mut Io, busybox: &str, gnu: &str, path: &str, error: Errno) {
    let words = if io.is_bash() { gnu } else { busybox };
    io.complain(&format!("{}: {}", words.replace('@', path), error.words()));
}

fn each(io: &mut Io, paths: &[Text], mut what: impl FnMut(&mut Io, &str, String) -> bool) -> i32 {
    let mut code = 0;
    for path in paths {
        let full = io.path(path);
        if !what(io, path, full) {
            code = 1;
        }
    }
    code
}

pub(crate) fn mkdir(io: &mut Io) -> i32 {
    let options = match read(io, "pm:v", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mode = options.value('m').and_then(|text| u16::from_str_radix(text, 8).ok());
    each(io, &options.rest, |io, path, full| {
        let made = if options.has('p') {
            make_parents(io, &full)
        } else {
            io.as_user(|files, who, now| files.make_dir(&full, who, now))
        };
        match made {
            Ok(()) => {
                if let Some(mode) = mode {
                    let _ = io.as_user(|files, who, _| files.set_meta(&full, who, &mut |meta| meta.mode = mode));
                }
                true
            }
            Err(error) => {
                tell(io, "can't create directory '@'", "cannot create directory '@'", path, error);
                false
            }
        }
    })
}

fn make_parents(io: &mut Io, full: &str) -> Result<(), Errno> {
    let mut at = String::new();
    for name in crate::files::names(full) {
        at = at + "/" + &name;
        match io.as_user(|files, who, now| files.make_dir(&at, who, now)) {
            Ok(()) => {}
            Err(Errno::Exists) if io.files.is_dir(&at) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(crate) fn rm(io: &mut Io) -> i32 {
    let options = match read(io, "rRfiv", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let deep = options.has('r') || options.has('R');
    each(io, &options.rest, |io, path, full| {
        let dir = io.files.lstat(&full).is_ok_and(|stat| stat.kind == Kind::Dir);
        let done = match dir {
            true if !deep => {
                let gnu = io.is_bash();
                io.complain(&if gnu {
                    format!("cannot remove '{path}': Is a directory")
                } else {
                    format!("'{path}' is a directory")
                });
                return false;
            }
            true => io.as_user(|files, who, now| files.remove_all(&full, who, now)),
            false => io.as_user(|files, who, now| files.remove_file(&full, who, now)),
        };
        match done {
            Err(Errno::NoEntry | Errno::NotDirectory) if options.has('f') => true,
            Err(error) => {
                tell(io, "can't remove '@'", "cannot remove '@'", path, error);
                false
            }
            Ok(()) => true,
        }
    })
}

pub(crate) fn rmdir(io: &mut Io) -> i32 {
    let options = match read(io, "p", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    each(io, &options.rest, |io, path, full| {
        let done = io.as_user(|files, who, now| files.remove_dir(&full, who, now));
        if let Err(error) = done {
            tell(io, "'@'", "failed to remove '@'", path, error);
        }
        done.is_ok()
    })
}

/// The target of copying or moving `source`: inside `to` if that is a folder.
fn target(io: &Io, source: &str, to: &str) -> String {
    let full = io.path(to);
    if !io.files.is_dir(&full) {
        return full;
    }
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    join(&full, name)
}

pub(crate) fn cp(io: &mut Io) -> i32 {
    let options = match read(io, "rRapfvLPdTu", 2) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((to, sources)) = options.rest.split_last() else { return 1 };
    let deep = ['r', 'R', 'a'].into_iter().any(|letter| options.has(letter));
    if sources.len() > 1 && !io.files.is_dir(&io.path(to)) {
        tell(io, "target '@'", "target '@'", to, Errno::NotDirectory);
        return 1;
    }
    each(io, sources, |io, path, full| {
        let stat = match io.files.stat(&full) {
            Ok(stat) => stat,
            Err(error) => {
                tell(io, "can't stat '@'", "cannot stat '@'", path, error);
                return false;
            }
        };
        if stat.kind == Kind::Dir && !deep {
            io.complain(&if io.is_bash() {
                format!("-r not specified; omitting directory '{path}'")
            } else {
                format!("omitting directory '{path}'")
            });
            return false;
        }
        let place = target(io, path, to);
        let done = if stat.kind == Kind::Dir {
            io.as_user(|files, who, now| files.copy(&full, &place, who, now))
        } else {
            copy_bytes(io, &full, &place, stat.meta)
        };
        match done {
            Ok(()) => true,
            Err(Errno::Invalid) => {
                io.complain(&format!("'{path}' and '{to}' are the same file"));
                false
            }
            Err(Errno::Access) if io.read_file(&full).is_err() => {
                tell(io, "can't open '@'", "cannot open '@' for reading", path, Errno::Access);
                false
            }
            Err(error) => {
                tell(io, "can't create '@'", "cannot create regular file '@'", to, error);
                false
            }
        }
    })
}

fn copy_bytes(io: &mut Io, from: &str, to: &str, meta: Meta) -> Result<(), Errno> {
    if io.files.canonical(from).ok() == io.files.canonical(to).ok() {
        return Err(Errno::Invalid);
    }
    let fd = io.open(from, crate::kernel::Access::Read)?;
    let existed = io.files.stat(to).is_ok();
    let data = if from.starts_with("/dev/") { Vec::new() } else { io.read_file(from)?.bytes().to_vec() };
    drop(fd);
    io.as_user(|files, who, now| {
        files.write(to, &data, who, now)?;
        if existed { Ok(()) } else { files.set_meta(to, who, &mut |new| new.mode = meta.mode) }
    })
}

pub(crate) fn mv(io: &mut Io) -> i32 {
    let options = match read(io, "finvT", 2) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((to, sources)) = options.rest.split_last() else { return 1 };
    each(io, sources, |io, path, full| {
        let place = target(io, path, to);
        let done = io.as_user(|files, who, now| files.rename(&full, &place, who, now));
        match done {
            Ok(()) => true,
            Err(Errno::NoEntry) if io.files.lstat(&full).is_err() => {
                tell(io, "can't rename '@'", "cannot stat '@'", path, Errno::NoEntry);
                false
            }
            Err(error) => {
                let gnu = format!("cannot move '@' to '{to}'");
                tell(io, "can't rename '@'", &gnu, path, error);
                false
            }
        }
    })
}

pub(crate) fn ln(io: &mut Io) -> i32 {
    let options = match read(io, "sfnvT", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((to, sources)) = options.rest.split_last().filter(|(_, sources)| !sources.is_empty()) else {
        io.complain("missing destination file operand");
        return 1;
    };
    each(io, sources, |io, path, full| {
        let place = if options.has('n') { io.path(to) } else { target(io, path, to) };
        if options.has('f') {
            let _ = io.as_user(|files, who, now| files.remove_file(&place, who, now));
        }
        let done = if options.has('s') {
            io.as_user(|files, who, now| files.make_link(path, &place, who, now))
        } else if io.files.is_dir(&full) {
            io.complain(&format!("{path}: hard link not allowed for directory"));
            return false;
        } else {
            io.as_user(|files, who, now| files.copy(&full, &place, who, now))
        };
        if let Err(error) = done {
            tell(io, "@", "failed to create symbolic link '@'", to, error);
        }
        done.is_ok()
    })
}

pub(crate) fn touch(io: &mut Io) -> i32 {
    let options = match read(io, "camt:d:r:h", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    each(io, &options.rest, |io, path, full| {
        if io.files.stat(&full).is_err() && options.has('c') {
            return true;
        }
        let known = io.files.stat(&full).is_ok();
        let done = if known {
            let now = io.now;
            match io.as_user(|files, who, _| files.set_meta(&full, who, &mut |meta| meta.mtime = now)) {
                // Whoever may write a file may touch it.
                Err(Errno::NotPermitted) => {
                    io.as_user(|files, who, now| files.open_write(&full, Truncate::No, who, now).map(drop))
                }
                done => done,
            }
        } else {
            io.as_user(|files, who, now| files.open_write(&full, Truncate::No, who, now).map(drop))
        };
        if let Err(error) = done {
            tell(io, "@", "cannot touch '@'", path, error);
        }
        done.is_ok()
    })
}

pub(crate) fn truncate(io: &mut Io) -> i32 {
    let options = match read(io, "s:c", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let size = options.value('s').and_then(|size| size.parse::<u32>().ok()).unwrap_or(0) as usize;
    each(io, &options.rest, |io, path, full| {
        let mut bytes = io.read_file(&full).map(|data| data.bytes().to_vec()).unwrap_or_default();
        bytes.resize(size.min(64 << 20), 0);
        let done = io.as_user(|files, who, now| files.write(&full, &bytes, who, now));
        if let Err(error) = done {
            tell(io, "@", "cannot open '@' for writing", path, error);
        }
        done.is_ok()
    })
}

/// `755`, `u+x,go-w`, `+x`.
fn new_mode(text: &str, old: u16, dir: bool) -> Option<u16> {
    if text.bytes().all(|c| c.is_ascii_digit()) {
        return u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, change) = clause.split_at(at);
        let mut places = 0_u16;
        for letter in who.chars() {
            places |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        if who.is_empty() {
            places = 0o7777;
        }
        let mut bits = 0_u16;
        for letter in change[1..].chars() {
            bits |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' if dir || old & 0o111 != 0 => 0o111,
                'X' => 0,
                's' => 0o6000,
                't' => 0o1000,
                _ => return None,
            };
        }
        let bits = bits & places;
        match change.as_bytes()[0] {
            b'+' => mode |= bits,
            b'-' => mode &= !bits,
            _ => mode = mode & !(places & 0o777) | bits,
        }
    }
    Some(mode)
}

/// Every entry below a path, itself first.
pub(crate) fn below(io: &mut Io, path: &str, deep: bool) -> Vec<String> {
    let mut out = vec![path.to_string()];
    let mut at = 0;
    while at < out.len() && deep && out.len() < 100_000 {
        let here = out[at].clone();
        at += 1;
        let full = io.path(&here);
        if io.files.lstat(&full).is_ok_and(|stat| stat.kind == Kind::Dir) {
            let names = io.files.list(&full).unwrap_or_default();
            let base = here.trim_end_matches('/').to_string();
            out.splice(at..at, names.into_iter().map(|(name, _)| format!("{base}/{name}")));
        }
        io.spend(1);
    }
    out
}

fn change(io: &mut Io, paths: &[Text], deep: bool, mut how: impl FnMut(&mut Meta, bool)) -> i32 {
    let mut code = 0;
    for path in paths {
        for entry in below(io, path, deep) {
            let full = io.path(&entry);
            let dir = io.files.is_dir(&full);
            let done = io.as_user(|files, who, _| files.set_meta(&full, who, &mut |meta| how(meta, dir)));
            if let Err(error) = done {
                let gnu = if error == Errno::NoEntry { "cannot access '@'" } else { "changing permissions of '@'" };
                tell(io, "@", gnu, &entry, error);
                code = 1;
            }
        }
    }
    code
}

pub(crate) fn chmod(io: &mut Io) -> i32 {
    // `chmod -x file`: the mode looks like an option.
    let argv = io.core.argv.clone();
    let is_flag = |word: &&Text| matches!(word.as_str(), "-R" | "-v" | "-f" | "-c" | "--recursive");
    let deep = argv.iter().any(|word| word == "-R" || word == "--recursive");
    let mut rest = argv[1..].iter().filter(|word| !is_flag(word));
    let (Some(mode), paths) = (rest.next().cloned(), rest.cloned().collect::<Vec<_>>()) else {
        io.complain_usage("missing operand");
        return 1;
    };
    if paths.is_empty() || new_mode(&mode, 0, false).is_none() {
        io.complain(&if paths.is_empty() { "missing operand".into() } else { format!("invalid mode '{mode}'") });
        return 1;
    }
    change(io, &paths, deep, |meta, dir| meta.mode = new_mode(&mode, meta.mode, dir).unwrap_or(meta.mode))
}

pub(crate) fn chown(io: &mut Io) -> i32 {
    own(io, |text| {
        let (user, group) = text.split_once([':', '.']).map_or((text, None), |(user, group)| (user, Some(group)));
        let user = if user.is_empty() { None } else { Some(user_id(user)?) };
        let group = match group.filter(|group| !group.is_empty()) {
            Some(group) => Some(user_id(group)?),
            None => None,
        };
        Some((user, group))
    })
}
pub(crate) fn chgrp(io: &mut Io) -> i32 {
    own(io, |text| Some((None, Some(user_id(text)?))))
}

fn user_id(name: &str) -> Option<u32> {
    match name {
        "root" => Some(0),
        "nobody" | "nogroup" => Some(65_534),
        _ => name.parse().ok(),
    }
}

type Owners = (Option<u32>, Option<u32>);

fn own(io: &mut Io, parse: fn(&str) -> Option<Owners>) -> i32 {
    let options = match read(io, "RvfhLc", 2) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((spec, paths)) = options.rest.split_first() else { return 1 };
    let Some((user, group)) = parse(spec) else {
        io.complain(&format!("unknown user {spec}"));
        return 1;
    };
    if io.machine().uid != 0 {
        for path in paths {
            tell(io, "@", "changing ownership of '@'", path, Errno::NotPermitted);
        }
        return 1;
    }
    change(io, paths, options.has('R'), |meta, _| {
        meta.uid = user.unwrap_or(meta.uid);
        meta.gid = group.unwrap_or(meta.gid);
    })
}

pub(crate) fn readlink(io: &mut Io) -> i32 {
    let options = match read(io, "fnev", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    each(io, &options.rest, |io, _, full| {
        let found = if options.has('f') || options.has('e') {
            io.files.canonical(&full).ok()
        } else {
            io.files.lstat(&full).ok().and_then(|stat| stat.target).map(|target| target.to_string())
        };
        if let Some(found) = &found {
            io.out(format!("{found}{}", if options.has('n') { "" } else { "\n" }));
        }
        found.is_some()
    })
}

pub(crate) fn realpath(io: &mut Io) -> i32 {
    let options = match read(io, "sm", 1) {
        Ok(options) => options,
        Err(code) => return code,
    };
    each(io, &options.rest, |io, path, full| match io.files.canonical(&full) {
        Ok(found) => {
            io.out(found + "\n");
            true
        }
        Err(error) => {
            tell(io, "@", "@", path, error);
            false
        }
    })
}

pub(crate) fn mktemp(io: &mut Io) -> i32 {
    let options = match read(io, "dp:tuq", 0) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let template = options.rest.first().cloned().unwrap_or_else(|| base::text!("/tmp/tmp.XXXXXX"));
    let stem = template.trim_end_matches('X').to_string();
    if template.len() - stem.len() < 6 {
        io.complain("Invalid argument");
        return 1;
    }
    for attempt in 0_u32..1000 {
        let mut state = u64::from(attempt) ^ u64::from(io.core.pid) << 20 ^ io.machine().seed ^ io.now.as_micros() as u64;
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let suffix: String = (0..template.len() - stem.len())
            .map(|_| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                letters[(state >> 40) as usize % letters.len()] as char
            })
            .collect();
        let path = format!("{stem}{suffix}");
        let full = io.path(&path);
        if io.files.lstat(&full).is_ok() {
            continue;
        }
        let done = if options.has('d') {
            io.as_user(|files, who, now| files.make_dir(&full, who, now))
        } else {
            io.as_user(|files, who, now| files.open_write(&full, Truncate::No, who, now).map(drop))
        };
        match done {
            Ok(()) => {
                io.out(path + "\n");
                return 0;
            }
            Err(error) => {
                io.complain(&format!("{template}: {}", error.words()));
                return 1;
            }
        }
    }
    1
}
