//! Sums and means. Number 0 is the divisor of a sum. Work is split into blocks whose size does not
//! depend on the number of threads, so the bits of a result don't either.

use super::axes::{Axes, COLUMNS, GRAIN, try_costly_chunks};
use crate::cpu::{elements, for_chunks_of, in_vectors, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::vectors::Lanes;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel};
use crate::scratch::listed;
use pulp::{Simd, WithSimd};
use std::iter::Sum;

/// Elements that are added in their own precision before the result is widened.
const BLOCK: usize = 16384;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "sum", outputs: 1, cpu: Cpu::Custom(sum), wgsl: programs::SUM }];

/// An element type that can be summed, and the type of its sums.
pub(crate) trait Summand: Element {
    type Total: Copy + Default + Send + Sync + std::ops::AddAssign;
    /// The type of a column's sum until it is widened.
    type Column: Copy + Default;
    type Output: Element;
    /// Sum of at most `BLOCK` elements.
    fn block(x: &[Self]) -> Self::Total;
    fn add_to(self, column: &mut Self::Column);
    fn widen(column: Self::Column) -> Self::Total;
    /// The total of elements that occur a number of times.
    fn repeated(total: Self::Total, times: usize) -> Self::Total;
    /// The result; none if the total has overflowed.
    fn finish(total: Self::Total, divisor: f64) -> Option<Self::Output> {
        Self::fits(total).then(|| Self::rounded(total, divisor))
    }
    /// Whether a total is in its range.
    fn fits(total: Self::Total) -> bool;
    /// The result of a total that is in range.
    fn rounded(total: Self::Total, divisor: f64) -> Self::Output;
    /// The result, computed again from all elements without overflow.
    fn anew(
        elements: impl Iterator<Item = Self>,
        times: usize,
        divisor: f64,
    ) -> Result<Self::Output>;
}

/// The power of two that elements are divided by for this, so that no sum overflows in float64.
pub(crate) const FAR: f64 = (1_u64 << 40) as f64;

/// The sum of lanes, added in halves, so that this is vectorised too.
#[inline(always)]
pub(super) fn sum_of_lanes<T: Real, const LANES: usize>(lanes: &mut [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = lanes[i] + lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// A sum in vectors.
struct InVectors<'a, T>(&'a [T]);

impl<T: Lanes + Sum<T>> WithSimd for InVectors<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        let (vectors, rest) = T::vectors::<S>(self.0);
        // A single sum would wait for each addition.
        let mut sums = [T::splat(simd, T::default()); 4];
        let (blocks, some) = vectors.as_chunks::<4>();
        for block in blocks {
            for i in 0..4 {
                sums[i] = T::plus(simd, sums[i], block[i]);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(some) {
            *sum = T::plus(simd, *sum, x);
        }
        let [a, b, c, d] = sums;
        let sum = T::plus(simd, T::plus(simd, a, b), T::plus(simd, c, d));
        T::total(simd, sum) + rest.iter().copied().sum()
    }
}

/// The sum of a short run, by four independent sums.
#[inline(always)]
fn short<T: Element + Into<f64>>(x: &[T]) -> f64 {
    let (chunks, rest) = x.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for chunk in chunks {
        for i in 0..4 {
            sums[i] += chunk[i].into();
        }
    }
    let [a, b, c, d] = sums;
    rest.iter().fold((a + c) + (b + d), |sum, &x| sum + x.into())
}

macro_rules! float_summand {
    ($type:ty) => {
        impl Summand for $type {
            type Total = f64;
            type Column = $type;
            type Output = $type;
            fn block(x: &[Self]) -> f64 {
                if x.len() < 64 {
                    return short(x);
                }
                let sum = f64::from(in_vectors(InVectors(x)));
                // float64 holds what float32 does not.
                if sum.is_finite() { sum } else { x.iter().map(|&x| x as f64).sum() }
            }
            #[inline(always)]
            fn add_to(self, column: &mut $type) {
                *column += self;
            }
            #[inline(always)]
            fn widen(column: $type) -> f64 {
                column as f64
            }
            #[inline(always)]
            fn repeated(total: f64, times: usize) -> f64 {
                total * times as f64
            }
            #[inline(always)]
            fn fits(total: f64) -> bool {
                total.is_finite()
            }
            #[inline(always)]
            fn rounded(total: f64, divisor: f64) -> $type {
                (total / divisor) as $type
            }
            #[cold]
            fn anew(
                elements: impl Iterator<Item = Self>,
                times: usize,
                divisor: f64,
            ) -> Result<$type> {
                let total: f64 = elements.map(|x| x as f64 / FAR).sum();
                Ok((total / divisor * times as f64 * FAR) as $type)
            }
        }
    };
}
float_summand!(f32);
float_summand!(f64);

macro_rules! integer_summand {
    ($type:ty, $column:ty) => {
        impl Summand for $type {
            type Total = i64;
            type Column = $column;
            type Output = i32;
            fn block(x: &[Self]) -> i64 {
                x.iter().map(|&x| i64::from(x)).sum()
            }
            #[inline(always)]
            fn add_to(self, column: &mut $column) {
                *column = column.wrapping_add(<$column>::from(self));
            }
            #[inline(always)]
            fn widen(column: $column) -> i64 {
                i64::from(column)
            }
            /// No input has over 2^31 elements, so no total overflows int64.
            #[inline(always)]
            fn repeated(total: i64, times: usize) -> i64 {
                total * times as i64
            }
            #[inline(always)]
            fn fits(total: i64) -> bool {
                i32::try_from(total).is_ok()
            }
            #[inline(always)]
            fn rounded(total: i64, _: f64) -> i32 {
                total as i32
            }
            fn anew(_: impl Iterator<Item = Self>, _: usize, _: f64) -> Result<i32> {
                Err(Error::range("the sum of int32 elements leaves int32"))
            }
        }
    };
}
integer_summand!(i32, i64);
// A column of ones holds at most `ROWS_EACH` before it is widened, which fits into a byte.
integer_summand!(u8, u8);

/// Rows that a column adds in its own precision before it is widened.
const ROWS_EACH: usize = 64;

fn sum(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, sum_as(launch))
}

fn sum_as<T: Summand>(launch: &mut Launch<'_>) -> Result {
    let axes = Axes::of(launch, 1)?;
    let divisor = launch.params()[0];
    let out = elements::<T::Output>(launch.contiguous_output(0)?)?;
    let x = axes.reader::<T>(launch.input(0)?)?;
    let count = axes.reduced.len();
    if count == 0 {
        out.fill(T::finish(T::Total::default(), divisor).unwrap_or_default());
        return Ok(());
    }
    let columns = axes.down_columns();
    try_costly_chunks(out, count, |start, chunk| {
        if columns {
            return sum_columns::<T>((start, chunk), &axes, x.data, divisor);
        }
        for (index, out) in chunk.iter_mut().enumerate() {
            let result = start + index;
            let total = T::repeated(sum_run(&x, result * count, count)?, axes.times);
            *out = match T::finish(total, divisor) {
                Some(sum) => sum,
                None => sum_anew(&x.data[axes.position(result)..], &axes, divisor)?,
            };
        }
        Ok(())
    })
}

/// Sum of `count` consecutive elements of a reader.
fn sum_run<T: Summand>(x: &Reader<'_, T>, first: usize, count: usize) -> Result<T::Total> {
    let grain = |start: usize| {
        let mut total = T::Total::default();
        x.for_blocks(start, (start + GRAIN).min(first + count), BLOCK, |block| {
            total += T::block(block);
        });
        total
    };
    if count <= GRAIN {
        return Ok(grain(first));
    }
    let mut totals = listed((0..count.div_ceil(GRAIN)).map(|_| T::Total::default()))?;
    for_chunks_of(&mut totals, 1, |start, chunk| {
        for (index, total) in chunk.iter_mut().enumerate() {
            *total = grain(first + (start + index) * GRAIN);
        }
    })?;
    let mut total = T::Total::default();
    totals.into_iter().for_each(|part| total += part);
    Ok(total)
}

/// Elements that `totals` processes at once.
const TOTAL_BLOCK: usize = 4096;

/// Totals of a function of the blocks of `count` consecutive elements of a reader.
pub(super) fn totals<T: Element, const N: usize>(
    x: &Reader<'_, T>,
    first: usize,
    count: usize,
    block: impl Fn(&[T]) -> [f64; N] + Sync,
) -> Result<[f64; N]> {
    let add = |totals: &mut [f64; N], more: [f64; N]| {
        totals.iter_mut().zip(more).for_each(|(total, more)| *total += more);
    };
    let part = |start: usize| {
        let mut totals = [0.0; N];
        let end = (start + GRAIN).min(first + count);
        x.for_blocks(start, end, TOTAL_BLOCK, |x| add(&mut totals, block(x)));
        totals
    };
    if count <= GRAIN {
        return Ok(part(first));
    }
    let mut parts = listed((0..count.div_ceil(GRAIN)).map(|_| [0.0; N]))?;
    for_chunks_of(&mut parts, 1, |start, chunk| {
        for (index, totals) in chunk.iter_mut().enumerate() {
            *totals = part(first + (start + index) * GRAIN);
        }
    })?;
    let mut totals = [0.0; N];
    parts.into_iter().for_each(|part| add(&mut totals, part));
    Ok(totals)
}

/// The sum of the reduced elements of one result, whose first element is the first of the data.
#[cold]
fn sum_anew<T: Summand>(data: &[T], axes: &Axes<'_>, divisor: f64) -> Result<T::Output> {
    let mut cursor = Cursor::new(axes.reduced, 0);
    let elements = (0..axes.reduced.len()).map(|_| {
        let x = data[cursor.position];
        cursor.advance();
        x
    });
    T::anew(elements, axes.times, divisor)
}

/// Sums of many columns at a time, so that memory is read in order.
pub(crate) fn sum_columns<T: Summand>(
    out: (usize, &mut [T::Output]),
    axes: &Axes<'_>,
    data: &[T],
    divisor: f64,
) -> Result {
    axes.for_columns(out, data, COLUMNS, |_, data, out| {
        let mut totals = [T::Total::default(); COLUMNS];
        // Overflow is rare, so all are finished first, vectorised, which requires that the checks
        // are not stored.
        let fit = simd(
            #[inline(always)]
            || {
                let mut rows = axes.rows(data, out.len());
                for _ in (0..axes.reduced.len()).step_by(ROWS_EACH) {
                    let mut columns = [T::Column::default(); COLUMNS];
                    for row in rows.by_ref().take(ROWS_EACH) {
                        for (column, &x) in columns.iter_mut().zip(row) {
                            x.add_to(column);
                        }
                    }
                    for (total, column) in totals.iter_mut().zip(columns).take(out.len()) {
                        *total += T::widen(column);
                    }
                }
                let (mut fit, times) = (true, axes.times);
                for (out, total) in out.iter_mut().zip(&mut totals) {
                    *total = T::repeated(*total, times);
                    fit &= T::fits(*total);
                    *out = T::rounded(*total, divisor);
                }
                fit
            },
        );
        if !fit {
            for (index, out) in out.iter_mut().enumerate() {
                if !T::fits(totals[index]) {
                    *out = sum_anew(&data[index..], axes, divisor)?;
                }
            }
        }
        Ok(())
    })
}
