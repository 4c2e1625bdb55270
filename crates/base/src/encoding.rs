//! Small encodings that Kubernetes uses everywhere: base64 of secrets, FNV-1a hashes, the safe letters of generated names.

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Standard base64 with padding.
pub fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let six = (word >> (18 - 6 * place)) as usize & 63;
            out.push(if place <= chunk.len() { BASE64[six] as char } else { '=' });
        }
    }
    out
}

/// Reads standard base64 with padding; line ends are skipped. The error is the position of the first wrong byte, as Go's
/// `illegal base64 data at input byte N` tells it.
pub fn base64_decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut filled, mut padding) = (0_u32, 0_u32, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => continue,
            b'=' if filled >= 2 && filled + padding < 4 => {
                padding += 1;
                continue;
            }
            _ => {}
        }
        let six = BASE64.iter().position(|c| *c == byte).filter(|_| padding == 0).ok_or(at)?;
        word = word << 6 | six as u32;
        filled += 1;
        if filled == 4 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            (word, filled) = (0, 0);
        }
    }
    match (filled, padding) {
        (0, 0) => {}
        (2, 2) => out.push((word >> 4) as u8),
        (3, 1) => out.extend_from_slice(&((word >> 2) as u16).to_be_bytes()),
        // A group of four that ends too early is wrong from its first byte on.
        (_, 0) => return Err(text.len() - filled as usize),
        _ => return Err(text.len()),
    }
    Ok(out)
}

/// The 32-bit FNV-1a hash.
pub fn fnv32a(bytes: &[u8]) -> u32 {
    fnv32a_more(0x811c_9dc5, bytes)
}

/// Goes on hashing from an earlier hash.
pub fn fnv32a_more(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The 64-bit FNV-1a hash.
pub fn fnv64a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Each byte as one of the letters that cannot spell a word. Models SafeEncodeString of k8s.io/apimachinery/pkg/util/rand.
pub fn safe_encode(text: &str) -> String {
    text.bytes().map(|byte| SAFE[usize::from(byte) % SAFE.len()] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn base64_round_trips() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("admin", "YWRtaW4=")] {
            assert_eq!(base64_encode(plain.as_bytes()), coded);
            assert_eq!(base64_decode(coded).unwrap(), plain.as_bytes());
        }
        let mut rng = Rng::new(1);
        for len in 0..100 {
            let bytes: Vec<u8> = (0..len).map(|_| rng.next_u64() as u8).collect();
            assert_eq!(base64_decode(&base64_encode(&bytes)).unwrap(), bytes);
        }
        for bad in ["Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "Zm9*", "é", "Zg==="] {
            assert!(base64_decode(bad).is_err(), "{bad}");
        }
        assert_eq!(base64_decode("Zm9\nv"), Ok(b"foo".to_vec()));
        assert_eq!((base64_decode("abc"), base64_decode("plain text!")), (Err(0), Err(5)));
    }

    #[test]
    fn hashes() {
        assert_eq!(fnv32a(b""), 0x811c_9dc5);
        assert_eq!(fnv32a(b"foobar"), 0xbf9c_f968);
        assert_eq!(fnv64a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(safe_encode("0123456789"), "456789bcdf");
    }
}
