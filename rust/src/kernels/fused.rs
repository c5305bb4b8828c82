//! Kernels that compute in one pass what takes several ops. Their composites in TypeScript are the
//! truth, with which the tests compare them.

use super::math::Real;
use super::normalize::{fold, larger, shift, sum};
use crate::cpu::{elements, simd, try_chunks_of};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::registry::{Kernel, Wgsl};
use crate::scratch::scratch;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cross_entropy", outputs: 1, run: cross_entropy, wgsl: Wgsl::None },
    Kernel { name: "cross_entropy_grad", outputs: 1, run: cross_entropy_grad, wgsl: Wgsl::None },
];

/// Classes times examples that one task handles.
const GRAIN: usize = 1 << 14;
/// Classes from which a row is worth lanes, which are joined at its end.
const LONG: usize = 64;

/// Logits of shape [N, C] and the class of each row.
struct Classified<'a, T> {
    logits: Reader<'a, T>,
    labels: Vec<i32>,
    classes: usize,
}

impl<'a, T: Element> Classified<'a, T> {
    fn new(launch: &mut Launch<'a>) -> Result<Self> {
        let view = launch.input(0)?;
        let shape = view.layout.shape();
        let [rows, classes] = *shape else { return Err(Error::new("logits need two axes")) };
        let (rows, classes) = (rows as usize, classes as usize);
        let logits = Reader::<T>::new(view)?;
        let given = Reader::<i32>::new(launch.input(1)?)?;
        if given.len() != rows {
            return Err(Error::new("there must be a label for each row"));
        }
        let mut labels = scratch(rows)?;
        given.copy_to(0, &mut labels);
        let inside = |&label: &i32| usize::try_from(label).is_ok_and(|label| label < classes);
        if !labels.iter().all(inside) {
            return Err(Error::new("a label names no class"));
        }
        Ok(Self { logits, labels, classes })
    }

    /// Rows that one task handles.
    fn grain(&self) -> usize {
        (GRAIN / self.classes.max(1)).max(1)
    }
}

impl<T: Element + Real + Into<f64>> Classified<'_, T> {
    /// Writes the rows from number `first` on, each shifted so that its largest entry is 0, and
    /// the exponentials of that.
    fn shifted(&self, first: usize, rows: &mut [T], exponentials: &mut [T]) {
        self.logits.copy_to(first * self.classes, rows);
        simd(
            #[inline(always)]
            || {
                for row in rows.chunks_exact_mut(self.classes) {
                    let largest = if row.len() < LONG {
                        row.iter().fold(row[0], |best, &x| larger(best, x))
                    } else {
                        fold(row, row[0], larger)
                    };
                    // The composite leaves a row as it is whose largest entry is not finite.
                    let largest = shift(largest);
                    row.iter_mut().for_each(|x| *x = *x - largest);
                }
                for (e, &x) in exponentials.iter_mut().zip(&*rows) {
                    *e = x.exp_();
                }
            },
        );
    }
}

/// Sum of a row.
#[inline(always)]
fn total<T: Element + Real + Into<f64>>(row: &[T]) -> T {
    if row.len() < LONG { row.iter().fold(T::from_f64(0.0), |sum, &e| sum + e) } else { sum(row) }
}

fn cross_entropy(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cross_entropy_as(launch))
}

fn cross_entropy_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cross_entropy_grad_as(launch))
}

/// `out[n] = ln Σ e^x[n] − x[n][label[n]]`
fn cross_entropy_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Classified::<T>::new(launch)?;
    if out.len() != data.labels.len() {
        return Err(Error::new("the output has another size"));
    }
    let classes = data.classes;
    try_chunks_of(out, data.grain(), |start, chunk| {
        let mut rows = scratch::<T>(chunk.len() * classes)?;
        let mut exponentials = scratch::<T>(rows.len())?;
        data.shifted(start, &mut rows, &mut exponentials);
        simd(
            #[inline(always)]
            || {
                for (out, row) in chunk.iter_mut().zip(exponentials.chunks_exact(classes)) {
                    *out = total(row);
                }
                chunk.iter_mut().for_each(|out| *out = out.log_());
            },
        );
        let labels = &data.labels[start..start + chunk.len()];
        for ((out, row), &label) in chunk.iter_mut().zip(rows.chunks_exact(classes)).zip(labels) {
            *out = *out - row[label as usize];
        }
        Ok(())
    })
}

/// `out[n][c] = (softmax(x[n])[c] − [c = label[n]]) · g[n]`
fn cross_entropy_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Classified::<T>::new(launch)?;
    let g = Reader::<T>::new(launch.input(2)?)?;
    let (rows, classes) = (data.labels.len(), data.classes);
    if out.len() != rows * classes || g.len() != rows {
        return Err(Error::new("the operands do not fit"));
    }
    let mut factors = scratch::<T>(rows)?;
    g.copy_to(0, &mut factors);
    try_chunks_of(out, data.grain() * classes, |start, chunk| {
        let mut shifted = scratch::<T>(chunk.len())?;
        let first = start / classes;
        data.shifted(first, &mut shifted, chunk);
        simd(
            #[inline(always)]
            || {
                for (index, out) in chunk.chunks_exact_mut(classes).enumerate() {
                    let label = data.labels[first + index] as usize;
                    let factor = factors[first + index];
                    let scale = factor / total(out);
                    out.iter_mut().for_each(|e| *e = *e * scale);
                    out[label] = out[label] - factor;
                }
            },
        );
        Ok(())
    })
}
