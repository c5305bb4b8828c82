//! Functions along the last axis that give as many elements as they take: running sums and products,
//! and orders.

use crate::cpu::{GRAIN, elements, try_chunks_of};
use crate::dtype::{DType, Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::reduce::wide::Wide;
use crate::reader::Reader;
use crate::registry::{Kernel, Wgsl};
use crate::scratch::{listed, scratch};
use std::cmp::Ordering;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cumsum", outputs: 1, run: cumsum, wgsl: Wgsl::None },
    Kernel { name: "cumprod", outputs: 1, run: cumprod, wgsl: Wgsl::None },
    Kernel { name: "argsort", outputs: 1, run: argsort, wgsl: Wgsl::None },
];

/// Calls `body(lane, out)` for each lane of the last axis, with the lane copied in order. What comes
/// out of a lane may be shorter than the lane.
fn for_lanes<T: Element, R: Element>(
    launch: &mut Launch<'_>,
    body: impl Fn(&[T], &mut [R]) -> Result + Sync,
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
        let mut lane = scratch::<T>(extent)?;
        for (index, out) in chunk.chunks_exact_mut(width).enumerate() {
            x.copy_to((start / width + index) * extent, &mut lane);
            body(&lane, out)?;
        }
        Ok(())
    })
}

/// Integer 0: whether sums run from the end. Floats are added in float64; a sum that int32 does not hold
/// is an error.
fn cumsum(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(0)? {
        DType::F32 => {
            scan(launch, 0.0, |sum: f64, x: f32| sum + f64::from(x), |sum| Ok(sum as f32))
        }
        DType::F64 => scan(launch, 0.0, |sum: f64, x: f64| sum + x, Ok),
        DType::I32 => scan(
            launch,
            0,
            |sum: i64, x: i32| sum + i64::from(x),
            |sum| {
                i32::try_from(sum).map_err(|_| Error::range("a sum of int32 elements leaves int32"))
            },
        ),
        DType::Bool => Err(Error::new("the element type is not supported")),
    }
}

/// Integer 0: whether products run from the end. Of floats none leaves the range on the way; a product
/// that int32 does not hold is an error.
fn cumprod(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(0)? {
        DType::F32 => {
            scan(launch, Wide::ONE, |y, x: f32| y.times_near(x.into()), |y| Ok(y.narrow()))
        }
        DType::F64 => scan(launch, Wide::ONE, |y, x: f64| y * x, |y| Ok(y.narrow())),
        DType::I32 => scan(
            launch,
            1,
            |y: i64, x: i32| y * i64::from(x),
            |y| {
                i32::try_from(y)
                    .map_err(|_| Error::range("a product of int32 elements leaves int32"))
            },
        ),
        DType::Bool => Err(Error::new("the element type is not supported")),
    }
}

/// What has been gathered up to each element, or from it on if integer 0 is not 0.
fn scan<T: Element, S: Copy + Sync>(
    launch: &mut Launch<'_>,
    start: S,
    join: impl Fn(S, T) -> S + Sync,
    narrow: impl Fn(S) -> Result<T> + Sync,
) -> Result {
    let reverse = launch.ints()[0] != 0;
    for_lanes(launch, |x: &[T], out: &mut [T]| {
        let mut held = start;
        let mut step = |(out, &x): (&mut T, &T)| {
            held = join(held, x);
            *out = narrow(held)?;
            Ok(())
        };
        if reverse {
            out.iter_mut().zip(x).rev().try_for_each(&mut step)
        } else {
            out.iter_mut().zip(x).try_for_each(&mut step)
        }
    })
}

/// Integer 0: whether the largest comes first. Equal elements keep their order, NaN is the largest. A
/// shorter output gets the first ones.
fn argsort(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, argsort_as(launch))
}

fn argsort_as<T: Element>(launch: &mut Launch<'_>) -> Result {
    let descending = launch.ints()[0] != 0;
    for_lanes(launch, |x: &[T], out: &mut [i32]| {
        // Places tell equal elements apart; a stable sort would take memory without asking.
        let apart = |&a: &i32, &b: &i32| {
            let (x, y) = (x[a as usize], x[b as usize]);
            if descending { order(y, x) } else { order(x, y) }.then(a.cmp(&b))
        };
        let places = 0..x.len() as i32;
        if out.len() == x.len() {
            out.iter_mut().zip(places).for_each(|(out, place)| *out = place);
            out.sort_unstable_by(apart);
            return Ok(());
        }
        // Only what is asked for is put in order.
        let mut places = listed(places)?;
        let (first, last, _) = places.select_nth_unstable_by(out.len() - 1, apart);
        first.sort_unstable_by(apart);
        let (end, start) = (out.len() - 1, first.len());
        out[..start].copy_from_slice(first);
        out[end] = *last;
        Ok(())
    })
}

/// Smaller first; what does not compare with itself is NaN.
fn order<T: Element>(a: T, b: T) -> Ordering {
    let is_nan = |x: T| x.partial_cmp(&x).is_none();
    a.partial_cmp(&b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}
