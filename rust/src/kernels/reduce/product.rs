//! Products, and the gradients of products and of running products. Partial products neither
//! overflow nor underflow, and nothing is divided by an element, which may be 0.

use super::axes::{Axes, try_costly_chunks};
use super::wide::{Wide, is_far};
use crate::cpu::{GRAIN, elements, narrow_simd, try_parts};
use crate::dtype::{DType, Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{in_order, listed};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "prod", outputs: 1, cpu: Cpu::Custom(prod), wgsl: Wgsl::None },
    Kernel { name: "prod_grad", outputs: 1, cpu: Cpu::Custom(prod_grad), wgsl: Wgsl::None },
    Kernel { name: "cumprod_grad", outputs: 1, cpu: Cpu::Custom(cumprod_grad), wgsl: Wgsl::None },
];

/// Elements that are processed at once.
const BLOCK: usize = 4096;
/// Products that run in parallel, so that they are vectorised.
const LANES: usize = 16;
/// Columns that are processed together.
const COLUMNS: usize = 64;

/// Parallel products whose exponents are checked together.
struct Products<const N: usize> {
    factors: [f64; N],
    exponents: [i64; N],
}

impl<const N: usize> Products<N> {
    const ONES: Self = Self { factors: [1.0; N], exponents: [0; N] };

    /// Multiplies by the elements of a slice, which may be shorter.
    #[inline(always)]
    fn multiply<T: Copy + Into<f64>>(&mut self, elements: &[T]) {
        let mut x = [1.0; N];
        x.iter_mut().zip(elements).for_each(|(to, &x)| *to = x.into());
        // No float32 needs this.
        if size_of::<T>() > 4 {
            self.part(&mut x);
        }
        for (factor, x) in self.factors.iter_mut().zip(x) {
            *factor *= x;
        }
        let mut factors = self.factors;
        self.part(&mut factors);
        self.factors = factors;
    }

    /// Moves the exponents of extreme numbers to those of the products.
    #[inline(always)]
    fn part(&mut self, x: &mut [f64; N]) {
        if x.iter().fold(false, |far, &x| far | is_far(x)) {
            for (x, exponent) in x.iter_mut().zip(&mut self.exponents) {
                let (factor, more) = libm::frexp(*x);
                (*x, *exponent) = (factor, *exponent + i64::from(more));
            }
        }
    }

    fn of(&self, index: usize) -> Wide {
        Wide::new(self.factors[index], self.exponents[index])
    }
}

fn prod(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(0)? {
        DType::F32 => prod_as::<f32>(launch),
        DType::F64 => prod_as::<f64>(launch),
        DType::I32 => integer_prod(launch),
        dtype => Err(Error::unsupported(dtype)),
    }
}

fn prod_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let axes = Axes::of(launch, 1)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let x = axes.reader::<T>(launch.input(0)?)?;
    let count = axes.reduced.len();
    if count == 0 {
        out.fill(T::from_f64(1.0));
        return Ok(());
    }
    let columns = axes.down_columns();
    try_costly_chunks(out, count, |start, chunk| {
        if columns {
            return columns_prod((start, chunk), &axes, x.data);
        }
        for (index, out) in chunk.iter_mut().enumerate() {
            *out = run_prod(&x, (start + index) * count, count).power(axes.times).narrow();
        }
        Ok(())
    })
}

/// Product of `count` consecutive elements of a reader.
fn run_prod<T: Element + Real + Into<f64>>(x: &Reader<'_, T>, first: usize, count: usize) -> Wide {
    let mut products = Products::<LANES>::ONES;
    x.for_blocks(first, first + count, BLOCK, |x| {
        narrow_simd(
            #[inline(always)]
            || {
                let (chunks, rest) = x.as_chunks::<LANES>();
                for chunk in chunks {
                    products.multiply(chunk);
                }
                products.multiply(rest);
            },
        );
    });
    (0..LANES).fold(Wide::ONE, |product, lane| product * products.of(lane))
}

/// Products of many columns at a time, so that memory is read in order.
fn columns_prod<T: Element + Real + Into<f64>>(
    out: (usize, &mut [T]),
    axes: &Axes<'_>,
    data: &[T],
) -> Result {
    axes.for_columns(out, data, COLUMNS, |_, data, out| {
        let mut products = Products::<COLUMNS>::ONES;
        narrow_simd(
            #[inline(always)]
            || {
                for row in axes.rows(data, out.len()) {
                    products.multiply(row);
                }
            },
        );
        for (index, out) in out.iter_mut().enumerate() {
            *out = products.of(index).power(axes.times).narrow();
        }
        Ok(())
    })
}

/// An int32 overflow is an error, unless a factor of 0 follows.
fn integer_prod(launch: &mut Launch<'_>) -> Result {
    let axes = Axes::of(launch, 1)?;
    let out = elements::<i32>(launch.contiguous_output(0)?)?;
    let x = axes.reader::<i32>(launch.input(0)?)?;
    let count = axes.reduced.len();
    // From 32 repetitions on, only 0, 1 and -1 stay in int32, and only the parity counts.
    let times = if axes.times < 32 { axes.times } else { 32 + axes.times % 2 } as u32;
    try_costly_chunks(out, count, |start, chunk| {
        for (index, out) in chunk.iter_mut().enumerate() {
            let first = (start + index) * count;
            // None once the product has overflowed; only a 0 leads back.
            let mut product = Some(1_i32);
            x.for_blocks(first, first + count, BLOCK, |x| {
                for &x in x {
                    product = match x {
                        0 => Some(0),
                        _ => product.and_then(|product| product.checked_mul(x)),
                    };
                }
            });
            *out = product
                .and_then(|product| product.checked_pow(times))
                .ok_or_else(|| Error::range("the product of int32 elements leaves int32"))?;
        }
        Ok(())
    })
}

fn prod_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, prod_grad_as(launch))
}

/// For lanes along the last axis of x: the cotangent times the product of all other elements.
/// Operands: x̄, the cotangents, x.
fn prod_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    backward(launch, 1, |g: &[T], x: &[T], before: &[Wide], out: &mut [T]| {
        let mut after = Wide::ONE * g[0].into();
        for ((out, &x), &before) in out.iter_mut().zip(x).zip(before).rev() {
            *out = (before * after).narrow();
            after = after * x.into();
        }
    })
}

fn cumprod_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cumprod_grad_as(launch))
}

/// x̄ⱼ = Σ ȳᵢ · Π xₖ over i ≥ j and k ≤ i, k ≠ j, for lanes along the last axis of x: the product
/// before j, times a sum that is built from the end. Operands: x̄, ȳ, x.
fn cumprod_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let extent = launch.outs[0].as_ref().and_then(|out| out.layout.shape().last().copied());
    backward(launch, extent.unwrap_or(1) as usize, |g: &[T], x, before, out: &mut [T]| {
        let mut after = Wide::ONE * 0.0;
        let both = g.iter().zip(x).zip(before);
        for (out, ((&g, &x), &before)) in out.iter_mut().zip(both).rev() {
            let sum = after + Wide::ONE * g.into();
            *out = (before * sum).narrow();
            after = sum * x.into();
        }
    })
}

/// Calls `body(cotangents, x, products before each element, out)` for lanes along the last axis,
/// each with a number of cotangents.
fn backward<T: Element + Real + Into<f64>>(
    launch: &mut Launch<'_>,
    cotangents: usize,
    body: impl Fn(&[T], &[T], &[Wide], &mut [T]) + Sync,
) -> Result {
    let view = launch.contiguous_output(0)?;
    let extent = view.layout.shape().last().map_or(1, |&extent| extent as usize);
    let out = elements::<T>(view)?;
    let (g, x) = (launch.input(0)?, launch.input(1)?);
    if out.is_empty() {
        return Ok(());
    }
    if x.layout.len() != out.len() || g.layout.len() != out.len() / extent * cotangents {
        return Err(Error::new("the operands do not fit"));
    }
    let (g, x) = (in_order::<T>(g)?, in_order::<T>(x)?);
    let each = (GRAIN / extent).max(1);
    let parts = out.chunks_mut(each * extent).zip(x.chunks(each * extent));
    try_parts(parts.zip(g.chunks(each * cotangents)), |((out, x), g)| {
        let mut before = listed((0..extent).map(|_| Wide::ONE))?;
        let lanes = out.chunks_mut(extent).zip(x.chunks(extent));
        for ((out, x), g) in lanes.zip(g.chunks(cotangents)) {
            let mut product = Wide::ONE;
            for (before, &x) in before.iter_mut().zip(x) {
                *before = product;
                product = product * x.into();
            }
            body(g, x, &before, out);
        }
        Ok(())
    })
}
