//! Scratch memory of kernels. Running out of it is an error that does not abort the process.

use crate::allocator::zeros;
use crate::cpu::for_chunks;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::View;
use crate::reader::Reader;
use crate::transpose::copy_transposed;
use pulp::bytemuck::{Pod, cast_slice, cast_slice_mut};
use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::take;
use std::ops::{Deref, DerefMut};

/// The elements of an operand in order: its memory, or a copy.
pub(crate) fn in_order<T: Element>(view: View<'_>) -> Result<Cow<'_, [T]>> {
    let reader = Reader::<T>::new(view)?;
    if let Some(data) = reader.as_slice() {
        return Ok(Cow::Borrowed(&data[..reader.len()]));
    }
    let mut copy = scratch(reader.len())?;
    if !copy_transposed(&mut copy, reader.data, reader.layout)? {
        for_chunks(&mut copy, |start, chunk| reader.copy_to(start, chunk))?;
    }
    Ok(Cow::Owned(copy))
}

/// The same for an operand that must have `count` elements, which is checked before anything is
/// copied, as a view may repeat its elements.
pub(crate) fn all_in_order<T: Element>(view: View<'_>, count: usize) -> Result<Cow<'_, [T]>> {
    if view.layout.len() != count {
        return Err(Error::new("the operands have different sizes"));
    }
    in_order(view)
}

/// The same for an operand that has one element for each row of something of `size` elements.
pub(crate) fn rows_in_order<T: Element>(view: View<'_>, size: usize) -> Result<Cow<'_, [T]>> {
    if view.layout.len() > size {
        return Err(Error::new("there are more rows than elements"));
    }
    in_order(view)
}

/// An empty list with room for a number of items.
pub(crate) fn room<T>(length: usize) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    let failed = |_| Error::memory(length.saturating_mul(size_of::<T>()));
    memory.try_reserve_exact(length).map_err(failed)?;
    Ok(memory)
}

/// Zeros to work with.
pub(crate) fn scratch<T: Element>(length: usize) -> Result<Vec<T>> {
    zeros(length).ok_or_else(|| Error::memory(length.saturating_mul(size_of::<T>())))
}

/// Memory to work with that goes back to its thread, for the next kernel that asks: getting large
/// memory from the system takes longer than using it. It contains what was there before.
pub(crate) struct Kept<T> {
    memory: Vec<f64>,
    length: usize,
    marker: PhantomData<T>,
}

/// How much memory a thread keeps: so many pieces, each of so many numbers of eight bytes.
const PIECES: usize = 4;
const LARGEST: usize = (1 << 20) + 8;

thread_local! {
    static KEPT: RefCell<[Vec<f64>; PIECES]> = const { RefCell::new([const { Vec::new() }; PIECES]) };
}

impl<T: Pod> Kept<T> {
    pub(crate) fn new(length: usize) -> Result<Self> {
        let needed = length.saturating_mul(size_of::<T>()).div_ceil(size_of::<f64>());
        let found = KEPT.with_borrow_mut(|kept| {
            let fitting = kept.iter_mut().filter(|piece| piece.len() >= needed);
            fitting.min_by_key(|piece| piece.len()).map(take)
        });
        let memory = found.map_or_else(|| scratch(needed), Ok)?;
        Ok(Self { memory, length, marker: PhantomData })
    }
}

impl<T: Pod> Deref for Kept<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &cast_slice(&self.memory)[..self.length]
    }
}

impl<T: Pod> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut cast_slice_mut(&mut self.memory)[..self.length]
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        if self.memory.len() > LARGEST {
            return;
        }
        KEPT.with_borrow_mut(|kept| {
            let smallest = kept.iter_mut().min_by_key(|piece| piece.len());
            if let Some(piece) = smallest.filter(|piece| piece.len() < self.memory.len()) {
                *piece = take(&mut self.memory);
            }
        });
    }
}

/// The items of an iterator, in a list.
pub(crate) fn listed<T>(items: impl Iterator<Item = T>) -> Result<Vec<T>> {
    let mut list = room(items.size_hint().0)?;
    for item in items {
        if list.len() == list.capacity() {
            let wanted = 2 * list.len() * size_of::<T>();
            list.try_reserve(1).map_err(|_| Error::memory(wanted))?;
        }
        list.push(item);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        assert!(matches!(scratch::<f64>(usize::MAX / 8), Err(Error::Memory(_))));
        assert!(matches!(room::<u8>(usize::MAX), Err(Error::Memory(_))));
        assert_eq!(scratch::<f32>(3).unwrap(), [0.0; 3]);
    }

    #[test]
    fn kept_memory_is_used_again_if_it_is_large_enough() {
        let mut first = Kept::<f32>::new(1000).unwrap();
        first.fill(7.0);
        let place = first.as_ptr().addr();
        let small = Kept::<f64>::new(10).unwrap();
        assert_ne!(small.as_ptr().addr(), place);
        drop(first);
        drop(small);
        let (again, other) = (Kept::<f64>::new(500).unwrap(), Kept::<f64>::new(500).unwrap());
        assert_eq!((again.as_ptr().addr(), again.len()), (place, 500));
        assert_ne!(other.as_ptr().addr(), place);
        assert!(matches!(Kept::<f64>::new(usize::MAX / 8), Err(Error::Memory(_))));
    }

    #[test]
    fn a_list_grows_with_an_iterator_that_tells_no_length() {
        let odd = (0..100).filter(|number| number % 2 == 1);
        assert_eq!(listed(odd).unwrap().len(), 50);
    }
}
