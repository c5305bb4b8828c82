//! Cross-entropy of rows, with a label or class probabilities for each, and its gradients, in one
//! pass over the logits. The composite in TypeScript is the reference.

use crate::cpu::{elements, for_chunks_of};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::rows::{GRAIN, Rows, by_length, for_exponentials, for_log_totals};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order, rows_in_order};
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
    Kernel { name: "share_entropy", outputs: 1, cpu: Cpu::Custom(share_entropy), wgsl: Wgsl::None },
    Kernel {
        name: "share_entropy_grad",
        outputs: 2,
        cpu: Cpu::Custom(share_entropy_grad),
        wgsl: Wgsl::None,
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

    /// Rows of a task.
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
        by_length!(T, classes, |rows| {
            let mut each = chunk.iter_mut().zip(&data.labels[start..]);
            for_log_totals(
                rows,
                x,
                #[inline(always)]
                |x, largest, log| {
                    if let Some((out, &label)) = each.next() {
                        *out = log - (x[label as usize] - largest);
                    }
                },
            );
        });
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
        by_length!(T, classes, |rows| {
            let mut each = data.labels.iter().zip(&*g).skip(start / classes);
            for_exponentials(
                rows,
                chunk,
                x,
                #[inline(always)]
                |e, inverse| {
                    if let Some((&label, &factor)) = each.next() {
                        let scale = factor * inverse;
                        rows.update(e, |e| e * scale);
                        e[label as usize] = e[label as usize] - factor;
                    }
                },
            );
        });
    })
}

/// Logits and class probabilities, in rows of integer 0.
struct Shared<'a, T: Clone> {
    logits: Cow<'a, [T]>,
    shares: Cow<'a, [T]>,
    classes: usize,
}

impl<'a, T: Element> Shared<'a, T> {
    fn new(launch: &mut Launch<'a>, first: usize, rows: usize) -> Result<Self> {
        let classes = launch.count(0)?;
        if classes == 0 {
            return Err(Error::new("there are no classes"));
        }
        let all = rows.saturating_mul(classes);
        let logits = all_in_order::<T>(launch.input(first)?, all)?;
        let shares = all_in_order::<T>(launch.input(first + 1)?, all)?;
        Ok(Self { logits, shares, classes })
    }

    /// Rows of a task.
    fn grain(&self) -> usize {
        (GRAIN / self.classes).max(1)
    }

    /// The logits and probabilities from element `start` on.
    fn from(&self, start: usize) -> (&[T], &[T]) {
        (&self.logits[start..], &self.shares[start..])
    }
}

/// The cost ln(1/p) of a class with share t, or nothing where neither share nor class is possible.
#[inline(always)]
fn cost<T: Element + Real>(share: T, cost: T) -> T {
    let none = T::from_f64(0.0);
    if share == none && cost == T::INFINITE { none } else { cost }
}

fn share_entropy(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, share_entropy_as(launch))
}

fn share_entropy_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, share_entropy_grad_as(launch))
}

/// `out[n] = Σ t[n][c] · (ln Σ e^x[n] − x[n][c])`, 0 · ∞ being 0
fn share_entropy_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Shared::<T>::new(launch, 0, out.len())?;
    let classes = data.classes;
    for_chunks_of(out, data.grain(), |start, chunk| {
        let (x, shares) = data.from(start * classes);
        let x = &x[..chunk.len() * classes];
        by_length!(T, classes, |rows| {
            let mut each = chunk.iter_mut().zip(shares.chunks(classes));
            for_log_totals(
                rows,
                x,
                #[inline(always)]
                |x, largest, log| {
                    if let Some((out, shares)) = each.next() {
                        let ln = |x| log - (x - largest);
                        let plain = rows.sum(x, shares, |x, t| t * ln(x));
                        // The rare row with an impossible class is summed again.
                        *out = if plain.finite() {
                            plain
                        } else {
                            rows.sum(x, shares, |x, t| t * cost(t, ln(x)))
                        };
                    }
                },
            );
        });
    })
}

/// Operands: the gradients of logits and probabilities, each empty if it is not needed; the
/// gradients of the rows, logits and probabilities. `(softmax(x[n])[c] · Σ t[n] − t[n][c]) · g[n]`
/// and `(ln Σ e^x[n] − x[n][c]) · g[n]`.
fn share_entropy_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let for_logits = elements::<T>(launch.contiguous_output(0)?)?;
    let for_shares = elements::<T>(launch.contiguous_output(1)?)?;
    let size = for_logits.len().max(for_shares.len());
    if size == 0 {
        return Ok(());
    }
    let g = rows_in_order::<T>(launch.input(0)?, size)?;
    let data = Shared::<T>::new(launch, 1, g.len())?;
    let fits = |out: &[T]| out.is_empty() || out.len() == data.logits.len();
    if !fits(for_logits) || !fits(for_shares) {
        return Err(Error::new("the operands do not fit"));
    }
    let classes = data.classes;
    for_chunks_of(for_logits, data.grain() * classes, |start, chunk| {
        let (x, shares) = data.from(start);
        by_length!(T, classes, |rows| {
            let mut each = shares.chunks(classes).zip(&g[start / classes..]);
            for_exponentials(
                rows,
                chunk,
                x,
                #[inline(always)]
                |e, inverse| {
                    if let Some((shares, &g)) = each.next() {
                        let scale = rows.sum(shares, shares, |t, _| t) * g * inverse;
                        rows.update_with(e, shares, |e, t| e * scale - t * g);
                    }
                },
            );
        });
    })?;
    for_chunks_of(for_shares, data.grain() * classes, |start, chunk| {
        let (x, shares) = data.from(start);
        let x = &x[..chunk.len()];
        by_length!(T, classes, |rows| {
            let chunks = chunk.chunks_mut(classes).zip(shares.chunks(classes));
            let mut each = chunks.zip(&g[start / classes..]);
            for_log_totals(
                rows,
                x,
                #[inline(always)]
                |x, largest, log| {
                    if let Some(((out, shares), &g)) = each.next() {
                        rows.update_with(out, x, |_, x| log - (x - largest));
                        rows.update_with(out, shares, |each, t| cost(t, each) * g);
                    }
                },
            );
        });
    })
}
