//! Running other programs: each is printed before it starts, and a failure says which one failed.

use std::io::ErrorKind;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

/// A command's result; the text is what the person reads.
pub type Result<T = ()> = std::result::Result<T, String>;

/// Runs it with the terminal's own output.
pub fn run(command: &mut Command) -> Result {
    let started = Instant::now();
    let status = command_status(command)?;
    finish(command, status)?;
    let spent = started.elapsed();
    if spent.as_secs() >= 5 {
        eprintln!("  took {} s", spent.as_secs());
    }
    Ok(())
}

/// Starts it and goes on; `wait` ends it.
pub fn start(command: &mut Command) -> Result<Child> {
    announce(command);
    command.spawn().map_err(|error| cannot_start(command, &error))
}

/// Waits for a program that `start` began.
pub fn wait(command: &Command, mut child: Child) -> Result {
    let status = child.wait().map_err(|error| error.to_string())?;
    finish(command, status)
}

/// Runs it in silence and gives what it printed; its errors go to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    collect(command.stderr(Stdio::inherit()))
}

fn collect(command: &mut Command) -> Result<String> {
    let out = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    finish(command, out.status)?;
    String::from_utf8(out.stdout).map_err(|error| error.to_string())
}

/// As `output`, with nothing shown even when it fails.
pub fn quiet_output(command: &mut Command) -> Result<String> {
    collect(command.stderr(Stdio::null()))
}

/// Whether it runs and succeeds; nothing is shown.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The first folder of `PATH` that has the program.
pub fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn command_status(command: &mut Command) -> Result<ExitStatus> {
    announce(command);
    command.status().map_err(|error| cannot_start(command, &error))
}

fn announce(command: &Command) {
    eprintln!("$ {}", words(command));
}

fn finish(command: &Command, status: ExitStatus) -> Result {
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", words(command))) }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    let program = command.get_program().to_string_lossy();
    if error.kind() == ErrorKind::NotFound {
        format!("{program} is not installed")
    } else {
        format!("cannot start {program}: {error}")
    }
}

fn words(command: &Command) -> String {
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
