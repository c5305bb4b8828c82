//! Euclidean norms: the root of a sum of squares, which is added once more, of scaled elements, where it
//! has left the range of their type. Parameters and blocks are those of `sum.rs`.

use super::sum::{COLUMNS, axes, down_columns, sum_of_lanes, totals, try_costly_chunks};
use crate::cpu::{elements, simd};
use crate::dtype::{Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel, Wgsl};

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "norm", outputs: 1, cpu: Cpu::Custom(norm), wgsl: Wgsl::None }];

/// Elements that are looked at together.
const BLOCK: usize = 4096;
/// Sums that run beside each other, so that they are done in vectors.
const LANES: usize = 32;
/// A smaller sum of squares may have lost some of them, of elements of 4 and of 8 bytes.
const LEAST: [f64; 2] = [1e-30, 1e-280];

fn norm(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, norm_as(launch))
}

fn norm_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (stay, reduced) = axes(launch, 1)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = Reader::<T>::new(launch.input(0)?)?;
    let count = reduced.len();
    if count == 0 {
        out.fill(T::default());
        return Ok(());
    }
    let columns = down_columns(&stay, &reduced);
    try_costly_chunks(out, count, |start, chunk| {
        if columns {
            norm_columns(start, chunk, &stay, &reduced, &x)?;
        } else {
            for (index, out) in chunk.iter_mut().enumerate() {
                let first = (start + index) * count;
                *out = root(squares(&x, first, count, 1.0)?, &x, first, count)?;
            }
        }
        Ok(())
    })
}

/// Sum of the squares of scaled elements of a block, each lane in its own precision.
fn block<T: Element + Real + Into<f64>>(x: &[T], scale: f64) -> f64 {
    let scale = T::from_f64(scale);
    simd(
        #[inline(always)]
        || {
            let mut lanes = [T::default(); LANES];
            let (chunks, rest) = x.as_chunks::<LANES>();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    let x = x * scale;
                    *lane = *lane + x * x;
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(rest) {
                let x = x * scale;
                *lane = *lane + x * x;
            }
            sum_of_lanes(&mut lanes.map(T::into))
        },
    )
}

/// Sum of the squares of `count` scaled elements of a reader.
fn squares<T: Element + Real + Into<f64>>(
    x: &Reader<'_, T>,
    first: usize,
    count: usize,
    scale: f64,
) -> Result<f64> {
    let [total] = totals(x, first, count, |x| [block(x, scale)])?;
    Ok(total)
}

/// The root of a sum of squares, which is added up anew where it has left the range.
fn root<T: Element + Real + Into<f64>>(
    total: f64,
    x: &Reader<'_, T>,
    first: usize,
    count: usize,
) -> Result<T> {
    let least = LEAST[usize::from(size_of::<T>() > 4)];
    if total.is_nan() || (least..f64::INFINITY).contains(&total) {
        return Ok(T::from_f64(total.sqrt()));
    }
    let mut largest = 0.0_f64;
    x.for_blocks(first, first + count, BLOCK, |x| {
        largest = x.iter().fold(largest, |largest, &x| largest.max(x.into().abs()));
    });
    if largest == 0.0 || largest.is_infinite() {
        return Ok(T::from_f64(largest));
    }
    // The reciprocal of a subnormal number is infinite.
    let most = if size_of::<T>() > 4 { f64::MAX } else { f64::from(f32::MAX) };
    let scale = (1.0 / largest).min(most);
    Ok(T::from_f64(squares(x, first, count, scale)?.sqrt() / scale))
}

/// Norms down the columns, many at a time, so that memory is read in order.
fn norm_columns<T: Element + Real + Into<f64>>(
    start: usize,
    out: &mut [T],
    stay: &Layout,
    reduced: &Layout,
    x: &Reader<'_, T>,
) -> Result {
    let (lane, count) = (stay.extent(stay.rank() - 1), reduced.len());
    let mut done = 0;
    while done < out.len() {
        let column = (start + done) % lane;
        let take = (lane - column).min(COLUMNS).min(out.len() - done);
        let data = &x.data[stay.position(start + done)..];
        let mut totals = [0.0_f64; COLUMNS];
        simd(
            #[inline(always)]
            || {
                let mut cursor = Cursor::new(*reduced, 0);
                for _ in 0..count {
                    let row = &data[cursor.position..cursor.position + take];
                    for (total, &x) in totals.iter_mut().zip(row) {
                        let x: f64 = x.into();
                        *total += x * x;
                    }
                    cursor.advance();
                }
            },
        );
        for (index, &total) in totals.iter().enumerate().take(take) {
            out[done + index] = root(total, x, (start + done + index) * count, count)?;
        }
        done += take;
    }
    Ok(())
}
