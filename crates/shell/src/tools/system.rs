//! What tells about the machine: ps, free, df, uptime, nproc. The figures are those of a small virtual machine.

use crate::kernel::Io;
use crate::tool::options;
use crate::tools::users::name_of;

pub(crate) fn ps(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let user = name_of(io.machine().uid);
    let mut rows: Vec<(u32, String)> = io.kernel.rows.iter().map(|(pid, row)| (*pid, row.command())).collect();
    let own = io.core.pid;
    if !rows.iter().any(|row| row.0 == own) {
        rows.push((own, io.core.argv.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ")));
    }
    for (pid, command) in &io.kernel.neighbours {
        if !rows.iter().any(|row| row.0 == *pid) {
            rows.push((*pid, command.clone()));
        }
    }
    // Run inside the shell's step, ps would show the shell twice.
    if let Some(row) = rows.iter().find(|row| row.0 == own && row.1 != argv.join_words()) {
        let next = row.0.max(io.kernel.next_pid - 1) + 1;
        rows.push((next, argv.join_words()));
    }
    crate::table::sort_by(&mut rows, Ord::cmp);
    let columns = argv.iter().position(|word| word == "-o").and_then(|at| argv.get(at + 1)).cloned();
    let mut out = String::new();
    match columns.as_deref() {
        Some(columns) => {
            let names: Vec<&str> = columns.split(',').collect();
            out += &(names
                .iter()
                .map(|name| {
                    name.to_ascii_uppercase()
                        .replace("ARGS", "COMMAND")
                        .replace("COMM", "COMMAND")
                        .replace("COMMANDAND", "COMMAND")
                })
                .collect::<Vec<_>>()
                .join(" ")
                + "\n");
            for (pid, command) in &rows {
                let cell = |name: &&str| match *name {
                    "pid" => pid.to_string(),
                    "user" => user.clone(),
                    "comm" => command.split(' ').next().unwrap_or_default().into(),
                    _ => command.clone(),
                };
                out += &(names.iter().map(cell).collect::<Vec<_>>().join(" ") + "\n");
            }
        }
        None if io.is_bash() => {
            out += "    PID TTY          TIME CMD\n";
            for (pid, command) in &rows {
                out += &format!("{pid:7} pts/0    00:00:00 {}\n", command.split(' ').next().unwrap_or_default());
            }
        }
        None => {
            out += "PID   USER     TIME  COMMAND\n";
            for (pid, command) in &rows {
                out += &format!("{pid:5} {user:8}  0:00 {command}\n");
            }
        }
    }
    io.out(out);
    0
}

trait JoinWords {
    fn join_words(&self) -> String;
}
impl JoinWords for [base::Text] {
    fn join_words(&self) -> String {
        self.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) fn free(io: &mut Io) -> i32 {
    let options = match options(io, "bkmgh", &[]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let shift = if options.has('m') || options.has('h') {
        10
    } else if options.has('g') {
        20
    } else {
        0
    };
    let row = |values: &[u64]| values.iter().map(|kib| format!("{:12}", kib >> shift)).collect::<String>();
    let titles = ["total", "used", "free", "shared", "buff/cache", "available"].map(|name| format!("{name:>12}")).concat();
    io.out(format!(
        "       {titles}\nMem:   {}\nSwap:  {}\n",
        row(&[4_028_416, 812_032, 1_904_128, 4_096, 1_312_256, 2_998_272]),
        row(&[0, 0, 0])
    ));
    0
}

pub(crate) fn df(io: &mut Io) -> i32 {
    let options = match options(io, "hkPTa", &[]) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let used: u64 = (io.files.root.used >> 10) + 8_388_608;
    let size: u64 = 41_152_736;
    let percent = used * 100 / size + 1;
    io.out(if options.has('h') {
        format!("Filesystem                Size      Used Available Use% Mounted on\noverlay                  39.2G    {:>5.1}G    {:>5.1}G  {percent:2}% /\n", used as f64 / 1_048_576.0, (size - used) as f64 / 1_048_576.0)
    } else {
        format!("Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay               {size:9} {used:9} {:9}  {percent:2}% /\n", size - used)
    });
    0
}

pub(crate) fn uptime(io: &mut Io) -> i32 {
    let clock = super::date::show(io.now, "%T");
    io.out(format!(" {clock} up  1:00,  0 users,  load average: 0.00, 0.00, 0.00\n"));
    0
}

pub(crate) fn nproc(io: &mut Io) -> i32 {
    io.out("2\n");
    0
}
