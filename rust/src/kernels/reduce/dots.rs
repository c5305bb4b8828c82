//! Inner products along the last axis, without the products in memory, and what leads back from them.
//! The composite in TypeScript is the truth.

use crate::cpu::{elements, for_chunks_of, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::softmax::{GRAIN, sum_with};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "row_dots", outputs: 1, cpu: Cpu::Custom(dots), wgsl: Wgsl::None },
    Kernel { name: "row_dots_grad", outputs: 2, cpu: Cpu::Custom(dots_grad), wgsl: Wgsl::None },
];

fn dots(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, dots_as(launch))
}

fn dots_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, dots_grad_as(launch))
}

/// Rows, and those that each is multiplied with; none where it is itself. Integers 0 and 1: the length
/// of a row, and whether there are others.
struct Rows<'a, T: Clone> {
    a: Cow<'a, [T]>,
    b: Option<Cow<'a, [T]>>,
    width: usize,
}

impl<'a, T: Element> Rows<'a, T> {
    fn new(launch: &mut Launch<'a>, first: usize, count: usize) -> Result<Self> {
        let width = launch.count(0)?;
        if width == 0 {
            return Err(Error::new("there are no rows"));
        }
        let all = count.saturating_mul(width);
        let a = all_in_order::<T>(launch.input(first)?, all)?;
        let others = launch.ints()[1] != 0;
        let b = if others { Some(all_in_order(launch.input(first + 1)?, all)?) } else { None };
        Ok(Self { a, b, width })
    }

    fn other(&self) -> &[T] {
        self.b.as_deref().unwrap_or(&self.a)
    }

    /// Rows that one task handles.
    fn grain(&self) -> usize {
        (GRAIN / self.width).max(1)
    }
}

fn dots_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let rows = Rows::<T>::new(launch, 0, out.len())?;
    let (a, b) = (&*rows.a, rows.other());
    for_chunks_of(out, rows.grain(), |start, chunk| {
        let from = start * rows.width;
        simd(
            #[inline(always)]
            || {
                let pairs =
                    a[from..].chunks_exact(rows.width).zip(b[from..].chunks_exact(rows.width));
                for (out, (a, b)) in chunk.iter_mut().zip(pairs) {
                    *out = sum_with(a, b, |a, b| a * b);
                }
            },
        );
    })
}

/// Operands: the gradients of both, of which an empty one is not wanted; those of the products, and the
/// rows.
fn dots_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let for_a = elements::<T>(launch.contiguous_output(0)?)?;
    let for_b = elements::<T>(launch.contiguous_output(1)?)?;
    let g = in_order::<T>(launch.input(0)?)?;
    let rows = Rows::<T>::new(launch, 1, g.len())?;
    let fits = |out: &[T]| out.is_empty() || out.len() == rows.a.len();
    if !fits(for_a) || !fits(for_b) {
        return Err(Error::new("the operands do not fit"));
    }
    let width = rows.width;
    let times = T::from_f64(if rows.b.is_some() { 1.0 } else { 2.0 });
    let scaled = |out: &mut [T], others: &[T]| {
        for_chunks_of(out, rows.grain() * width, |start, chunk| {
            simd(
                #[inline(always)]
                || {
                    let others = others[start..].chunks_exact(width);
                    let pairs = chunk.chunks_exact_mut(width).zip(others);
                    for ((out, other), &g) in pairs.zip(&g[start / width..]) {
                        let g = g * times;
                        out.iter_mut().zip(other).for_each(|(out, &other)| *out = g * other);
                    }
                },
            );
        })
    };
    scaled(for_a, rows.other())?;
    scaled(for_b, &rows.a)
}
