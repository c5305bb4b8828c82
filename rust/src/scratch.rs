//! Scratch memory of kernels. Running out of it is an error that does not abort the process.

use crate::allocator::zeros;
use crate::cpu::for_chunks;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::View;
use crate::reader::Reader;
use crate::transpose::copy_transposed;
use std::borrow::Cow;

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
    fn a_list_grows_with_an_iterator_that_tells_no_length() {
        let odd = (0..100).filter(|number| number % 2 == 1);
        assert_eq!(listed(odd).unwrap().len(), 50);
    }
}
