//! Cross entropy of rows with the class of each, and what leads back from it, in one pass over the
//! logits. The composite in TypeScript is the truth.

use crate::cpu::{elements, for_chunks_of, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::softmax::{GRAIN, for_exponentials, for_totals};
use crate::registry::{Cpu, Kernel};
use crate::scratch::in_order;
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel {
        name: "cross_entropy",
        outputs: 1,
        cpu: Cpu::Custom(cross_entropy),
        wgsl: programs::CROSS_ENTROPY,
    },
    Kernel {
        name: "cross_entropy_grad",
        outputs: 1,
        cpu: Cpu::Custom(cross_entropy_grad),
        wgsl: programs::CROSS_ENTROPY_GRAD,
    },
];

/// Logits of shape [N, C] and the class of each row.
struct Classified<'a, T: Clone> {
    logits: Cow<'a, [T]>,
    labels: Cow<'a, [i32]>,
    classes: usize,
}

impl<'a, T: Element> Classified<'a, T> {
    fn new(launch: &mut Launch<'a>) -> Result<Self> {
        let (logits, labels) = (launch.input(0)?, launch.input(1)?);
        let [rows, classes] = *logits.layout.shape() else {
            return Err(Error::new("logits need two axes"));
        };
        if labels.layout.len() != rows as usize {
            return Err(Error::new("there must be a label for each row"));
        }
        let labels = in_order::<i32>(labels)?;
        let inside = |&label: &i32| u32::try_from(label).is_ok_and(|label| label < classes);
        if !labels.iter().all(inside) {
            return Err(Error::new("a label names no class"));
        }
        Ok(Self { logits: in_order(logits)?, labels, classes: classes as usize })
    }

    /// Rows that one task handles.
    fn grain(&self) -> usize {
        (GRAIN / self.classes.max(1)).max(1)
    }
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
    for_chunks_of(out, data.grain(), |start, chunk| {
        let x = &data.logits[start * classes..][..chunk.len() * classes];
        simd(
            #[inline(always)]
            || {
                let mut rows = chunk.iter_mut().zip(&data.labels[start..]);
                for_totals(x, classes, |x, largest, total| {
                    if let Some((out, &label)) = rows.next() {
                        *out = total.log_() - (x[label as usize] - largest);
                    }
                });
            },
        );
    })
}

/// `out[n][c] = (softmax(x[n])[c] − [c = label[n]]) · g[n]`
fn cross_entropy_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Classified::<T>::new(launch)?;
    let g = launch.input(2)?;
    let (rows, classes) = (data.labels.len(), data.classes);
    if out.len() != rows * classes || g.layout.len() != rows {
        return Err(Error::new("the operands do not fit"));
    }
    let g = in_order::<T>(g)?;
    for_chunks_of(out, data.grain() * classes, |start, chunk| {
        let x = &data.logits[start..];
        simd(
            #[inline(always)]
            || {
                let mut rows = data.labels.iter().zip(&*g).skip(start / classes);
                for_exponentials(chunk, x, classes, |e, _, _, total| {
                    if let Some((&label, &factor)) = rows.next() {
                        let scale = factor / total;
                        e.iter_mut().for_each(|e| *e = *e * scale);
                        e[label as usize] = e[label as usize] - factor;
                    }
                });
            },
        );
    })
}
