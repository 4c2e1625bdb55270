//! Runs command lines from the arguments in a fresh cluster (for a look while working).
use sim::{Given, Setup, Timeline};
fn main() {
    let mut timeline = Timeline::new(&Setup::default());
    for line in std::env::args().skip(1) {
        if let Some(s) = line.strip_prefix("+") { timeline.advance(base::Duration::from_secs(s.parse().unwrap())); continue; }
        let ran = timeline.run(&line, Given::default());
        println!("$ {line}\n{}{}[{}] at {}", ran.out, ran.err, ran.code, timeline.world().now());
    }
}
