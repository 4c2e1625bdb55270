//! test
use crate::process::Result;
pub fn run(_: &[String]) -> Result {
    Err("being written".into())
}
