//! `cargo xtask oracle --from DIR [AREA…]`: replays recorded cases of a real cluster over HTTP against `tabernetes simulate`, and
//! counts how many pass in each area. The counts in `tests/recorded/http.txt` may only grow; `UPDATE_GOLDEN=1` raises them.
//!
//! DIR holds the recorder (`oracle.py`, which needs Python with PyYAML) and its `cases/AREA/**.json`. kubectl
//! comes from the path or `KUBECTL`; one of the recordings' own version tells their very words.

use crate::process::{self, Result};
use crate::project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Cases by area and by what they need of a cluster.
type Groups = BTreeMap<(String, &'static str), Vec<PathBuf>>;

/// So many groups run beside each other: they wait most of the time.
const BESIDE: usize = 4;

pub fn run(args: &[String]) -> Result {
    let at = args.iter().position(|arg| arg == "--from").ok_or("say where the recordings are: --from DIR")?;
    let folder = PathBuf::from(args.get(at + 1).ok_or("say where the recordings are: --from DIR")?);
    let areas: Vec<&String> = args[..at].iter().chain(&args[at + 2..]).collect();
    process::run(project::cargo().args(["build", "--quiet", "--package", "tabernetes"]))?;
    let groups = groups(&folder, &areas)?;
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let all: Vec<_> = groups.iter().collect();
    for some in all.chunks(BESIDE) {
        let found = std::thread::scope(|scope| {
            let started: Vec<_> = some.iter().map(|(key, files)| scope.spawn(|| replay(&folder, key, files))).collect();
            started
                .into_iter()
                .map(|thread| thread.join().map_err(|_| "a replay panicked".to_string())?)
                .collect::<Result<Vec<u32>>>()
        })?;
        for ((key, files), passed) in some.iter().zip(found) {
            let count = counts.entry(key.0.clone()).or_default();
            *count = (count.0 + passed, count.1 + files.len() as u32);
        }
    }
    for (area, (passed, all)) in &counts {
        println!("{area}: {passed} of {all} cases pass over HTTP");
    }
    compare(&counts)
}

fn groups(folder: &Path, areas: &[&String]) -> Result<Groups> {
    let cases = folder.join("cases");
    let mut groups = Groups::new();
    for file in project::files(&cases).into_iter().filter(|file| file.extension().is_some_and(|e| e == "json")) {
        let case: Value = serde_json::from_str(&project::read(&file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        let below = file.strip_prefix(&cases).unwrap_or(&file);
        let area = below.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
        if !case["steps"].is_array() || !areas.is_empty() && !areas.contains(&&area) {
            continue;
        }
        let needs = match case["needs"].as_str() {
            _ if case["own_nodes"] == true => "own nodes",
            Some("nodes") => "nodes",
            Some("real-node") => "real-node",
            _ => "api",
        };
        groups.entry((area, needs)).or_default().push(file);
    }
    if groups.is_empty() { Err(format!("{}: no recorded cases", cases.display())) } else { Ok(groups) }
}

/// What a cluster has to be for cases.
fn shape(needs: &str) -> &'static [&'static str] {
    match needs {
        "nodes" => &["--nodes", "3", "--runtime", "instant"],
        "real-node" => &["--nodes", "1"],
        _ => &["--nodes", "0", "--runtime", "instant"],
    }
}

/// Replays files against a server of their own; answers how many pass.
fn replay(folder: &Path, (area, needs): &(String, &'static str), files: &[PathBuf]) -> Result<u32> {
    let name = format!("{area}-{needs}").replace(' ', "-");
    let kubeconfig = std::env::temp_dir().join(format!("tabernetes-oracle-{}-{name}", std::process::id()));
    let mut server = start(&kubeconfig, needs)?;
    let named = std::env::var_os("KUBECTL").map(PathBuf::from);
    let kubectl = named.or_else(|| process::which("kubectl")).ok_or("kubectl is not installed")?;
    let mut passed = 0;
    for file in files {
        let mut python = Command::new("python3");
        python
            .arg(folder.join("oracle.py"))
            .args(["check", "-q", "--kubeconfig"])
            .arg(&kubeconfig)
            .arg("--kubectl")
            .arg(&kubectl);
        passed += u32::from(process::succeeds(python.arg(file)));
    }
    // It may have ended by itself, which the cases have noticed.
    let _ = server.kill();
    let _ = server.wait();
    let _ = std::fs::remove_file(&kubeconfig);
    Ok(passed)
}

fn start(kubeconfig: &Path, needs: &str) -> Result<Child> {
    let mut command = Command::new(project::target().join("debug/tabernetes"));
    command
        .args(["simulate", "--listen", "127.0.0.1:0", "--token", "alicetoken=alice:dev"])
        .args(["--token", "admintoken=kubernetes-admin:system:masters", "--write-kubeconfig"])
        .arg(kubeconfig);
    let server = process::start(command.args(shape(needs)).stdout(Stdio::null()))?;
    let begun = Instant::now();
    while !kubeconfig.exists() {
        if begun.elapsed() > Duration::from_secs(20) {
            return Err("the server does not come up".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // With a token instead of a certificate, so that requests can leave it out.
    let text = project::read(kubeconfig)?;
    let lines = text.lines().filter(|line| !line.contains("client-key-data:"));
    let lines = lines.map(|line| {
        line.split_once("client-certificate-data:").map_or(line.to_string(), |(indent, _)| format!("{indent}token: admintoken"))
    });
    project::write(kubeconfig, lines.collect::<Vec<_>>().join("\n"))?;
    Ok(server)
}

/// Fails if fewer pass than before.
fn compare(counts: &BTreeMap<String, (u32, u32)>) -> Result {
    let path = project::root().join("tests/recorded/http.txt");
    let text = project::read(&path).unwrap_or_default();
    let mut known: BTreeMap<String, u32> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(area, n)| Some((area.into(), n.parse().ok()?)))
        .collect();
    let mut fewer = Vec::new();
    for (area, (passed, _)) in counts {
        let before = known.entry(area.clone()).or_default();
        if passed < before {
            fewer.push(format!("{area}: {passed} pass, {before} did before"));
        }
        *before = (*passed).max(*before);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lines: String = known.iter().map(|(area, count)| format!("{area}: {count}\n")).collect();
        project::write(&path, lines)?;
    }
    if fewer.is_empty() { Ok(()) } else { Err(fewer.join("\n")) }
}
