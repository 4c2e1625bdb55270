//! base64, md5sum, sha256sum, od: what shows bytes in another form.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::tool::{Tool, options};
use base::Text;

#[derive(Clone, Debug)]
enum Form {
    Encode { wrap: usize },
    Decode,
    Md5,
    Sha256,
    Od { hex: bool, offsets: bool, chars: bool },
}

#[derive(Clone, Debug)]
struct Bytes {
    form: Form,
    name: Text,
    data: Vec<u8>,
    wrong: Option<String>,
}

type Made = Result<Box<dyn Tool>, i32>;

fn made(form: Form, files: Vec<Text>, wording: Wording) -> Made {
    Ok(Filtering::over(Bytes { form, name: Text::default(), data: Vec::new(), wrong: None }, files, wording))
}

pub(crate) fn base64(io: &mut Io) -> Made {
    let options = options(io, "dw:Di", &[("decode", 'd'), ("wrap", 'w')])?;
    let wrap = options.value('w').and_then(|text| text.parse().ok()).unwrap_or(76);
    let form = if options.has('d') || options.has('D') { Form::Decode } else { Form::Encode { wrap } };
    made(form, options.rest, Wording::Plain)
}
pub(crate) fn md5sum(io: &mut Io) -> Made {
    let options = options(io, "b", &[])?;
    made(Form::Md5, options.rest, Wording::CantOpen)
}
pub(crate) fn sha256sum(io: &mut Io) -> Made {
    let options = options(io, "b", &[])?;
    made(Form::Sha256, options.rest, Wording::CantOpen)
}
pub(crate) fn od(io: &mut Io) -> Made {
    let options = options(io, "A:t:cxbN:v", &[])?;
    let kind = options.value('t').map_or("o2", |text| text.as_str());
    let hex = kind.starts_with('x') || options.has('x');
    let offsets = options.value('A').is_none_or(|text| text != "n");
    let chars = options.has('c') || kind.starts_with('c');
    made(Form::Od { hex, offsets, chars }, options.rest, Wording::Plain)
}

impl Filter for Bytes {
    fn begin(&mut self, name: Option<&Text>, _out: &mut Vec<u8>) -> Flow {
        self.name = name.cloned().unwrap_or_else(|| base::text!("-"));
        self.data.clear();
        Flow::Go
    }
    fn take(&mut self, data: &[u8], _out: &mut Vec<u8>) -> Flow {
        if self.data.len() > super::text::KEPT {
            self.wrong = Some("out of memory".into());
            return Flow::Stop(1);
        }
        self.data.extend_from_slice(data);
        Flow::Go
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Encode { wrap } => {
                let text = base::base64_encode(&self.data);
                for line in text.as_bytes().chunks(if *wrap == 0 { usize::MAX } else { *wrap }) {
                    out.extend_from_slice(line);
                    out.extend((*wrap > 0).then_some(b'\n'));
                }
            }
            Form::Decode => {
                let text = String::from_utf8_lossy(&self.data).into_owned();
                let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                let whole = text.len() / 4 * 4;
                match base::base64_decode(&text) {
                    Ok(bytes) => out.extend(bytes),
                    Err(at) => {
                        let good = (at.min(text.len()).min(whole)) / 4 * 4;
                        out.extend(text.get(..good).and_then(|text| base::base64_decode(text).ok()).unwrap_or_default());
                        self.wrong = Some("invalid input".into());
                    }
                }
            }
            Form::Md5 => out.extend(format!("{}  {}\n", hex(&md5(&self.data)), self.name).as_bytes()),
            Form::Sha256 => out.extend(format!("{}  {}\n", hex(&sha256(&self.data)), self.name).as_bytes()),
            Form::Od { hex, offsets, chars } => out.extend(dump(&self.data, *hex, *offsets, *chars).as_bytes()),
        }
    }
    fn end(&mut self, _out: &mut Vec<u8>) -> i32 {
        i32::from(self.wrong.is_some())
    }
    fn complaint(&mut self) -> Option<String> {
        self.wrong.take()
    }
    fn whole_lines(&self) -> bool {
        false
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dump(data: &[u8], hex: bool, offsets: bool, chars: bool) -> String {
    let mut out = String::new();
    for (nth, row) in data.chunks(16).enumerate() {
        if offsets {
            out += &format!("{:07o}", nth * 16);
        }
        for byte in row {
            out += &match byte {
                _ if hex => format!(" {byte:02x}"),
                b'\n' if chars => "  \\n".into(),
                b'\t' if chars => "  \\t".into(),
                0 if chars => "  \\0".into(),
                32..=126 if chars => format!("   {}", char::from(*byte)),
                _ => format!(" {byte:03o}"),
            };
        }
        out.push('\n');
    }
    if offsets {
        out += &format!("{:07o}\n", data.len());
    }
    out
}

/// Pads a message to blocks of 64 bytes with its length in bits at the end.
fn padded(data: &[u8], length: [u8; 8]) -> Vec<u8> {
    let mut out = data.to_vec();
    out.push(0x80);
    while out.len() % 64 != 56 {
        out.push(0);
    }
    out.extend(length);
    out
}

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
// floor(2^32 * |sin(n + 1)|)
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// RFC 1321.
fn md5(data: &[u8]) -> [u8; 16] {
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(data, (data.len() as u64 * 8).to_le_bytes()).chunks(64) {
        let word = |at: usize| u32::from_le_bytes([block[at * 4], block[at * 4 + 1], block[at * 4 + 2], block[at * 4 + 3]]);
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mix, at) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a.wrapping_add(mix).wrapping_add(SINES[step]).wrapping_add(word(at));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (place, value) in state.iter_mut().zip([a, b, c, d]) {
            *place = place.wrapping_add(value);
        }
    }
    let mut out = [0; 16];
    out.chunks_mut(4).zip(state).for_each(|(place, word)| place.copy_from_slice(&word.to_le_bytes()));
    out
}

/// The first 32 bits of the fractional part of the `root`-th root of the first primes (FIPS 180-4), in whole numbers.
fn prime_roots(count: usize, root: u32) -> Vec<u32> {
    let primes = (2_u128..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let one = |prime: u128| {
        // The largest x with x^root <= prime * 2^(32 root): its low 32 bits are what is wanted.
        let target = prime << (32 * root);
        let (mut low, mut high) = (0_u128, 1 << 40);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if middle.checked_pow(root).is_some_and(|power| power <= target) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low as u32
    };
    primes.take(count).map(one).collect()
}

/// FIPS 180-4.
fn sha256(data: &[u8]) -> Vec<u8> {
    let constants = prime_roots(64, 3);
    let mut state = prime_roots(8, 2);
    for block in padded(data, (data.len() as u64 * 8).to_be_bytes()).chunks(64) {
        let mut words: Vec<u32> = block.chunks(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]])).collect();
        for at in 16..64 {
            let (early, late) = (words[at - 15], words[at - 2]);
            let first = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
            let second = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
            words.push(words[at - 16].wrapping_add(first).wrapping_add(words[at - 7]).wrapping_add(second));
        }
        let mut v: [u32; 8] = std::array::from_fn(|at| state[at]);
        for at in 0..64 {
            let upper = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let one = v[7].wrapping_add(upper).wrapping_add(choice).wrapping_add(constants[at]).wrapping_add(words[at]);
            let lower = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let two = lower.wrapping_add((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            v = [one.wrapping_add(two), v[0], v[1], v[2], v[3].wrapping_add(one), v[4], v[5], v[6]];
        }
        state.iter_mut().zip(v).for_each(|(place, value)| *place = place.wrapping_add(value));
    }
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        assert_eq!(hex(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(&md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
