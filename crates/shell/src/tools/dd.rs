//! dd: copies blocks (`if= of= bs= count= skip=`), which people use to fill disks and memory.

use crate::kernel::{Access, Fd, Io, Read};
use crate::tool::{On, Step, Tool};
use base::Text;

#[derive(Clone, Debug)]
struct Dd {
    block: usize,
    left: u64,
    skip: u64,
    /// Bytes of a block that is not full yet.
    held: usize,
    full: u64,
    bytes: u64,
    quiet: bool,
}

const FROM: u8 = 60;
const TO: u8 = 61;

/// `10`, `4k`, `1M`, `1G`
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" => 1 << 10,
        "M" | "m" | "MB" => 1 << 20,
        "G" | "g" | "GB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

pub(crate) fn dd(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let mut dd = Dd { block: 512, left: u64::MAX, skip: 0, held: 0, full: 0, bytes: 0, quiet: false };
    let (mut from, mut to) = (None, None);
    for word in &io.core.argv.clone()[1..] {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = size(value);
        match (name, number) {
            ("if", _) => from = Some(Text::from(value)),
            ("of", _) => to = Some(Text::from(value)),
            ("status", _) => dd.quiet = value == "none",
            ("conv" | "oflag" | "iflag" | "seek", _) => {}
            ("bs" | "ibs" | "obs", Some(number)) => dd.block = number.clamp(1, 16 << 20) as usize,
            ("count", Some(number)) => dd.left = number,
            ("skip", Some(number)) => dd.skip = number,
            _ => {
                io.complain(&format!("invalid argument '{word}'"));
                return Err(1);
            }
        }
    }
    for (name, number, access, standard) in [(from, FROM, Access::Read, 0), (to, TO, Access::Write, 1)] {
        let fd = match &name {
            None => io.core.fds.get(standard).cloned(),
            Some(name) => match io.open(name, access) {
                Ok(fd) => Some(fd),
                Err(error) => {
                    let gnu = io.is_bash();
                    io.complain(&if gnu {
                        format!("failed to open '{name}': {}", error.words())
                    } else {
                        format!("can't open '{name}': {}", error.words())
                    });
                    return Err(1);
                }
            },
        };
        io.core.fds.set(number, fd);
    }
    dd.left = dd.left.saturating_mul(dd.block as u64);
    dd.skip = dd.skip.saturating_mul(dd.block as u64);
    Ok(Box::new(dd))
}

impl Tool for Dd {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if let Some(fd) = io.core.fds.get(TO).filter(|fd| !io.kernel.writable(fd)) {
            return Step::Wait(On::Write(fd.clone()));
        }
        let wanted = if self.skip > 0 { self.skip } else { self.left }.min(16 << 10) as usize;
        let data = if wanted == 0 { Read::End } else { io.read(FROM, wanted) };
        match data {
            Read::Data(data) => {
                io.spend(data.len() / 64);
                if self.skip > 0 {
                    self.skip -= data.len() as u64;
                    return Step::More;
                }
                self.left -= data.len() as u64;
                self.bytes += data.len() as u64;
                self.held += data.len();
                self.full += (self.held / self.block) as u64;
                self.held %= self.block;
                io.write(TO, &data);
                Step::More
            }
            Read::Wait => Step::Wait(On::Read(io.core.fds.get(FROM).cloned().unwrap_or(Fd::Null))),
            Read::End => {
                let part = u8::from(self.held > 0);
                let count = format!("{}+{part} records", self.full);
                if !self.quiet {
                    let mut text = format!("{count} in\n{count} out\n");
                    if io.is_bash() {
                        text += &format!(
                            "{} bytes copied, 0.001 s, {}/s\n",
                            self.bytes,
                            super::listing::human(self.bytes.saturating_mul(1000))
                        );
                    }
                    io.err(text);
                }
                Step::Exit(0)
            }
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
