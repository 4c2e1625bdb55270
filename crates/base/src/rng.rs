//! The one source of chance: a small seeded generator (xoshiro256**), forked by component name so that a new
//! consumer never moves another one's dice.

/// A seeded generator. Equal seeds give equal sequences on every platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rng([u64; 4]);

/// The alphabet of Kubernetes' generated names (k8s.io/apimachinery/pkg/util/rand).
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Rng {
    pub fn new(seed: u64) -> Rng {
        let mut state = seed;
        Rng([(); 4].map(|()| splitmix(&mut state)))
    }

    /// A generator of its own for `component`, independent of how often `self` was used later.
    pub fn fork(&self, component: &str) -> Rng {
        let mut state = self.0[0] ^ self.0[2].rotate_left(17);
        for byte in component.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Rng([(); 4].map(|()| splitmix(&mut state)))
    }

    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low).max(0) as u64 + 1) as i64
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// Random characters as Kubernetes appends to generated names.
    pub fn name_suffix(&mut self, len: usize) -> String {
        (0..len).map(|_| NAME_ALPHABET[self.below(27) as usize] as char).collect()
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let a = self.next_u64();
        let b = self.next_u64();
        let bits = u128::from(a) << 64 | u128::from(b);
        // The version (4) and the variant (two bits: 10) have their places.
        let bits = bits & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let mut out = String::with_capacity(36);
        for place in (0..32u32).rev() {
            out.push(char::from(b"0123456789abcdef"[(bits >> (4 * place)) as usize & 0xf]));
            if matches!(place, 24 | 20 | 16 | 12) {
                out.push('-');
            }
        }
        out
    }
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_dice() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        assert_eq!(a.uuid(), b.uuid());
        assert_ne!(a.fork("x").next_u64(), a.fork("y").next_u64());
        for _ in 0..1000 {
            assert!((3..=5).contains(&a.between(3, 5)));
        }
    }
}
