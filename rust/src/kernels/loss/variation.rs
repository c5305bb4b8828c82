//! Total variation of images and its gradient, in one pass each. The composite in TypeScript is the
//! reference.

use crate::cpu::{GRAIN, elements, for_chunks_of, narrow_simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::elementwise::unary::sign;
use crate::kernels::normalize::rows::sum_with;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, rows_in_order, scratch};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel {
        name: "total_variation",
        outputs: 1,
        cpu: Cpu::Custom(|launch| by_type!(float launch.input_type(0)?, variation(launch))),
        wgsl: Wgsl::None,
    },
    Kernel {
        name: "total_variation_grad",
        outputs: 1,
        cpu: Cpu::Custom(|launch| by_type!(float launch.input_type(0)?, variation_grad(launch))),
        wgsl: Wgsl::None,
    },
];

/// The lines of images, one after the other. Integers 0 and 1: the height and width of an image.
struct Lines<'a, T: Clone> {
    x: Cow<'a, [T]>,
    height: usize,
    width: usize,
}

impl<'a, T: Element> Lines<'a, T> {
    fn new(launch: &mut Launch<'a>, operand: usize, images: usize) -> Result<Self> {
        let (height, width) = (launch.count(0)?, launch.count(1)?);
        if height == 0 || width == 0 {
            return Err(Error::new("there are no lines"));
        }
        let all = images.saturating_mul(height).saturating_mul(width);
        Ok(Self { x: all_in_order(launch.input(operand)?, all)?, height, width })
    }

    /// Lines of a task.
    fn grain(&self) -> usize {
        (GRAIN / self.width).max(1)
    }

    fn at(&self, line: usize) -> &[T] {
        &self.x[line * self.width..][..self.width]
    }

    /// The lines of the same image above and below one.
    fn beside(&self, line: usize) -> [Option<&[T]>; 2] {
        let row = line % self.height;
        let above = (row > 0).then(|| self.at(line - 1));
        [above, (row + 1 < self.height).then(|| self.at(line + 1))]
    }
}

#[inline(always)]
fn size<T: Real>(r: T) -> T {
    if r < T::from_f64(0.0) { -r } else { r }
}

/// `out[n] = Σ |x[i + 1][j] − x[i][j]| + |x[i][j + 1] − x[i][j]|` of image n.
fn variation<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let lines = Lines::<T>::new(launch, 0, out.len())?;
    let mut totals = scratch::<f64>(out.len() * lines.height)?;
    for_chunks_of(&mut totals, lines.grain(), |start, totals| {
        narrow_simd(
            #[inline(always)]
            || {
                for (line, total) in (start..).zip(totals.iter_mut()) {
                    let x = lines.at(line);
                    let last = &x[..x.len() - 1];
                    *total = sum_with(&x[1..], last, |next, x| size(next - x)).into();
                    if let [_, Some(below)] = lines.beside(line) {
                        *total += sum_with(below, x, |next, x| size(next - x)).into();
                    }
                }
            },
        );
    })?;
    for (out, totals) in out.iter_mut().zip(totals.chunks(lines.height)) {
        *out = T::from_f64(totals.iter().sum());
    }
    Ok(())
}

/// Operands: the gradient of the images; that of their variations, and the images. The gradient of
/// a step between two elements is its sign for the second, and the negative for the first.
fn variation_grad<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    if out.is_empty() {
        return Ok(());
    }
    let g = rows_in_order::<T>(launch.input(0)?, out.len())?;
    let lines = Lines::<T>::new(launch, 1, g.len())?;
    if out.len() != lines.x.len() {
        return Err(Error::new("the operands do not fit"));
    }
    for_chunks_of(out, lines.grain() * lines.width, |start, out| {
        narrow_simd(
            #[inline(always)]
            || {
                for (line, out) in (start / lines.width..).zip(out.chunks_mut(lines.width)) {
                    lead_back(out, &lines, line, g[line / lines.height]);
                }
            },
        );
    })
}

#[inline(always)]
fn lead_back<T: Element + Real>(out: &mut [T], lines: &Lines<'_, T>, line: usize, g: T) {
    let x = lines.at(line);
    out.fill(T::from_f64(0.0));
    for other in lines.beside(line).into_iter().flatten() {
        let pairs = x.iter().zip(other);
        out.iter_mut().zip(pairs).for_each(|(out, (&x, &other))| *out = *out + sign(x - other));
    }
    let steps = x.iter().zip(&x[1..]);
    out[1..]
        .iter_mut()
        .zip(steps.clone())
        .for_each(|(out, (&x, &next))| *out = *out + sign(next - x));
    out.iter_mut().zip(steps).for_each(|(out, (&x, &next))| *out = *out - sign(next - x));
    out.iter_mut().for_each(|out| *out = *out * g);
}
