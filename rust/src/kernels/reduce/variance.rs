//! Variances and their roots: the mean first, then the squared distances from it. If those overflow
//! or underflow, they are computed again from scaled elements or in float64. Integer 1 says whether
//! to take the root, number 0 is the divisor of the sum of squares.

use super::axes::{Axes, COLUMNS, try_costly_chunks};
use super::sum::{sum_of_lanes, totals};
use crate::cpu::{elements, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use std::ops::Range;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "variance", outputs: 1, cpu: Cpu::Custom(variance), wgsl: Wgsl::None }];

/// Sums that run in parallel, so that they are vectorised.
const LANES: usize = 32;
/// Outside of this range, a sum of squares may have lost some.
const RANGE: Range<f64> = 1e-280..1e300;
/// The same for float32.
const SHORT_RANGE: Range<f64> = 1e-30..f64::INFINITY;
/// The factors of elements whose squares are too large and too small.
const SMALLER: f64 = f64::from_bits((1023 - 600) << 52);
const LARGER: f64 = f64::from_bits((1023 + 600) << 52);
/// Elements from here on differ by 0, or by more than what is too small.
const FAR: f64 = 1e100;

fn variance(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, variance_as(launch))
}

fn variance_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let axes = Axes::of(launch, 1)?;
    let (root, divisor) = (launch.ints()[1] != 0, launch.params()[0]);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = axes.reader::<T>(launch.input(0)?)?;
    let (count, times) = (axes.reduced.len(), axes.times as f64);
    if count == 0 {
        out.fill(T::from_f64(f64::NAN));
        return Ok(());
    }
    let columns = axes.down_columns();
    let finish = |squares: f64, scale: f64| {
        let variance = squares / divisor * times;
        T::from_f64(if root { variance.sqrt() / scale } else { variance / scale / scale })
    };
    try_costly_chunks(out, count, |start, chunk| {
        let row = |result: usize| Row { x: &x, first: result * count, count };
        if columns {
            return squares_of_columns((start, chunk), &axes, x.data, |result, squares| {
                let (squares, scale) = row(result).in_range(squares)?;
                Ok(finish(squares, scale))
            });
        }
        for (index, out) in chunk.iter_mut().enumerate() {
            let row = row(start + index);
            let (squares, scale) = row.in_range(row.squares(|x: T| x)?)?;
            *out = finish(squares, scale);
        }
        Ok(())
    })
}

/// The sum of the squared distances from the mean, from those from a rounded mean and the remaining
/// sum of the distances.
#[inline(always)]
fn corrected([squares, rest]: [f64; 2], count: usize) -> f64 {
    let sum = squares - rest * (rest / count as f64);
    if sum < 0.0 { 0.0 } else { sum }
}

/// The elements of a result.
struct Row<'a, 'b, T> {
    x: &'a Reader<'b, T>,
    first: usize,
    count: usize,
}

impl<T: Element + Real + Into<f64>> Row<'_, '_, T> {
    /// The first element as centre: distances from it are smaller than large elements, and 0 if all
    /// are equal.
    fn pivot(&self) -> T {
        let mut pivot = T::default();
        self.x.for_blocks(self.first, self.first + 1, 1, |x| pivot = x[0]);
        pivot
    }

    /// Sum of the squared distances of `take(element)` from their mean.
    fn squares<A>(&self, take: impl Fn(T) -> A + Copy + Sync) -> Result<f64>
    where
        A: Real + Into<f64> + Send + Sync,
    {
        let Self { x, first, count } = *self;
        let pivot = take(self.pivot());
        let [sum] = totals(x, first, count, |x| [distances(x, take, pivot)])?;
        let mean = A::from_f64(pivot.into() + sum / count as f64);
        Ok(corrected(totals(x, first, count, |x| squares(x, take, mean))?, count))
    }

    /// The sum, of elements with a scale that prevents overflow, and that scale.
    #[inline]
    fn in_range(&self, squares: f64) -> Result<(f64, f64)> {
        let range = if size_of::<T>() == 4 { SHORT_RANGE } else { RANGE };
        if range.contains(&squares) { Ok((squares, 1.0)) } else { self.anew(squares) }
    }

    /// The same in float64, where no float32 overflows.
    #[cold]
    fn anew(&self, squares: f64) -> Result<(f64, f64)> {
        let scale = match squares < RANGE.start {
            _ if size_of::<T>() == 4 => 1.0,
            true if self.pivot().into().abs() > FAR => return Ok((squares, 1.0)),
            true => LARGER,
            false => SMALLER,
        };
        Ok((self.squares(|x: T| x.into() * scale)?, scale))
    }
}

/// Sum of the distances of elements from a centre, each lane in the precision of `A`.
fn distances<T: Element, A: Real + Into<f64>>(x: &[T], take: impl Fn(T) -> A, center: A) -> f64 {
    narrow_simd(
        #[inline(always)]
        || {
            let mut sums = [A::from_f64(0.0); LANES];
            let (chunks, rest) = x.as_chunks::<LANES>();
            for chunk in chunks {
                for (sum, &x) in sums.iter_mut().zip(chunk) {
                    *sum = *sum + (take(x) - center);
                }
            }
            for (sum, &x) in sums.iter_mut().zip(rest) {
                *sum = *sum + (take(x) - center);
            }
            sum_of_lanes(&mut sums.map(A::into))
        },
    )
}

/// The same for their squares and for the distances themselves.
fn squares<T: Element, A: Real + Into<f64>>(x: &[T], take: impl Fn(T) -> A, center: A) -> [f64; 2] {
    narrow_simd(
        #[inline(always)]
        || {
            let zeros = [A::from_f64(0.0); LANES];
            let (mut squares, mut sums) = (zeros, zeros);
            let (chunks, rest) = x.as_chunks::<LANES>();
            for chunk in chunks {
                for ((square, sum), &x) in squares.iter_mut().zip(&mut sums).zip(chunk) {
                    let d = take(x) - center;
                    *square = *square + d * d;
                    *sum = *sum + d;
                }
            }
            for ((square, sum), &x) in squares.iter_mut().zip(&mut sums).zip(rest) {
                let d = take(x) - center;
                *square = *square + d * d;
                *sum = *sum + d;
            }
            [sum_of_lanes(&mut squares.map(A::into)), sum_of_lanes(&mut sums.map(A::into))]
        },
    )
}

/// Sums of squares of many columns at a time, so that memory is read in order; the last argument
/// computes results from them.
fn squares_of_columns<T: Element + Real + Into<f64>>(
    out: (usize, &mut [T]),
    axes: &Axes<'_>,
    data: &[T],
    finish: impl Fn(usize, f64) -> Result<T>,
) -> Result {
    let count = axes.reduced.len();
    axes.for_columns(out, data, COLUMNS, |first, data, out| {
        let pivots = &data[..out.len()];
        let mut means = [0.0_f64; COLUMNS];
        let (mut squares, mut rests) = ([0.0_f64; COLUMNS], [0.0_f64; COLUMNS]);
        narrow_simd(
            #[inline(always)]
            || {
                for row in axes.rows(data, pivots.len()) {
                    for ((mean, &x), &pivot) in means.iter_mut().zip(row).zip(pivots) {
                        *mean += x.into() - pivot.into();
                    }
                }
                for (mean, &pivot) in means.iter_mut().zip(pivots) {
                    *mean = pivot.into() + *mean / count as f64;
                }
                for row in axes.rows(data, pivots.len()) {
                    let sums = squares.iter_mut().zip(&mut rests);
                    for (((squares, rest), &x), mean) in sums.zip(row).zip(&means) {
                        let d: f64 = x.into() - mean;
                        *squares += d * d;
                        *rest += d;
                    }
                }
            },
        );
        for (index, out) in out.iter_mut().enumerate() {
            *out = finish(first + index, corrected([squares[index], rests[index]], count))?;
        }
        Ok(())
    })
}
