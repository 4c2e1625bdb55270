//! Quantities, durations, ranges, times and encodings: any text is read or refused, and canonical text stays what it is.
#![no_main]

use base::{Cidr, Duration, Quantity, Time, base64_decode, base64_encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(quantity) = Quantity::parse(text) {
        assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
    }
    let _ = Duration::parse(text);
    let _ = Time::parse(text);
    if let Some(range) = Cidr::parse(text) {
        assert_eq!(Cidr::parse(&range.to_string()), Some(range));
    }
    if let Ok(bytes) = base64_decode(text) {
        assert_eq!(base64_decode(&base64_encode(&bytes)), Ok(bytes));
    }
    let _ = base::names::qualified_name(text);
});
