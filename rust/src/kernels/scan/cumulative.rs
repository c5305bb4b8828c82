//! Running sums and products.

use super::lanes::for_lanes;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::reduce::wide::Wide;
use crate::registry::{Cpu, Kernel};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cumsum", outputs: 1, cpu: Cpu::Custom(cumsum), wgsl: programs::CUMSUM },
    Kernel { name: "cumprod", outputs: 1, cpu: Cpu::Custom(cumprod), wgsl: programs::CUMPROD },
];

/// Integer 0: whether sums run from the end. Floats are added in float64; an int32 overflow is an
/// error.
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
        dtype => Err(Error::unsupported(dtype)),
    }
}

/// Integer 0: whether products run from the end. Partial products of floats neither overflow nor
/// underflow; an int32 overflow is an error.
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
        dtype => Err(Error::unsupported(dtype)),
    }
}

/// The accumulated value up to each element, or from it on if integer 0 is not 0.
fn scan<T: Element, S: Copy + Sync>(
    launch: &mut Launch<'_>,
    start: S,
    join: impl Fn(S, T) -> S + Sync,
    narrow: impl Fn(S) -> Result<T> + Sync,
) -> Result {
    let reverse = launch.ints()[0] != 0;
    for_lanes(launch, |(): &mut (), x: &[T], out: &mut [T]| {
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
