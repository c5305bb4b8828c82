//! Kernels that compute in one pass what takes several ops. Their composites in TypeScript are the
//! truth, with which the tests compare them.

use super::math::Real;
use crate::cpu::{Reader, elements, for_chunks_of, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::registry::Kernel;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cross_entropy", outputs: 1, run: cross_entropy, wgsl: None },
    Kernel { name: "cross_entropy_grad", outputs: 1, run: cross_entropy_grad, wgsl: None },
];

/// Classes times examples that one task handles.
const GRAIN: usize = 1 << 14;

/// Logits of shape [N, C] and the class of each row.
struct Classified<'a, T> {
    logits: Reader<'a, T>,
    labels: Vec<usize>,
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
        let mut numbers = vec![0; rows];
        given.copy_to(0, &mut numbers);
        let inside = |label| usize::try_from(label).ok().filter(|&label| label < classes);
        let labels: Option<Vec<usize>> = numbers.into_iter().map(inside).collect();
        let labels = labels.ok_or_else(|| Error::new("a label names no class"))?;
        Ok(Self { logits, labels, classes })
    }

    /// Rows that one task handles.
    fn grain(&self) -> usize {
        (GRAIN / self.classes.max(1)).max(1)
    }
}

/// Shifts a row so that its largest entry is 0; returns the sum of the exponentials.
#[inline(always)]
fn shift<T: Element + Real>(row: &mut [T], exponentials: &mut [T]) -> T {
    let zero = T::from_f64(0.0);
    let largest = row.iter().fold(row[0], |best, &x| if x > best { x } else { best });
    // The composite leaves a row as it is whose largest entry is not finite.
    let largest = if largest.finite() { largest } else { zero };
    for (x, e) in row.iter_mut().zip(exponentials.iter_mut()) {
        *x = *x - largest;
        *e = x.exp_();
    }
    exponentials.iter().fold(zero, |sum, &e| sum + e)
}

fn cross_entropy(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cross_entropy_as(launch))
}

fn cross_entropy_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cross_entropy_grad_as(launch))
}

/// `out[n] = ln Σ e^x[n] − x[n][label[n]]`
fn cross_entropy_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Classified::<T>::new(launch)?;
    if out.len() != data.labels.len() {
        return Err(Error::new("the output has another size"));
    }
    for_chunks_of(out, data.grain(), |start, chunk| {
        let mut row = vec![T::default(); data.classes];
        let mut exponentials = row.clone();
        for (index, out) in chunk.iter_mut().enumerate() {
            let number = start + index;
            data.logits.copy_to(number * data.classes, &mut row);
            let sum = simd(
                #[inline(always)]
                || shift(&mut row, &mut exponentials),
            );
            *out = sum.log_() - row[data.labels[number]];
        }
    });
    Ok(())
}

/// `out[n][c] = (softmax(x[n])[c] − [c = label[n]]) · g[n]`
fn cross_entropy_grad_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Classified::<T>::new(launch)?;
    let g = Reader::<T>::new(launch.input(2)?)?;
    let (rows, classes) = (data.labels.len(), data.classes);
    if out.len() != rows * classes || g.len() != rows {
        return Err(Error::new("the operands do not fit"));
    }
    let mut factors = vec![T::default(); rows];
    g.copy_to(0, &mut factors);
    for_chunks_of(out, data.grain() * classes, |start, chunk| {
        let mut row = vec![T::default(); classes];
        for (index, out) in chunk.chunks_exact_mut(classes).enumerate() {
            let number = start / classes + index;
            data.logits.copy_to(number * classes, &mut row);
            simd(
                #[inline(always)]
                || {
                    let scale = factors[number] / shift(&mut row, out);
                    out.iter_mut().for_each(|e| *e = *e * scale);
                },
            );
            let label = data.labels[number];
            out[label] = out[label] - factors[number];
        }
    });
    Ok(())
}
