//! `cargo xtask COMMAND`: everything that one does to this repository, for people and for CI alike.
//!
//! Each command installs what it lacks, or says in one line what it cannot do. One file per command; `USAGE` lists them.

mod bench;
mod chromium;
mod html;
mod lint;
mod module;
mod node;
mod oracle;
mod page;
mod process;
mod project;
mod proto;
mod run;
mod schema;
mod serve;
mod size;
mod split;
mod test;
mod wasm;

use process::Result;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  run    [--port N] [--release] [--no-watch]   build the page, serve it on 127.0.0.1:8080, rebuild when a source changes
  build  [--release]                           build the page into dist/
  test   [native|web|e2e] [FILTER]             every test: native, wasm in Node and in Chromium, end to end
  bench  [FILTER]                              the benchmarks
  size                                         bytes of the first load, against web/size-budget, and who takes them
  schema --from DIR [--check]                  the table of kinds, from a server's API documents
  oracle --from DIR [AREA...]                  recorded cases of a real cluster, replayed over HTTP
  proto  --from DIR...                         the field numbers of protobuf, from the modules k8s.io/api and apimachinery
  lint   [NAME]                                fmt, clippy, layers, purity, tidy
";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("help", &[][..]), |(command, rest)| (command.as_str(), rest));
    if let Err(error) = dispatch(command, rest) {
        eprintln!("xtask {command}: {error}");
        std::process::exit(1);
    }
}

fn dispatch(command: &str, rest: &[String]) -> Result {
    match command {
        "run" => run::run(rest),
        "build" => page::build(page::Kind::from_args(rest)?).map(|page| page.report()),
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "size" => size::run(),
        "schema" => schema::run(rest),
        "oracle" => oracle::run(rest),
        "proto" => proto::run(rest),
        "lint" => lint::run(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("no such command\n\n{USAGE}")),
    }
}
