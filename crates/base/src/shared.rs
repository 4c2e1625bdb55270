//! A value that many moments of a world share until one of them changes it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Copy on write: a clone is a pointer; whoever writes gets a copy of their own first, unless nobody else has it.
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Not shared yet.
    pub fn new(value: T) -> Shared<T> {
        Shared(Arc::new(value))
    }
    /// True if both are the very same value in memory; then they are equal.
    pub fn is_same(&self, other: &Shared<T>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(self.0.clone())
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Shared<T> {
        Shared::new(value)
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_leaves_the_others_as_they_were() {
        let mut one = Shared::new(vec![1]);
        let two = one.clone();
        assert!(one.is_same(&two));
        one.push(2);
        assert_eq!((one.as_slice(), two.as_slice()), (&[1, 2][..], &[1][..]));
        let before = one.as_ptr();
        one[0] = 5;
        assert_eq!(one.as_ptr(), before, "nobody else has it");
    }
}
