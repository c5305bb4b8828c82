//! Copies between layouts.

use crate::cpu::{GRAIN, elements, for_chunks, for_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::transpose::copy_transposed;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "copy", outputs: 1, cpu: Cpu::Custom(copy), wgsl: Wgsl::Expression("x") }];

fn copy(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, copy_as(launch))
}

fn copy_as<T: Element>(launch: &mut Launch<'_>) -> Result {
    let out = launch.output(0)?;
    let view = launch.input(0)?;
    if out.layout.shape() != view.layout.shape() {
        return Err(Error::new("shapes differ"));
    }
    let (to, from) = (out.layout, view.layout);
    let target = elements::<T>(out)?;
    let reader = Reader::<T>::new(view)?;
    if to.is_contiguous() {
        if copy_transposed(target, reader.data, from)? {
            return Ok(());
        }
        return for_chunks(target, |start, chunk| reader.copy_to(start, chunk));
    }
    if to.len() == 0 {
        return Ok(());
    }
    let rows = to.coalesced();
    if rows.rank() == 2 && rows.stride(1) == 1 && rows.stride(0) >= rows.extent(1) {
        return copy_rows(&mut target[..to.span()?], &rows, &reader);
    }
    // The four inner axes are left to ndarray, which chooses a good order for both layouts.
    let inner = to.rank().saturating_sub(4);
    let (outer_to, outer_from) = (to.axes(0, inner), from.axes(0, inner));
    let (inner_to, inner_from) = (to.axes(inner, to.rank()), from.axes(inner, from.rank()));
    let (mut to, mut from) = (Cursor::new(outer_to, 0), Cursor::new(outer_from, 0));
    for _ in 0..outer_to.len() {
        let part = &mut target[to.position..];
        copy_inner(part, &inner_to, &reader.data[from.position..], &inner_from)?;
        to.advance();
        from.advance();
    }
    Ok(())
}

/// Copies into rows with gaps between them.
fn copy_rows<T: Element>(target: &mut [T], rows: &Layout, reader: &Reader<'_, T>) -> Result {
    let (stride, width) = (rows.stride(0), rows.extent(1));
    let each = (GRAIN / width).max(1);
    for_parts(target.chunks_mut(stride * each).enumerate(), |(part, chunk)| {
        for (index, row) in chunk.chunks_mut(stride).enumerate() {
            reader.copy_to((part * each + index) * width, &mut row[..width]);
        }
    })
}

fn copy_inner<T: Element>(to: &mut [T], out: &Layout, from: &[T], view: &Layout) -> Result {
    match out.rank() {
        0 => to[0] = from[0],
        1 => out.view_mut::<T, 1>(to)?.assign(&view.view::<T, 1>(from)?),
        2 => out.view_mut::<T, 2>(to)?.assign(&view.view::<T, 2>(from)?),
        3 => out.view_mut::<T, 3>(to)?.assign(&view.view::<T, 3>(from)?),
        _ => out.view_mut::<T, 4>(to)?.assign(&view.view::<T, 4>(from)?),
    }
    Ok(())
}
