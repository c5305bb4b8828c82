//! Memory that a kernel works with beside its operands.

use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::View;
use crate::reader::Reader;
use std::borrow::Cow;

/// The elements of an operand in order: its own, or a copy.
pub(crate) fn in_order<T: Element>(view: View<'_>) -> Result<Cow<'_, [T]>> {
    let reader = Reader::<T>::new(view)?;
    if let Some(data) = reader.as_slice() {
        return Ok(Cow::Borrowed(&data[..reader.len()]));
    }
    let mut copy = scratch(reader.len())?;
    reader.copy_to(0, &mut copy);
    Ok(Cow::Owned(copy))
}

/// Zeros to work with, which a caller may not have memory for: no reason to end the process.
pub(crate) fn scratch<T: Element>(length: usize) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    let failed = |_| Error::new(format!("there is no memory for {length} elements"));
    memory.try_reserve_exact(length).map_err(failed)?;
    memory.resize(length, T::default());
    Ok(memory)
}
