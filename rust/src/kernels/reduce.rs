//! Reductions. The input comes with the axes that stay first and the reduced ones last; integer
//! parameter 0 tells how many stay. Work is split into blocks whose size does not depend on the
//! thread count, so the bits of a result don't either.

use super::math::Real;
use crate::cpu::{elements, for_chunks_of, simd, try_chunks_of};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::{Frame, Launch};
use crate::gpu::{Operand, Plan, WORDS, spread};
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};
use crate::registry::{Kernel, Wgsl};
use crate::scratch::listed;

/// Elements that are added in their own precision before the result is widened.
const BLOCK: usize = 16384;
/// Elements of a long reduction that one parallel task handles.
pub(super) const GRAIN: usize = 1 << 16;
/// Columns that are reduced together when the reduced axes are not the contiguous ones.
pub(super) const COLUMNS: usize = 256;

pub(super) const ROWS: &[Kernel] = &[Kernel {
    name: "sum",
    outputs: 1,
    run: sum,
    wgsl: Wgsl::Program { source: include_str!("sum.wgsl"), plan: plan_sum },
}];

/// An element type that can be summed, and what its sums are kept in.
pub(super) trait Summand: Element {
    type Total: Copy + Default + Send + Sync + std::ops::AddAssign;
    type Output: Element;
    fn widen(self) -> Self::Total;
    /// Sum of at most `BLOCK` elements.
    fn block(x: &[Self]) -> Self::Total;
    fn add_to(self, column: &mut Self);
    fn finish(total: Self::Total, divisor: f64) -> Self::Output;
}

/// Elements from which more lanes pay than less to add up at the end.
const LONG: usize = 2048;

/// A sum in lanes, which are added in halves, so that this too is done in vectors.
#[inline(always)]
fn lane_sum<T: Real + Into<f64>, const LANES: usize>(x: &[T]) -> f64 {
    let mut lanes = [T::from_f64(0.0); LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = *lane + x;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = *lane + x;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = lanes[i] + lanes[i + width];
        }
        width /= 2;
    }
    lanes[0].into()
}

macro_rules! float_summand {
    ($type:ty) => {
        impl Summand for $type {
            type Total = f64;
            type Output = $type;
            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
            fn block(x: &[Self]) -> f64 {
                if x.len() < 64 {
                    return x.iter().map(|&x| x as f64).sum();
                }
                simd(
                    #[inline(always)]
                    || if x.len() < LONG { lane_sum::<_, 32>(x) } else { lane_sum::<_, 128>(x) },
                )
            }
            #[inline(always)]
            fn add_to(self, column: &mut Self) {
                *column += self;
            }
            fn finish(total: f64, divisor: f64) -> $type {
                (total / divisor) as $type
            }
        }
    };
}
float_summand!(f32);
float_summand!(f64);

macro_rules! integer_summand {
    ($type:ty, $add:expr) => {
        impl Summand for $type {
            type Total = i64;
            type Output = i32;
            fn widen(self) -> i64 {
                i64::from(self)
            }
            fn block(x: &[Self]) -> i64 {
                x.iter().map(|&x| i64::from(x)).sum()
            }
            fn add_to(self, column: &mut Self) {
                *column = $add(*column, self);
            }
            fn finish(total: i64, _: f64) -> i32 {
                total as i32
            }
        }
    };
}
integer_summand!(i32, i32::wrapping_add);
// A column of ones holds at most `ROWS_EACH` before it is widened, which fits a byte.
integer_summand!(u8, std::ops::Add::add);

/// Rows that a column adds up in its own precision before it is widened.
const ROWS_EACH: usize = 64;

fn sum(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, sum_as(launch))
}

/// Words: as `sum.wgsl` says.
fn plan_sum(frame: &Frame<'_>, operands: &[Operand]) -> Result<Plan> {
    let [out, x] = operands else { return Err(Error::new("a sum has two operands")) };
    let (kept, rank) = (frame.ints()[0].max(0) as usize, x.layout.rank());
    if kept > rank || out.layout.len() != x.layout.axes(0, kept).len() {
        return Err(Error::new("the output has another size"));
    }
    let mut words = [0; WORDS];
    let count = x.layout.axes(kept, rank).len();
    let divisor = (frame.params()[0] as f32).to_bits();
    let numbers = [out.layout.len(), count, kept, rank, x.offset].map(|number| number as u32);
    words[..5].copy_from_slice(&numbers);
    (words[5], words[6]) = (divisor, out.offset as u32);
    words[8..8 + rank].copy_from_slice(x.layout.shape());
    words[16..16 + rank].copy_from_slice(x.layout.strides());
    Ok(Plan { words, groups: spread(out.layout.len())? })
}

/// The input's axes that stay and those that are reduced.
pub(super) fn axes(launch: &mut Launch<'_>, outputs: usize) -> Result<(Layout, Layout)> {
    let kept = launch.count(0)?;
    let layout = launch.ins[0].as_ref().map(|view| view.layout);
    let layout = layout.ok_or_else(|| Error::new("input 0 is missing"))?;
    if kept > layout.rank() {
        return Err(Error::new(format!("{kept} axes stay of {}", layout.rank())));
    }
    let (stay, reduced) = (layout.axes(0, kept), layout.axes(kept, layout.rank()));
    for output in 0..outputs {
        let length = launch.outs[output].as_ref().map(|view| view.layout.len());
        if length != Some(stay.len()) {
            return Err(Error::new(format!("output {output} must have {} elements", stay.len())));
        }
    }
    Ok((stay.coalesced(), reduced.coalesced()))
}

/// Whether columns that lie beside each other are reduced, so that they are best read together.
pub(super) fn down_columns(stay: &Layout, reduced: &Layout) -> bool {
    let last = stay.rank().wrapping_sub(1);
    stay.rank() > 0
        && stay.stride(last) == 1
        && stay.extent(last) >= 8
        && !(reduced.rank() == 1 && reduced.stride(0) == 1)
}

fn sum_as<T: Summand>(launch: &mut Launch<'_>) -> Result {
    let (stay, reduced) = axes(launch, 1)?;
    let divisor = launch.params()[0];
    let out = elements::<T::Output>(launch.contiguous_output(0)?)?;
    let x = Reader::<T>::new(launch.input(0)?)?;
    let count = reduced.len();
    if count == 0 {
        out.fill(T::finish(T::Total::default(), divisor));
        return Ok(());
    }
    let columns = down_columns(&stay, &reduced);
    try_costly_chunks(out, count, |start, chunk| {
        if columns {
            sum_columns::<T>(start, chunk, &stay, &reduced, x.data, divisor);
        } else {
            for (index, out) in chunk.iter_mut().enumerate() {
                let first = (start + index) * count;
                *out = T::finish(sum_run(&x, first, count)?, divisor);
            }
        }
        Ok(())
    })
}

/// `try_chunks_of`, for outputs that each take `cost` elements of work.
pub(super) fn try_costly_chunks<T: Send>(
    out: &mut [T],
    cost: usize,
    body: impl Fn(usize, &mut [T]) -> Result + Sync,
) -> Result {
    let grain = (GRAIN / cost.max(1)).max(1);
    try_chunks_of(out, grain, body)
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

/// Sums down the columns, many at a time, so that memory is read in order.
pub(super) fn sum_columns<T: Summand>(
    start: usize,
    out: &mut [T::Output],
    stay: &Layout,
    reduced: &Layout,
    data: &[T],
    divisor: f64,
) {
    let lane = stay.extent(stay.rank() - 1);
    let count = reduced.len();
    let mut done = 0;
    while done < out.len() {
        let column = (start + done) % lane;
        let take = (lane - column).min(COLUMNS).min(out.len() - done);
        let data = &data[stay.position(start + done)..];
        let mut totals = [T::Total::default(); COLUMNS];
        simd(
            #[inline(always)]
            || {
                let mut cursor = Cursor::new(*reduced, 0);
                for from in (0..count).step_by(ROWS_EACH) {
                    let mut columns = [T::default(); COLUMNS];
                    for _ in from..(from + ROWS_EACH).min(count) {
                        let row = &data[cursor.position..cursor.position + take];
                        for (column, &x) in columns.iter_mut().zip(row) {
                            x.add_to(column);
                        }
                        cursor.advance();
                    }
                    for (total, column) in totals.iter_mut().zip(columns).take(take) {
                        *total += column.widen();
                    }
                }
            },
        );
        for (out, total) in out[done..done + take].iter_mut().zip(totals) {
            *out = T::finish(total, divisor);
        }
        done += take;
    }
}
