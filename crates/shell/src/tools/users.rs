//! Who and where: id, whoami, groups, hostname, uname, printenv.

use crate::kernel::Io;
use crate::tool::options;

/// The user's name as our images' `/etc/passwd` has it.
pub(crate) fn name_of(uid: u32) -> String {
    match uid {
        0 => "root".into(),
        65_534 => "nobody".into(),
        _ => uid.to_string(),
    }
}

/// A name in `/etc/passwd` or `/etc/group`.
fn lookup(io: &mut Io, file: &str, id: u32) -> Option<String> {
    let data = io.read_file(file).ok();
    let text = data.map(|data| String::from_utf8_lossy(data.bytes()).into_owned()).unwrap_or_default();
    let row =
        text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|row| row.get(2) == Some(&id.to_string().as_str()));
    match row {
        Some(row) => Some(row[0].into()),
        None if id == 0 => Some("root".into()),
        None if id == 65_534 => Some("nobody".into()),
        None => None,
    }
}

fn named(io: &mut Io, file: &str, id: u32) -> String {
    lookup(io, file, id).map_or_else(|| id.to_string(), |name| format!("{id}({name})"))
}

pub(crate) fn id(io: &mut Io) -> i32 {
    let options = match options(io, "ugGnr", &[]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let machine = io.machine();
    let groups: Vec<u32> =
        std::iter::once(machine.gid).chain(machine.groups.iter().copied().filter(|gid| *gid != machine.gid)).collect();
    let (file, ids) = if options.has('u') {
        ("/etc/passwd", vec![machine.uid])
    } else if options.has('g') {
        ("/etc/group", vec![machine.gid])
    } else if options.has('G') {
        ("/etc/group", groups)
    } else {
        let (uid, gid) = (named(io, "/etc/passwd", machine.uid), named(io, "/etc/group", machine.gid));
        // The kernel keeps supplementary groups in order.
        let mut sorted = groups;
        crate::table::sort_by(&mut sorted, Ord::cmp);
        let groups: Vec<String> = sorted.into_iter().map(|gid| named(io, "/etc/group", gid)).collect();
        io.out(format!("uid={uid} gid={gid} groups={}\n", groups.join(",")));
        return 0;
    };
    let names = options.has('n');
    let shown: Vec<String> = ids
        .into_iter()
        .map(|id| if names { lookup(io, file, id).unwrap_or_else(|| id.to_string()) } else { id.to_string() })
        .collect();
    io.out(shown.join(" ") + "\n");
    0
}

pub(crate) fn whoami(io: &mut Io) -> i32 {
    let uid = io.machine().uid;
    match lookup(io, "/etc/passwd", uid) {
        Some(name) => {
            io.out(name + "\n");
            0
        }
        None => {
            io.complain(&if io.is_bash() { format!("cannot find name for user ID {uid}") } else { format!("unknown uid {uid}") });
            1
        }
    }
}

pub(crate) fn groups(io: &mut Io) -> i32 {
    let machine = io.machine();
    let mut names = vec![lookup(io, "/etc/group", machine.gid).unwrap_or_else(|| machine.gid.to_string())];
    for gid in &machine.groups {
        names.push(lookup(io, "/etc/group", *gid).unwrap_or_else(|| gid.to_string()));
    }
    io.out(names.join(" ") + "\n");
    0
}

/// The line of `/etc/hosts` that names this host: its address and full name.
fn own_line(io: &mut Io) -> Option<(String, String)> {
    let name = io.machine().hostname.clone();
    let data = io.read_file("/etc/hosts").ok()?;
    let text = String::from_utf8_lossy(data.bytes()).into_owned();
    let rows = text.lines().map(|line| line.split_whitespace().map(String::from).collect::<Vec<_>>());
    let row = rows
        .into_iter()
        .find(|row| row.iter().skip(1).any(|host| *host == name.as_str() || host.split('.').next() == Some(&name)))?;
    Some((row[0].clone(), row[1].clone()))
}

pub(crate) fn hostname(io: &mut Io) -> i32 {
    let options = match options(
        io,
        "fsidIA",
        &[("fqdn", 'f'), ("short", 's'), ("ip-address", 'i'), ("all-ip-addresses", 'I'), ("domain", 'd')],
    ) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let name = io.machine().hostname.to_string();
    let line = own_line(io);
    let shown = if options.has('f') {
        line.map_or(name, |line| line.1)
    } else if options.has('i') {
        line.map_or(name, |line| line.0)
    } else if options.has('I') {
        line.map_or(String::new(), |line| line.0 + " ")
    } else if options.has('d') {
        line.and_then(|line| line.1.split_once('.').map(|pair| pair.1.to_string())).unwrap_or_default()
    } else if options.has('s') {
        name.split('.').next().unwrap_or_default().into()
    } else {
        if !options.rest.is_empty() {
            io.complain("sethostname: Operation not permitted");
            return 1;
        }
        name
    };
    io.out(shown + "\n");
    0
}

pub(crate) fn dnsdomainname(io: &mut Io) -> i32 {
    let line = own_line(io);
    io.out(line.and_then(|line| line.1.split_once('.').map(|pair| pair.1.to_string())).unwrap_or_default() + "\n");
    0
}

pub(crate) fn uname(io: &mut Io) -> i32 {
    let options = match options(io, "asnrvmop", &[("all", 'a')]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let host = io.machine().hostname.to_string();
    let version = "#1 SMP PREEMPT_DYNAMIC";
    let rows = [('s', "Linux"), ('n', host.as_str()), ('r', "6.12.0"), ('v', version), ('m', "x86_64"), ('o', "GNU/Linux")];
    let wanted = |letter: char| options.has(letter) || options.has('a') || options.all().is_empty() && letter == 's';
    let shown: Vec<&str> = rows.iter().filter(|row| wanted(row.0)).map(|row| row.1).collect();
    io.out(shown.join(" ") + "\n");
    0
}

pub(crate) fn printenv(io: &mut Io) -> i32 {
    let (argv, env) = (io.core.argv.clone(), io.core.env.clone());
    if argv.len() < 2 {
        env.iter().for_each(|(name, value)| io.out(format!("{name}={value}\n")));
        return 0;
    }
    let mut code = 0;
    for name in &argv[1..] {
        match io.env(name).cloned() {
            Some(value) => io.out(format!("{value}\n")),
            None => code = 1,
        }
    }
    code
}
