//! Losses that are a function of prediction minus target, with their reduction in one pass, and their
//! gradients. Their composites in TypeScript are the truth, with which the tests compare them.

use crate::cpu::{GRAIN, TILE, elements, for_chunks_of, for_parts, simd};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::reduce::sum::{FAR, Summand};
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::scratch;

/// Each loss: the names of its kernels, its value and its slope at the residual `r`, with one
/// parameter.
macro_rules! residual_losses {
    ($($name:literal $gradient:literal |$r:ident, $d:ident| $value:expr, $slope:expr;)*) => {
        pub(super) const ROWS: &[Kernel] = &[$(
            Kernel {
                name: $name,
                outputs: 1,
                cpu: Cpu::Custom(|launch| match launch.input_type(0)? {
                    DType::F32 => values(launch, |$r: f32, $d: f32| $value),
                    DType::F64 => values(launch, |$r: f64, $d: f64| $value),
                    dtype => Err(Error::unsupported(dtype)),
                }),
                wgsl: Wgsl::None,
            },
            Kernel {
                name: $gradient,
                outputs: 2,
                cpu: Cpu::Custom(|launch| match launch.input_type(0)? {
                    DType::F32 => gradients(launch, |$r: f32, $d: f32| $slope),
                    DType::F64 => gradients(launch, |$r: f64, $d: f64| $slope),
                    dtype => Err(Error::unsupported(dtype)),
                }),
                wgsl: Wgsl::None,
            },
        )*];
    };
}

residual_losses! {
    "mse" "mse_grad" |r, _d| r * r, r + r;
    "huber" "huber_grad" |r, d|
        if r.abs() <= d { r * r * 0.5 } else { (r.abs() - d * 0.5) * d },
        if r.abs() <= d { r } else if r > 0.0 { d } else if r < 0.0 { -d } else { r };
}

/// Prediction and target, and how the losses of their elements become one.
struct Pair<'a, T> {
    prediction: Reader<'a, T>,
    target: Reader<'a, T>,
    reduced: bool,
    /// What a sum is divided by.
    divisor: f64,
    parameter: T,
}

impl<'a, T: Element + Real> Pair<'a, T> {
    /// Integer 0: 0 for each element, 1 for the sum, 2 for the mean. Parameter 0 is the loss's own.
    fn new(launch: &mut Launch<'a>, first: usize) -> Result<Self> {
        let (reduction, parameter) = (launch.ints()[0], T::from_f64(launch.params()[0]));
        let prediction = Reader::new(launch.input(first)?)?;
        let target = Reader::new(launch.input(first + 1)?)?;
        if prediction.len() != target.len() {
            return Err(Error::new("the operands do not fit"));
        }
        let divisor = if reduction == 2 { prediction.len() as f64 } else { 1.0 };
        Ok(Self { prediction, target, reduced: reduction != 0, divisor, parameter })
    }

    /// Calls the body with parts of prediction and target: where they begin, and their elements.
    fn for_tiles(&self, start: usize, len: usize, mut body: impl FnMut(usize, &[T], &[T])) {
        let (mut prediction, mut target) = (self.prediction.tiles(), self.target.tiles());
        for from in (0..len).step_by(TILE) {
            let (first, take) = (start + from, TILE.min(len - from));
            body(from, prediction.block(first, take), target.block(first, take));
        }
    }
}

/// Operands: the losses or their reduction, prediction, target.
fn values<T: Element + Real + Into<f64> + Summand<Total = f64>>(
    launch: &mut Launch<'_>,
    value: impl Fn(T, T) -> T + Sync + Copy,
) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let pair = Pair::<T>::new(launch, 0)?;
    let (count, parameter) = (pair.prediction.len(), pair.parameter);
    if out.len() != if pair.reduced { 1 } else { count } {
        return Err(Error::new("the output has another size"));
    }
    let fill = |out: &mut [T], prediction: &[T], target: &[T]| {
        simd(
            #[inline(always)]
            || {
                for ((out, &p), &t) in out.iter_mut().zip(prediction).zip(target) {
                    *out = value(p - t, parameter);
                }
            },
        );
    };
    if !pair.reduced {
        return for_chunks_of(out, GRAIN, |start, out| {
            pair.for_tiles(start, out.len(), |from, p, t| {
                fill(&mut out[from..from + p.len()], p, t)
            });
        });
    }
    let mut totals = scratch(count.div_ceil(GRAIN))?;
    for_parts(totals.iter_mut().enumerate(), |(index, total)| {
        let start = index * GRAIN;
        let mut tile = [T::default(); TILE];
        pair.for_tiles(start, GRAIN.min(count - start), |_, p, t| {
            let tile = &mut tile[..p.len()];
            fill(tile, p, t);
            *total += T::block(tile);
        });
    })?;
    let mut total = totals.iter().sum::<f64>() / pair.divisor;
    if !total.is_finite() {
        let mut tile = [T::default(); TILE];
        let mut anew = 0.0;
        pair.for_tiles(0, count, |_, p, t| {
            let tile = &mut tile[..p.len()];
            fill(tile, p, t);
            anew += tile.iter().map(|&x| x.into() / FAR).sum::<f64>();
        });
        total = anew / pair.divisor * FAR;
    }
    out[0] = T::from_f64(total);
    Ok(())
}

/// Operands: the gradients of prediction and target, of which an empty one is not wanted; the
/// cotangent, prediction, target.
fn gradients<T: Element + Real>(
    launch: &mut Launch<'_>,
    slope: impl Fn(T, T) -> T + Sync + Copy,
) -> Result {
    let for_prediction = elements::<T>(launch.contiguous_output(0)?)?;
    let for_target = elements::<T>(launch.contiguous_output(1)?)?;
    let g = Reader::<T>::new(launch.input(0)?)?;
    let pair = Pair::<T>::new(launch, 1)?;
    let (count, parameter) = (pair.prediction.len(), pair.parameter);
    let fits = |out: &[T]| out.is_empty() || out.len() == count;
    if !fits(for_prediction) || !fits(for_target) || g.len() != if pair.reduced { 1 } else { count }
    {
        return Err(Error::new("the operands do not fit"));
    }
    let divisor = T::from_f64(pair.divisor);
    let common = if pair.reduced { g.data[0] / divisor } else { divisor };
    let fill = |out: &mut [T], sign: T| {
        for_chunks_of(out, GRAIN, |start, out| {
            let mut cotangents = g.tiles();
            pair.for_tiles(start, out.len(), |from, p, t| {
                let out = &mut out[from..from + p.len()];
                let factor = common * sign;
                simd(
                    #[inline(always)]
                    || {
                        for ((out, &p), &t) in out.iter_mut().zip(p).zip(t) {
                            *out = slope(p - t, parameter) * factor;
                        }
                    },
                );
                if !pair.reduced {
                    let g = cotangents.block(start + from, out.len());
                    out.iter_mut().zip(g).for_each(|(out, &g)| *out = *out * g);
                }
            });
        })
    };
    fill(for_prediction, T::from_f64(1.0))?;
    fill(for_target, T::from_f64(-1.0))
}
