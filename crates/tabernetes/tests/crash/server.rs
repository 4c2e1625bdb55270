//! The real binary on a data directory of its own.

use crate::MAPS;
use crate::client::Client;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    pub address: SocketAddr,
    folder: PathBuf,
    process: Child,
}

/// What a list says: each object's revision and the operation that wrote it.
pub struct List {
    pub rev: u64,
    pub objects: BTreeMap<String, (u64, String)>,
}

/// A start takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    pub fn start() -> Server {
        Server::with(&spawn)
    }
    /// One whose files cannot grow beyond some megabytes, until it is started again.
    pub fn start_small() -> Server {
        Server::with(&|folder, address| {
            let mut shell = Command::new("bash");
            // Without the signal the write fails, as it does on a full disk.
            shell.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tabernetes")]);
            arguments(&mut shell, folder, address).spawn().expect("a shell")
        })
    }
    fn with(spawn: &dyn Fn(&Path, SocketAddr) -> Child) -> Server {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr()).expect("a free port").port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let folder = std::env::temp_dir().join(format!("tabernetes-crash-{port}"));
        let _ = std::fs::remove_dir_all(&folder);
        let process = spawn(&folder, address);
        Server { address, folder, process }
    }
    /// Waits until it answers.
    pub fn wait(&mut self) {
        let begun = Instant::now();
        let mut client = Client::new(self.address);
        while client.send("GET", "/readyz", "").map(|answer| answer.code) != Ok(200) {
            assert!(begun.elapsed() < PATIENCE, "the server does not come up");
            let ended = self.process.try_wait().expect("a process");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    pub fn kill(&mut self) {
        self.process.kill().expect("a process");
        self.process.wait().expect("a process");
    }
    /// A backup, taken as people take it.
    pub fn backup(&self) -> PathBuf {
        let file = self.folder.join("copy.backup");
        self.carry_out("backup", &file);
        file
    }
    /// Makes the data directory anew of a backup.
    pub fn restore(&self, file: &Path) {
        std::fs::rename(self.folder.join("store.redb"), self.folder.join("old.redb")).expect("a store");
        std::fs::remove_dir_all(self.folder.join("pki")).expect("keys");
        self.carry_out("restore", file);
    }
    fn carry_out(&self, command: &str, file: &Path) {
        let mut done = Command::new(env!("CARGO_BIN_EXE_tabernetes"));
        let done = done.arg(command).arg("--data-dir").arg(&self.folder).arg(file).output().expect("the binary runs");
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }
    /// SIGTERM.
    pub fn terminate(&mut self) {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status().expect("kill");
        assert!(sent.success());
    }
    pub fn ended(&mut self) -> Option<i32> {
        self.process.wait().expect("a process").code()
    }
    pub fn again(&mut self) {
        self.process = spawn(&self.folder, self.address);
    }
    /// The objects of the test, and the revision of the list.
    pub fn list(&self) -> List {
        let answer = Client::new(self.address).send("GET", MAPS, "").expect("a list");
        assert_eq!(answer.code, 200);
        let mut objects = BTreeMap::new();
        for item in answer.body["items"].items().iter().filter(|item| !item["data"]["op"].is_null()) {
            let rev = item["metadata"]["resourceVersion"].s().parse().expect("a revision");
            objects.insert(item["metadata"]["name"].s().to_string(), (rev, item["data"]["op"].s().to_string()));
        }
        List { rev: answer.revision(), objects }
    }
}

fn spawn(folder: &Path, address: SocketAddr) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabernetes"));
    arguments(&mut command, folder, address).spawn().expect("the binary runs")
}

fn arguments<'a>(command: &'a mut Command, folder: &Path, address: SocketAddr) -> &'a mut Command {
    command.args(["server", "--insecure", "--listen", &address.to_string(), "--data-dir"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
