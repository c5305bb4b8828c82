//! Work on each lane of the last axis.

use crate::cpu::{GRAIN, elements, try_chunks_of};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::scratch::scratch;

/// Calls `body(state, lane, out)` for each lane of the last axis, with a contiguous copy of the
/// lane. The output may be shorter than the lane. The lanes of a task share a state.
pub(crate) fn for_lanes<T: Element, R: Element, S: Default>(
    launch: &mut Launch<'_>,
    body: impl Fn(&mut S, &[T], &mut [R]) -> Result + Sync,
) -> Result {
    let out = elements::<R>(launch.contiguous_output(0)?)?;
    let view = launch.input(0)?;
    let Some(last) = view.layout.rank().checked_sub(1) else {
        return Err(Error::new("there is no axis"));
    };
    let extent = view.layout.extent(last);
    let x = Reader::<T>::new(view)?;
    if out.is_empty() {
        return Ok(());
    }
    let width = out.len() / (x.len() / extent.max(1)).max(1);
    if width == 0 || width > extent || out.len() * extent != x.len() * width {
        return Err(Error::new("the output has another size"));
    }
    try_chunks_of(out, (GRAIN / extent).max(1) * width, |start, chunk| {
        let (mut lane, mut state) = (scratch::<T>(extent)?, S::default());
        for (index, out) in chunk.chunks_exact_mut(width).enumerate() {
            x.copy_to((start / width + index) * extent, &mut lane);
            body(&mut state, &lane, out)?;
        }
        Ok(())
    })
}
