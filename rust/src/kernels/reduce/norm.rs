//! Euclidean norms: the root of a sum of squares. If that overflows or underflows, it is computed
//! again from scaled elements.

use super::axes::{Axes, COLUMNS, try_costly_chunks};
use super::sum::{sum_of_lanes, totals};
use crate::cpu::{elements, simd};
use crate::dtype::{Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "norm", outputs: 1, cpu: Cpu::Custom(norm), wgsl: Wgsl::None }];

/// Elements that are processed together.
const BLOCK: usize = 4096;
/// Sums that run in parallel, so that they are vectorised.
const LANES: usize = 32;
/// A smaller sum of squares may have lost some to underflow, for elements of 4 and of 8 bytes.
const LEAST: [f64; 2] = [1e-30, 1e-280];

fn norm(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, norm_as(launch))
}

fn norm_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let axes = Axes::of(launch, 1)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = axes.reader::<T>(launch.input(0)?)?;
    let (count, times) = (axes.reduced.len(), axes.times as f64);
    if count == 0 {
        out.fill(T::default());
        return Ok(());
    }
    let columns = axes.down_columns();
    try_costly_chunks(out, count, |start, chunk| {
        if columns {
            return norm_columns((start, chunk), &axes, &x);
        }
        for (index, out) in chunk.iter_mut().enumerate() {
            let row = Row { x: &x, first: (start + index) * count, count, times };
            *out = row.root(row.squares(1.0)?)?;
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

/// The elements of a result, each of which occurs a number of times.
struct Row<'a, 'b, T> {
    x: &'a Reader<'b, T>,
    first: usize,
    count: usize,
    times: f64,
}

impl<T: Element + Real + Into<f64>> Row<'_, '_, T> {
    /// The sum of the squares of the scaled elements, counting each once.
    fn squares(&self, scale: f64) -> Result<f64> {
        let [total] = totals(self.x, self.first, self.count, |x| [block(x, scale)])?;
        Ok(total)
    }

    /// The root of a sum of squares, which is computed again if it overflows or underflows.
    #[inline]
    fn root(&self, once: f64) -> Result<T> {
        let (least, total) = (LEAST[usize::from(size_of::<T>() > 4)], once * self.times);
        if total.is_nan() || (once >= least && total < f64::INFINITY) {
            return Ok(T::from_f64(total.sqrt()));
        }
        self.anew()
    }

    /// The same for elements that are scaled so that the largest becomes 1.
    #[cold]
    fn anew(&self) -> Result<T> {
        let mut largest = 0.0_f64;
        self.x.for_blocks(self.first, self.first + self.count, BLOCK, |x| {
            largest = x.iter().fold(largest, |largest, &x| largest.max(x.into().abs()));
        });
        if largest == 0.0 || largest.is_infinite() {
            return Ok(T::from_f64(largest));
        }
        // The reciprocal of a subnormal number is infinite.
        let most = if size_of::<T>() > 4 { f64::MAX } else { f64::from(f32::MAX) };
        let scale = (1.0 / largest).min(most);
        Ok(T::from_f64((self.squares(scale)? * self.times).sqrt() / scale))
    }
}

/// Norms of many columns at a time, so that memory is read in order.
fn norm_columns<T: Element + Real + Into<f64>>(
    out: (usize, &mut [T]),
    axes: &Axes<'_>,
    x: &Reader<'_, T>,
) -> Result {
    let (count, times) = (axes.reduced.len(), axes.times as f64);
    axes.for_columns(out, x.data, COLUMNS, |first, data, out| {
        let mut totals = [0.0_f64; COLUMNS];
        simd(
            #[inline(always)]
            || {
                for row in axes.rows(data, out.len()) {
                    for (total, &x) in totals.iter_mut().zip(row) {
                        let x: f64 = x.into();
                        *total += x * x;
                    }
                }
            },
        );
        for (index, (out, &total)) in out.iter_mut().zip(&totals).enumerate() {
            *out = Row { x, first: (first + index) * count, count, times }.root(total)?;
        }
        Ok(())
    })
}
