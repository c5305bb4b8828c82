//! Vectors divided by their length, and the gradient, in one pass each. The composite in TypeScript
//! is the reference.

use super::rows::{GRAIN, sum_with};
use crate::cpu::{elements, for_chunks_of, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::all_in_order;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "unit", outputs: 1, cpu: Cpu::Custom(unit), wgsl: Wgsl::None },
    Kernel { name: "unit_grad", outputs: 1, cpu: Cpu::Custom(unit_grad), wgsl: Wgsl::None },
];

/// A smaller sum of squares may have lost some to underflow, for elements of 4 and of 8 bytes.
const LEAST: [f64; 2] = [1e-30, 1e-280];

fn unit(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, unit_as(launch))
}

fn unit_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, unit_grad_as(launch))
}

/// Length of a vector.
#[inline(always)]
fn length<T: Real + Into<f64>>(x: &[T]) -> f64 {
    let total: f64 = sum_with(x, x, |x, _| x * x).into();
    let least = LEAST[usize::from(size_of::<T>() > 4)];
    if total.is_nan() || (least..f64::INFINITY).contains(&total) {
        return total.sqrt();
    }
    scaled(x)
}

/// The same for elements that are scaled so that the largest becomes 1.
#[cold]
fn scaled<T: Real + Into<f64>>(x: &[T]) -> f64 {
    let largest = x.iter().fold(0.0_f64, |largest, &x| largest.max(x.into().abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    let squares = x.iter().map(|&x| (x.into() / largest).powi(2)).sum::<f64>();
    squares.sqrt() * largest
}

/// The parameters of a launch: number 0 is the least divisor; vectors are along the last axis.
struct Rows<T> {
    least: T,
    width: usize,
}

impl<T: Real> Rows<T> {
    fn new(launch: &Launch<'_>) -> Result<Self> {
        let (least, width) = (T::from_f64(launch.params()[0]), launch.count(0)?);
        if width == 0 {
            return Err(Error::new("there are no vectors"));
        }
        Ok(Self { least, width })
    }

    /// Elements of a task: whole vectors.
    fn grain(&self) -> usize {
        (GRAIN / self.width).max(1) * self.width
    }
}

fn unit_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let rows = Rows::<T>::new(launch)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = all_in_order::<T>(launch.input(0)?, out.len())?;
    if !out.len().is_multiple_of(rows.width) {
        return Err(Error::new("the output has another size"));
    }
    for_chunks_of(out, rows.grain(), |start, chunk| {
        narrow_simd(
            #[inline(always)]
            || {
                let vectors = x[start..].chunks_exact(rows.width);
                for (out, x) in chunk.chunks_exact_mut(rows.width).zip(vectors) {
                    let length = T::from_f64(length(x));
                    let length = if length <= rows.least { rows.least } else { length };
                    for (y, &x) in out.iter_mut().zip(x) {
                        *y = x / length;
                    }
                }
            },
        );
    })
}

/// For vectors x = l·y and the cotangent g of y: (g − y·Σ g·y) / l, and g / l if l is the least
/// divisor.
fn unit_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let rows = Rows::<T>::new(launch)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let g = all_in_order::<T>(launch.input(0)?, out.len())?;
    let x = all_in_order::<T>(launch.input(1)?, out.len())?;
    if !out.len().is_multiple_of(rows.width) {
        return Err(Error::new("the operands have different sizes"));
    }
    for_chunks_of(out, rows.grain(), |start, chunk| {
        narrow_simd(
            #[inline(always)]
            || {
                let pairs =
                    g[start..].chunks_exact(rows.width).zip(x[start..].chunks_exact(rows.width));
                for (out, (g, x)) in chunk.chunks_exact_mut(rows.width).zip(pairs) {
                    let length = T::from_f64(length(x));
                    if length <= rows.least {
                        out.iter_mut().zip(g).for_each(|(out, &g)| *out = g / rows.least);
                        continue;
                    }
                    let along = sum_with(g, x, |g, x| g * (x / length));
                    for (out, (&g, &x)) in out.iter_mut().zip(g.iter().zip(x)) {
                        *out = (g - x / length * along) / length;
                    }
                }
            },
        );
    })
}
