//! Layer normalisation and its gradients. Its composite in TypeScript is the reference.

use super::rows::{GRAIN, sum, sum_with};
use crate::cpu::{elements, for_chunks_of, narrow_simd, try_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::reduce::sum::FAR;
use crate::registry::{Cpu, Kernel};
use crate::scratch::{in_order, scratch};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel {
        name: "layer_norm",
        outputs: 1,
        cpu: Cpu::Custom(layer_norm),
        wgsl: programs::LAYER_NORM,
    },
    Kernel {
        name: "layer_norm_grad",
        outputs: 3,
        cpu: Cpu::Custom(layer_norm_grad),
        wgsl: programs::LAYER_NORM_GRAD,
    },
];

/// A variance in this range has lost no squares to underflow or overflow, in either type.
const LEAST: f64 = 1e-30;

/// The ratio of the squared mean to the variance from which the mean's rounding affects the
/// deviations.
const LARGE: f64 = 256.0;

/// What a row is normalised by.
struct Moments<T> {
    mean: T,
    /// The rounding error of the mean.
    rest: T,
    /// 1 / √(variance + ε).
    scale: T,
}

impl<T: Real> Moments<T> {
    #[inline(always)]
    fn normalized(&self, x: T) -> T {
        (x - self.mean - self.rest) * self.scale
    }
}

#[inline(always)]
fn moments<T: Real + Into<f64>>(x: &[T], eps: f64) -> Moments<T> {
    let [count, none] = [x.len() as f64, 0.0].map(T::from_f64);
    let mean = sum(x) / count;
    let mean = if mean.finite() { mean } else { careful_mean(x) };
    let variance = sum_with(x, x, |x, _| (x - mean) * (x - mean)) / count;
    if !variance.finite() || variance <= T::from_f64(LEAST) {
        let scale = T::from_f64(careful_scale(x, mean.into(), eps));
        return Moments { mean, rest: none, scale };
    }
    let (rest, variance) = if mean * mean > T::from_f64(LARGE) * variance {
        let rest = sum_with(x, x, |x, _| x - mean) / count;
        let less = variance - rest * rest;
        (rest, if less > none { less } else { none })
    } else {
        (none, variance)
    };
    Moments { mean, rest, scale: T::from_f64(1.0) / (variance + T::from_f64(eps)).sqrt_() }
}

/// The mean of a row whose sum overflows.
#[cold]
fn careful_mean<T: Real + Into<f64>>(x: &[T]) -> T {
    let total: f64 = x.iter().map(|&x| x.into() / FAR).sum();
    T::from_f64(total / x.len() as f64 * FAR)
}

/// 1 / √(variance + ε) if squares of deviations overflow or underflow: computed from deviations
/// that are divided by the largest one.
#[cold]
fn careful_scale<T: Real + Into<f64>>(x: &[T], mean: f64, eps: f64) -> f64 {
    let deviations = || x.iter().map(|&x| x.into() - mean);
    let largest = deviations().fold(0.0_f64, |largest, x| largest.max(x.abs())).max(eps.sqrt());
    if largest == 0.0 || !largest.is_finite() {
        let variance = deviations().map(|x| x * x).sum::<f64>() / x.len() as f64;
        return 1.0 / (variance + eps).sqrt();
    }
    let total: f64 = deviations().map(|x| (x / largest) * (x / largest)).sum();
    let root = (total / x.len() as f64 + eps / largest / largest).sqrt();
    1.0 / root / largest
}

/// A row, or one of a constant if there is none.
fn row_or<T: Element>(row: Option<View<'_>>, length: usize, value: T) -> Result<Cow<'_, [T]>> {
    if let Some(row) = row {
        return in_order(row);
    }
    let mut row = scratch(length)?;
    row.fill(value);
    Ok(Cow::Owned(row))
}

fn layer_norm(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, layer_norm_as(launch))
}

/// Integers 0 and 1: whether there are weights and a bias; float 0: ε. The weights, or else integer
/// 2, give the length of a row.
fn layer_norm_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (ints, eps) = (launch.ints(), launch.params()[0]);
    let (length, weighted) = (launch.count(2)?.max(1), ints[0] != 0);
    let x = launch.input(0)?;
    let weight = if weighted { Some(launch.input(1)?) } else { None };
    let bias = match ints[1] {
        0 => None,
        _ => Some(launch.input(1 + usize::from(weighted))?),
    };
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let wrong = [&weight, &bias].into_iter().flatten().any(|row| row.layout.len() != length);
    if out.len() != x.layout.len() || !out.len().is_multiple_of(length) || wrong {
        return Err(Error::new("the operands of a layer norm do not fit"));
    }
    let x = in_order::<T>(x)?;
    let weight = row_or(weight, length, T::from_f64(1.0))?;
    let bias = row_or(bias, length, T::from_f64(0.0))?;
    for_chunks_of(out, (GRAIN / length).max(1) * length, |start, chunk| {
        narrow_simd(
            #[inline(always)]
            || {
                for (index, out) in chunk.chunks_mut(length).enumerate() {
                    let x = &x[start + index * length..][..length];
                    let moments = moments(x, eps);
                    let rows = x.iter().zip(weight.iter().zip(&*bias));
                    out.iter_mut()
                        .zip(rows)
                        .for_each(|(y, (&x, (&w, &b)))| *y = moments.normalized(x) * w + b);
                }
            },
        );
    })
}

fn layer_norm_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, layer_norm_grad_as(launch))
}

/// The gradients of x, the weights and the bias, from the cotangent g, the input x and, if integer
/// 0 is not 0, the weights. An output that is not needed is empty. Integer 2: length of a row.
fn layer_norm_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (weighted, eps) = (launch.ints()[0] != 0, launch.params()[0]);
    let length = launch.count(2)?.max(1);
    let (g, x) = (launch.input(0)?, launch.input(1)?);
    let weight = if weighted { Some(launch.input(2)?) } else { None };
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let to_weight = elements::<T>(launch.contiguous_output(1)?)?;
    let to_bias = elements::<T>(launch.contiguous_output(2)?)?;
    let fits = |row: &[T]| row.is_empty() || row.len() == length;
    let count = x.layout.len();
    if g.layout.len() != count
        || !count.is_multiple_of(length)
        || !(out.is_empty() || out.len() == count)
        || !fits(to_weight)
        || !fits(to_bias)
        || weight.as_ref().is_some_and(|weight| weight.layout.len() != length)
    {
        return Err(Error::new("the operands of a layer norm do not fit"));
    }
    let (g, x) = (in_order::<T>(g)?, in_order::<T>(x)?);
    let weight = row_or(weight, length, T::from_f64(1.0))?;
    // Each task sums its own rows for weights and bias.
    let each = (GRAIN / length).max(1) * length;
    let tasks = x.len().div_ceil(each);
    let mut sums = scratch::<T>(tasks * 2 * length)?;
    let outs = out.chunks_mut(each).chain(std::iter::repeat_with(Default::default));
    let parts = outs.zip(sums.chunks_mut(2 * length)).enumerate();
    try_parts(parts, |(task, (out, sums))| {
        let range = task * each..((task + 1) * each).min(x.len());
        let (g, x) = (&g[range.clone()], &x[range]);
        let (weights, biases) = sums.split_at_mut(length);
        let mut row = scratch::<T>(length)?;
        let mut scaled = scratch::<T>(length)?;
        narrow_simd(
            #[inline(always)]
            || {
                let mut outs = out.chunks_mut(length);
                for (g, x) in g.chunks(length).zip(x.chunks(length)) {
                    let moments = moments(x, eps);
                    row.iter_mut().zip(x).for_each(|(h, &x)| *h = moments.normalized(x));
                    let sums = weights.iter_mut().zip(&mut *biases);
                    for ((weight, bias), (&g, &h)) in sums.zip(g.iter().zip(&row)) {
                        *weight = *weight + g * h;
                        *bias = *bias + g;
                    }
                    let Some(out) = outs.next() else { continue };
                    let products = g.iter().zip(&*weight).map(|(&g, &w)| g * w);
                    scaled.iter_mut().zip(products).for_each(|(to, g)| *to = g);
                    let count = T::from_f64(length as f64);
                    let mean = sum(&scaled) / count;
                    let slope = sum_with(&scaled, &row, |g, h| g * h) / count;
                    for ((out, &g), &h) in out.iter_mut().zip(&scaled).zip(&row) {
                        *out = (g - mean - h * slope) * moments.scale;
                    }
                }
            },
        );
        Ok(())
    })?;
    for (to, offset) in [(to_weight, 0), (to_bias, length)] {
        to.fill(T::default());
        for sums in sums.chunks(2 * length) {
            to.iter_mut().zip(&sums[offset..]).for_each(|(sum, &part)| *sum = *sum + part);
        }
    }
    Ok(())
}
