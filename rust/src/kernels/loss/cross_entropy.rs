//! Cross entropy of rows with the class of each or with shares of all classes, and what leads back from
//! it, in one pass over the logits. The composite in TypeScript is the truth.

use crate::cpu::{elements, for_chunks_of, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::normalize::softmax::{GRAIN, for_exponentials, for_totals, largest, sum_with};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order};
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

/// Logits and the shares of their classes, in rows of integer 0.
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

    /// Rows that one task handles.
    fn grain(&self) -> usize {
        (GRAIN / self.classes).max(1)
    }

    /// The rows from number `first` on, and the shares of each.
    fn rows(&self, first: usize) -> impl Iterator<Item = (&[T], &[T])> {
        let from = first * self.classes;
        let shares = self.shares[from..].chunks_exact(self.classes);
        self.logits[from..].chunks_exact(self.classes).zip(shares)
    }
}

fn share_entropy(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, share_entropy_as(launch))
}

fn share_entropy_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, share_entropy_grad_as(launch))
}

/// Rows that are worked at together. Each step is a loop over them of its own: a row's steps wait for each
/// other, those of different rows do not.
const TOGETHER: usize = 16;

/// Of so many rows from number `first` on, what is taken from the logits, and the logarithms of the sums of
/// their exponentials then.
#[inline(always)]
fn log_totals<T: Element + Real + Into<f64>>(
    data: &Shared<'_, T>,
    first: usize,
    rows: usize,
) -> [(T, T); TOGETHER] {
    let mut found = [(T::default(), T::default()); TOGETHER];
    let rows = || data.rows(first).take(rows);
    for ((most, _), (x, _)) in found.iter_mut().zip(rows()) {
        *most = largest(x);
    }
    for ((most, total), (x, _)) in found.iter_mut().zip(rows()) {
        *total = sum_with(x, x, |x, _| (x - *most).exp_());
    }
    found.map(|(most, total)| (most, total.log_()))
}

/// `out[n] = Σ t[n][c] · (ln Σ e^x[n] − x[n][c])`
fn share_entropy_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let data = Shared::<T>::new(launch, 0, out.len())?;
    for_chunks_of(out, data.grain(), |start, chunk| {
        simd(
            #[inline(always)]
            || {
                for (group, out) in chunk.chunks_mut(TOGETHER).enumerate() {
                    let first = start + group * TOGETHER;
                    let totals = log_totals(&data, first, out.len());
                    for ((out, (most, total)), (x, shares)) in
                        out.iter_mut().zip(totals).zip(data.rows(first))
                    {
                        *out = sum_with(x, shares, |x, share| share * (total - (x - most)));
                    }
                }
            },
        );
    })
}

/// Operands: the gradients of logits and shares, of which an empty one is not wanted; those of the rows,
/// and these. `(softmax(x[n])[c] · Σ t[n] − t[n][c]) · g[n]` and `(ln Σ e^x[n] − x[n][c]) · g[n]`.
fn share_entropy_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let for_logits = elements::<T>(launch.contiguous_output(0)?)?;
    let for_shares = elements::<T>(launch.contiguous_output(1)?)?;
    let g = in_order::<T>(launch.input(0)?)?;
    let data = Shared::<T>::new(launch, 1, g.len())?;
    let fits = |out: &[T]| out.is_empty() || out.len() == data.logits.len();
    if !fits(for_logits) || !fits(for_shares) {
        return Err(Error::new("the operands do not fit"));
    }
    let (grain, group) = (data.grain() * data.classes, TOGETHER * data.classes);
    for_chunks_of(for_logits, grain, |start, chunk| {
        simd(
            #[inline(always)]
            || {
                for (index, out) in chunk.chunks_mut(group).enumerate() {
                    let first = start / data.classes + index * TOGETHER;
                    slopes_of_logits(out, &data, first, &g[first..]);
                }
            },
        );
    })?;
    for_chunks_of(for_shares, grain, |start, chunk| {
        simd(
            #[inline(always)]
            || {
                for (index, out) in chunk.chunks_mut(group).enumerate() {
                    let first = start / data.classes + index * TOGETHER;
                    let totals = log_totals(&data, first, out.len() / data.classes);
                    let rows = data.rows(first).zip(totals).zip(&g[first..]);
                    for (out, (((x, _), (most, total)), &g)) in
                        out.chunks_exact_mut(data.classes).zip(rows)
                    {
                        let pairs = out.iter_mut().zip(x);
                        pairs.for_each(|(out, &x)| *out = (total - (x - most)) * g);
                    }
                }
            },
        );
    })
}

/// Of the rows from number `first` on, as many as there is room for.
#[inline(always)]
fn slopes_of_logits<T: Element + Real + Into<f64>>(
    out: &mut [T],
    data: &Shared<'_, T>,
    first: usize,
    g: &[T],
) {
    let mut most = [T::default(); TOGETHER];
    let count = out.len() / data.classes;
    let rows = || data.rows(first).take(count);
    for (most, (x, _)) in most.iter_mut().zip(rows()) {
        *most = largest(x);
    }
    for (out, (&most, (x, _))) in out.chunks_exact_mut(data.classes).zip(most.iter().zip(rows())) {
        out.iter_mut().zip(x).for_each(|(out, &x)| *out = (x - most).exp_());
    }
    let mut scales = most;
    for ((scale, out), ((_, shares), &g)) in
        scales.iter_mut().zip(out.chunks_exact(data.classes)).zip(rows().zip(g))
    {
        let all = sum_with(shares, shares, |share, _| share);
        *scale = all * g / sum_with(out, out, |e, _| e);
    }
    for (out, ((scale, (_, shares)), &g)) in
        out.chunks_exact_mut(data.classes).zip(scales.into_iter().zip(rows()).zip(g))
    {
        out.iter_mut().zip(shares).for_each(|(out, &share)| *out = *out * scale - share * g);
    }
}
