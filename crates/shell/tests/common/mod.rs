//! A host for tests: runs a process to its end on virtual time and answers its calls by a function.
#![allow(dead_code)]

use base::{Text, Time};
use shell::{Call, CallId, Files, Machine, Mount, Process, Reply, Start, Tree, Turn};
use std::sync::Arc;

pub struct Host {
    pub machine: Machine,
    pub env: Vec<(Text, Text)>,
    pub root: Tree,
    pub volumes: Vec<Tree>,
    pub mounts: Vec<Mount>,
    pub now: Time,
    pub stdin: Option<String>,
    pub pid: u32,
    pub tty: bool,
    pub answer: fn(CallId, &Call, Time) -> Vec<Reply>,
}

pub struct Ended {
    pub out: String,
    pub err: String,
    pub code: i32,
    pub now: Time,
}

pub fn host() -> Host {
    let mut root = Tree::new();
    root.put_file("/etc/hosts", "127.0.0.1\tlocalhost\n10.244.0.9\tbox.sub.ns.svc.cluster.local\tbox\n");
    root.put_file("/etc/hostname", "box\n");
    root.put_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    root.put_file(
        "/etc/resolv.conf",
        "search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
    );
    root.put_dir("/tmp", 0o1777);
    root.put_dir("/root", 0o700);
    root.put_dir("/home", 0o755);
    Host {
        machine: Machine::new("box"),
        env: vec![(Text::from("HOME"), Text::from("/root"))],
        root,
        volumes: Vec::new(),
        mounts: Vec::new(),
        now: Time::parse("2026-01-02T03:04:05Z").unwrap(),
        stdin: None,
        pid: 7,
        tty: false,
        answer: |_, _, _| Vec::new(),
    }
}

impl Host {
    pub fn files(&mut self) -> Files<'_> {
        Files::new(&mut self.root, &self.mounts, &mut self.volumes)
    }
    pub fn start(&mut self, argv: &[&str]) -> Process {
        let start = Start {
            argv: argv.iter().map(|word| Text::from(*word)).collect(),
            env: self.env.clone(),
            cwd: Text::from("/"),
            machine: Arc::new(self.machine.clone()),
            pid: self.pid,
            tty: self.tty,
            now: self.now,
        };
        let mut process = Process::start(start, &self.files()).expect("starts");
        if let Some(text) = &self.stdin {
            process.stdin(text.as_bytes());
        }
        if !self.tty {
            process.close_stdin();
        }
        process
    }
    /// Runs a process until it ends or virtual time passes `until`.
    pub fn drive(&mut self, process: &mut Process, until: Time, out: &mut Ended) -> bool {
        for _ in 0..200_000 {
            let mut budget = 100_000;
            let now = self.now;
            let turn = process.run(&mut self.files(), now, &mut budget);
            out.out += &String::from_utf8_lossy(&process.take_stdout());
            out.err += &String::from_utf8_lossy(&process.take_stderr());
            let (main, _) = process.take_main_output();
            out.out += &String::from_utf8_lossy(&main);
            let mut replied = false;
            for (id, call) in process.take_calls() {
                // The host's programs die of signals.
                if let Call::Signal { to, signal } = &call {
                    process.reply(*to, Reply::Exit(signal.exit_code()));
                    replied = true;
                }
                for reply in (self.answer)(id, &call, now) {
                    process.reply(id, reply);
                    replied = true;
                }
            }
            out.now = self.now;
            match turn {
                Turn::Exited(code) => {
                    out.code = code;
                    return true;
                }
                Turn::Ready => self.now = self.now + base::Duration::from_millis(1),
                Turn::Waiting { .. } if replied => {}
                Turn::Waiting { until: next, .. } => {
                    if next > until {
                        self.now = until;
                        return false;
                    }
                    self.now = self.now.max(next);
                }
            }
            if self.now > until {
                return false;
            }
        }
        panic!("does not end");
    }
    pub fn run(&mut self, argv: &[&str]) -> Ended {
        let mut process = self.start(argv);
        let mut out = ended();
        let until = self.now + base::Duration::from_secs(100_000);
        assert!(self.drive(&mut process, until, &mut out), "{argv:?} does not end: {}{}", out.out, out.err);
        out
    }
    pub fn sh(&mut self, script: &str) -> Ended {
        self.run(&["sh", "-c", script])
    }
}

pub fn ended() -> Ended {
    Ended { out: String::new(), err: String::new(), code: -1, now: Time::EPOCH }
}

/// Runs a script in a fresh busybox container; output and error together, the code if it is not 0.
pub fn sh(script: &str) -> String {
    shown(host().sh(script))
}

pub fn shown(ended: Ended) -> String {
    let code = if ended.code == 0 { String::new() } else { format!("[{}]", ended.code) };
    format!("{}{}{code}", ended.out, ended.err)
}
