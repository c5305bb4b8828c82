//! The largest or smallest of the reduced elements and its first position; NaN wins. If positions
//! are not needed, their output is empty.

use super::axes::{Axes, try_costly_chunks};
use crate::cpu::{GRAIN, TILE, elements, for_chunks_of, simd, try_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel};
use crate::scratch::scratch;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "max", outputs: 2, cpu: Cpu::Custom(extreme::<true>), wgsl: programs::MAX },
    Kernel { name: "min", outputs: 2, cpu: Cpu::Custom(extreme::<false>), wgsl: programs::MIN },
];

/// Candidates that are kept in parallel, so that comparisons are vectorised.
const LANES: usize = 32;

fn extreme<const MAX: bool>(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, extreme_as(launch, MAX))
}

fn extreme_as<T: Element>(launch: &mut Launch<'_>, max: bool) -> Result {
    if max { extremes::<T, true>(launch) } else { extremes::<T, false>(launch) }
}

#[inline(always)]
fn is_nan<T: Element>(x: T) -> bool {
    x.partial_cmp(&x).is_none()
}

/// Whether `x` replaces the current candidate, which came first.
#[inline(always)]
fn wins<T: Element, const MAX: bool>(x: T, held: T) -> bool {
    (if MAX { x > held } else { x < held }) | (is_nan(x) & !is_nan(held))
}

#[inline(always)]
fn better<T: Element, const MAX: bool>(held: T, x: T) -> T {
    if wins::<T, MAX>(x, held) { x } else { held }
}

fn extremes<T: Element, const MAX: bool>(launch: &mut Launch<'_>) -> Result {
    let placed = launch.outs.get(1).and_then(Option::as_ref).map(|view| view.layout.len());
    let wanted = placed.is_some_and(|length| length > 0);
    let axes = Axes::of(launch, if wanted { 2 } else { 1 })?;
    let values = elements::<T>(launch.contiguous_output(0)?)?;
    let positions = elements::<i32>(launch.contiguous_output(1)?)?;
    let x = axes.reader::<T>(launch.input(0)?)?;
    let count = axes.reduced.len();
    if count == 0 {
        return if values.is_empty() { Ok(()) } else { Err(Error::new("nothing to reduce")) };
    }
    if axes.down_columns() {
        let mut unseen = scratch(if wanted { 0 } else { values.len() })?;
        let positions = if wanted { &mut *positions } else { &mut unseen };
        let grain = (GRAIN / count).max(1);
        let parts = values.chunks_mut(grain).zip(positions.chunks_mut(grain)).enumerate();
        try_parts(parts, |(part, (values, positions))| {
            down_columns::<T, MAX>((part * grain, values), positions, &axes, x.data)
        })?;
    } else {
        try_costly_chunks(values, count, |start, chunk| {
            for (index, value) in chunk.iter_mut().enumerate() {
                *value = along_run::<T, MAX>(&x, (start + index) * count, count)?;
            }
            Ok(())
        })?;
        if wanted {
            try_costly_chunks(positions, count, |start, chunk| {
                for (index, position) in chunk.iter_mut().enumerate() {
                    let value = values[start + index];
                    *position = first_of(&x, (start + index) * count, count, value) as i32;
                }
                Ok(())
            })?;
        }
    }
    if wanted && axes.times > 1 {
        let numbers = axes.numbers();
        for position in positions {
            *position = numbers.position(*position as usize) as i32;
        }
    }
    Ok(())
}

/// The extreme of `count` consecutive elements of a reader.
fn along_run<T: Element, const MAX: bool>(
    x: &Reader<'_, T>,
    first: usize,
    count: usize,
) -> Result<T> {
    let grain = |start: usize| {
        let mut held: Option<T> = None;
        x.for_blocks(start, (start + GRAIN).min(first + count), GRAIN, |block| {
            let of_block = of_block::<T, MAX>(block);
            held = Some(held.map_or(of_block, |held| better::<T, MAX>(held, of_block)));
        });
        held.unwrap_or_default()
    };
    if count <= GRAIN {
        return Ok(grain(first));
    }
    let mut parts = scratch::<T>(count.div_ceil(GRAIN))?;
    for_chunks_of(&mut parts, 1, |start, chunk| {
        for (index, part) in chunk.iter_mut().enumerate() {
            *part = grain(first + (start + index) * GRAIN);
        }
    })?;
    Ok(parts.into_iter().reduce(better::<T, MAX>).unwrap_or_default())
}

/// The extreme of at least one element.
fn of_block<T: Element, const MAX: bool>(x: &[T]) -> T {
    simd(
        #[inline(always)]
        || {
            let (chunks, rest) = x.as_chunks::<LANES>();
            let mut lanes = [x[0]; LANES];
            for chunk in chunks {
                for (held, &x) in lanes.iter_mut().zip(chunk) {
                    *held = better::<T, MAX>(*held, x);
                }
            }
            let all = lanes.iter().chain(rest);
            all.fold(x[0], |held, &x| better::<T, MAX>(held, x))
        },
    )
}

/// The position of a value, or of the first NaN, among `count` consecutive elements.
fn first_of<T: Element>(x: &Reader<'_, T>, first: usize, count: usize, value: T) -> usize {
    let mut tiles = x.tiles();
    let nan = is_nan(value);
    for from in (0..count).step_by(TILE) {
        let block = tiles.block(first + from, TILE.min(count - from));
        let same = |x: T| if nan { is_nan(x) } else { x == value };
        // Compares whole blocks first, vectorised.
        let found = simd(
            #[inline(always)]
            || block.iter().fold(false, |found, &x| found | same(x)),
        );
        if found && let Some(place) = block.iter().position(|&x| same(x)) {
            return from + place;
        }
    }
    0
}

/// Reduces many columns at a time, so that memory is read in order.
fn down_columns<T: Element, const MAX: bool>(
    (start, values): (usize, &mut [T]),
    positions: &mut [i32],
    axes: &Axes<'_>,
    data: &[T],
) -> Result {
    axes.for_columns((start, values), data, TILE, |first, data, values| {
        let width = values.len();
        let positions = &mut positions[first - start..][..width];
        values.copy_from_slice(&data[..width]);
        positions.fill(0);
        simd(
            #[inline(always)]
            || {
                for (row, x) in axes.rows(data, width).enumerate() {
                    let held = values.iter_mut().zip(&mut *positions);
                    for ((value, position), &x) in held.zip(x) {
                        let won = wins::<T, MAX>(x, *value);
                        *value = if won { x } else { *value };
                        *position = if won { row as i32 } else { *position };
                    }
                }
            },
        );
        Ok(())
    })
}
