//! Inner products along the last axis, without storing the products, optionally with sums, and the
//! gradients of both. The composite in TypeScript is the reference.

use crate::cpu::{elements, for_chunks_of, for_parts, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::rows::{GRAIN, sum_with};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, rows_in_order};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "row_dots", outputs: 1, cpu: Cpu::Custom(dots), wgsl: Wgsl::None },
    Kernel { name: "row_dots_grad", outputs: 2, cpu: Cpu::Custom(dots_grad), wgsl: Wgsl::None },
    Kernel { name: "row_overlap", outputs: 3, cpu: Cpu::Custom(overlap), wgsl: Wgsl::None },
    Kernel {
        name: "row_overlap_grad",
        outputs: 2,
        cpu: Cpu::Custom(overlap_grad),
        wgsl: Wgsl::None,
    },
];

fn dots(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, dots_as(launch))
}

fn dots_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, dots_grad_as(launch))
}

fn overlap(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, overlap_as(launch))
}

fn overlap_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, overlap_grad_as(launch))
}

/// Rows, and the rows that they are multiplied with; none for a row with itself. Integers 0 and 1:
/// the length of a row, and whether there are other rows.
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

    /// Rows of a task.
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
        narrow_simd(
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

/// Operands: the gradients of both, each empty if it is not needed; those of the products, and the
/// rows.
fn dots_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let for_a = elements::<T>(launch.contiguous_output(0)?)?;
    let for_b = elements::<T>(launch.contiguous_output(1)?)?;
    let size = for_a.len().max(for_b.len());
    if size == 0 {
        return Ok(());
    }
    let g = rows_in_order::<T>(launch.input(0)?, size)?;
    let rows = Rows::<T>::new(launch, 1, g.len())?;
    let fits = |out: &[T]| out.is_empty() || out.len() == rows.a.len();
    if !fits(for_a) || !fits(for_b) {
        return Err(Error::new("the operands do not fit"));
    }
    let width = rows.width;
    let times = T::from_f64(if rows.b.is_some() { 1.0 } else { 2.0 });
    let scaled = |out: &mut [T], others: &[T]| {
        for_chunks_of(out, rows.grain() * width, |start, chunk| {
            narrow_simd(
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

/// Elements of a row that are read for one sum while they are in the cache for the others.
const BLOCK: usize = 4096;

/// Operands: the sums of the products, those of the rows, those of the others; rows and others.
fn overlap_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let both = elements::<T>(launch.contiguous_output(0)?)?;
    let own = elements::<T>(launch.contiguous_output(1)?)?;
    let others = elements::<T>(launch.contiguous_output(2)?)?;
    let rows = Rows::<T>::new(launch, 0, both.len())?;
    if own.len() != both.len() || others.len() != both.len() {
        return Err(Error::new("the outputs have different sizes"));
    }
    let (a, b, width) = (&*rows.a, rows.other(), rows.width);
    let grain = rows.grain();
    let outputs = both.chunks_mut(grain).zip(own.chunks_mut(grain)).zip(others.chunks_mut(grain));
    for_parts(outputs.enumerate(), |(part, ((both, own), others))| {
        let from = part * grain * width;
        narrow_simd(
            #[inline(always)]
            || {
                let pairs = a[from..].chunks_exact(width).zip(b[from..].chunks_exact(width));
                let sums = both.iter_mut().zip(own.iter_mut()).zip(others.iter_mut());
                for (((both, own), others), (a, b)) in sums.zip(pairs) {
                    let mut totals = [0.0_f64; 3];
                    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
                        totals[0] += sum_with(a, b, |a, b| a * b).into();
                        totals[1] += sum_with(a, a, |a, _| a).into();
                        totals[2] += sum_with(b, b, |b, _| b).into();
                    }
                    [*both, *own, *others] = totals.map(T::from_f64);
                }
            },
        );
    })
}

/// Operands: the gradients of both, each empty if it is not needed; those of the three sums, and
/// the rows.
fn overlap_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let for_a = elements::<T>(launch.contiguous_output(0)?)?;
    let for_b = elements::<T>(launch.contiguous_output(1)?)?;
    let size = for_a.len().max(for_b.len());
    if size == 0 {
        return Ok(());
    }
    let both = rows_in_order::<T>(launch.input(0)?, size)?;
    let own = all_in_order::<T>(launch.input(1)?, both.len())?;
    let others = all_in_order::<T>(launch.input(2)?, both.len())?;
    let rows = Rows::<T>::new(launch, 3, both.len())?;
    let fits = |out: &[T]| out.is_empty() || out.len() == rows.a.len();
    if !fits(for_a) || !fits(for_b) {
        return Err(Error::new("the operands do not fit"));
    }
    let width = rows.width;
    let moved = |out: &mut [T], beside: &[T], shift: &[T]| {
        for_chunks_of(out, rows.grain() * width, |start, chunk| {
            narrow_simd(
                #[inline(always)]
                || {
                    let first = start / width;
                    let slopes = both[first..].iter().zip(&shift[first..]);
                    let pairs =
                        chunk.chunks_exact_mut(width).zip(beside[start..].chunks_exact(width));
                    for ((out, beside), (&slope, &shift)) in pairs.zip(slopes) {
                        for (out, &x) in out.iter_mut().zip(beside) {
                            *out = slope * x + shift;
                        }
                    }
                },
            );
        })
    };
    moved(for_a, rows.other(), &own)?;
    moved(for_b, &rows.a, &others)
}
