//! Losses of rows of scores by a class, by several classes, or by the order of relevances, and
//! their gradients. The composites in TypeScript are the reference.

use crate::cpu::{elements, narrow_simd, try_chunks_of};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::kernels::elementwise::math::Real;
use crate::kernels::elementwise::unary::{relu, sigmoid, softplus};
use crate::kernels::normalize::rows::{GRAIN, sum_with};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order, scratch};
use std::borrow::Cow;

/// Rows: name, the function for a floating type, the first input of that type.
macro_rules! rows {
    ($($name:literal $run:ident;)*) => {
        pub(super) const ROWS: &[Kernel] = &[$(Kernel {
            name: $name,
            outputs: 1,
            cpu: Cpu::Custom(|launch| by_type!(float launch.input_type(0)?, $run(launch))),
            wgsl: Wgsl::None,
        }),*];
    };
}

rows! {
    "multi_margin" multi_margin;
    "multi_margin_grad" multi_margin_grad;
    "label_margin" label_margin;
    "label_margin_grad" label_margin_grad;
    "pair_logistic" pair_logistic;
    "pair_logistic_grad" pair_logistic_grad;
}

/// Scores of shape [N, C], and the targets of each row.
struct Scores<'a, T: Clone, L: Clone> {
    x: Cow<'a, [T]>,
    beside: Cow<'a, [L]>,
    rows: usize,
    classes: usize,
    /// The number of targets of a row.
    each: usize,
}

impl<'a, T: Element, L: Element> Scores<'a, T, L> {
    /// Reads the operands; `fits` checks the targets of a row for a number of classes.
    fn new(
        launch: &mut Launch<'a>,
        first: usize,
        each: Option<usize>,
        fits: impl Fn(&[L], usize) -> bool,
    ) -> Result<Self> {
        let view = launch.input(first)?;
        let [rows, classes] = *view.layout.shape() else {
            return Err(Error::new("scores need two axes"));
        };
        let (rows, classes) = (rows as usize, classes as usize);
        let each = each.unwrap_or(classes);
        if classes == 0 {
            return Err(Error::new("there are no classes"));
        }
        let beside = all_in_order::<L>(launch.input(first + 1)?, rows.saturating_mul(each))?;
        let x = in_order(view)?;
        if beside.chunks_exact(each).all(|row| fits(row, classes)) {
            Ok(Self { x, beside, rows, classes, each })
        } else {
            Err(Error::new("the operands do not fit"))
        }
    }

    /// Rows of a task.
    fn grain(&self) -> usize {
        (GRAIN / self.classes).max(1)
    }

    /// The rows from number `first` on, and their targets.
    fn from(&self, first: usize) -> impl Iterator<Item = (&[T], &[L])> {
        let beside = self.beside[first * self.each..].chunks_exact(self.each);
        self.x[first * self.classes..].chunks_exact(self.classes).zip(beside)
    }

    /// Operands: the loss of each row. The body also gets working memory for a row.
    fn values(
        &self,
        launch: &mut Launch<'_>,
        value: impl Fn(&mut [T], &[T], &[L]) -> T + Sync,
    ) -> Result {
        let out = elements::<T>(launch.contiguous_output(0)?)?;
        if out.len() != self.rows {
            return Err(Error::new("the output has another size"));
        }
        try_chunks_of(out, self.grain(), |start, chunk| {
            let mut room = scratch(self.classes)?;
            narrow_simd(
                #[inline(always)]
                || {
                    for (out, (x, beside)) in chunk.iter_mut().zip(self.from(start)) {
                        *out = value(&mut room, x, beside);
                    }
                },
            );
            Ok(())
        })
    }

    /// Operands: the gradient of the scores. The body fills its rows from the cotangents.
    fn gradients(
        &self,
        launch: &mut Launch<'_>,
        g: View<'_>,
        fill: impl Fn(&mut [T], &mut [T], (&[T], &[L]), T) + Sync,
    ) -> Result {
        let out = elements::<T>(launch.contiguous_output(0)?)?;
        if out.len() != self.x.len() {
            return Err(Error::new("the output has another size"));
        }
        let g = all_in_order::<T>(g, self.rows)?;
        try_chunks_of(out, self.grain() * self.classes, |start, chunk| {
            let mut room = scratch(self.classes)?;
            let first = start / self.classes;
            narrow_simd(
                #[inline(always)]
                || {
                    let rows = self.from(first).zip(&g[first..]);
                    for (out, (row, &g)) in chunk.chunks_exact_mut(self.classes).zip(rows) {
                        fill(out, &mut room, row, g);
                    }
                },
            );
            Ok(())
        })
    }
}

/// Whether a label names one of the classes.
fn names(label: i32, classes: usize) -> bool {
    usize::try_from(label).is_ok_and(|label| label < classes)
}

/// The labels of a list, up to the first −1.
fn listed(row: &[i32]) -> &[i32] {
    let end = row.iter().position(|&label| label == -1).unwrap_or(row.len());
    &row[..end]
}

/// Integer 0: the power; number 0: the margin.
fn multi_margin<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (squares, margin) = (launch.ints()[0] == 2, T::from_f64(launch.params()[0]));
    let scores = Scores::<T, i32>::new(launch, 0, Some(1), |row, classes| names(row[0], classes))?;
    let count = T::from_f64(scores.classes as f64);
    scores.values(
        launch,
        #[inline(always)]
        |_, x, labels| {
            let own = labels[0] as usize;
            let sum = |others: &[T]| {
                sum_with(
                    others,
                    others,
                    #[inline(always)]
                    |other, _| {
                        let over = relu(other - x[own] + margin);
                        if squares { over * over } else { over }
                    },
                )
            };
            (sum(&x[..own]) + sum(&x[own + 1..])) / count
        },
    )
}

fn multi_margin_grad<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (squares, margin) = (launch.ints()[0] == 2, T::from_f64(launch.params()[0]));
    let g = launch.input(0)?;
    let scores = Scores::<T, i32>::new(launch, 1, Some(1), |row, classes| names(row[0], classes))?;
    let count = T::from_f64(scores.classes as f64);
    let zero = T::default();
    scores.gradients(
        launch,
        g,
        #[inline(always)]
        |out, _, (x, labels), g| {
            let (own, each) = (labels[0] as usize, g / count);
            for (out, &other) in out.iter_mut().zip(x) {
                let over = other - x[own] + margin;
                let slope = if squares { (over + over) * each } else { each };
                *out = if over <= zero { zero } else { slope };
            }
            out[own] = zero;
            out[own] = -sum_with(out, out, |slope, _| slope);
        },
    )
}

/// The scores of the classes that are not labels; those of the labels are replaced by −∞.
#[inline(always)]
fn others<T: Real>(room: &mut [T], x: &[T], labels: &[i32]) {
    room.copy_from_slice(x);
    for &label in labels {
        room[label as usize] = -T::INFINITE;
    }
}

fn label_margin<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let fits = |row: &[i32], classes| listed(row).iter().all(|&label| names(label, classes));
    let scores = Scores::<T, i32>::new(launch, 0, None, fits)?;
    let (count, one) = (T::from_f64(scores.classes as f64), T::from_f64(1.0));
    scores.values(
        launch,
        #[inline(always)]
        |room, x, row| {
            let labels = listed(row);
            others(room, x, labels);
            let mut total = T::default();
            for &label in labels {
                let own = x[label as usize];
                total = total + sum_with(room, room, |other, _| relu(other - own + one));
            }
            total / count
        },
    )
}

fn label_margin_grad<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let fits = |row: &[i32], classes| listed(row).iter().all(|&label| names(label, classes));
    let g = launch.input(0)?;
    let scores = Scores::<T, i32>::new(launch, 1, None, fits)?;
    let (count, one) = (T::from_f64(scores.classes as f64), T::from_f64(1.0));
    let zero = T::default();
    scores.gradients(
        launch,
        g,
        #[inline(always)]
        |out, room, (x, row), g| {
            let labels = listed(row);
            others(room, x, labels);
            out.fill(zero);
            for &label in labels {
                let own = x[label as usize];
                let mut total = zero;
                for (out, &other) in out.iter_mut().zip(&*room) {
                    let step = if other - own + one <= zero { zero } else { one };
                    *out = *out + step;
                    total = total + step;
                }
                out[label as usize] = out[label as usize] - total;
            }
            out.iter_mut().for_each(|out| *out = *out * g / count);
        },
    )
}

/// `out[n] = Σ ln(1 + e^(x[j] − x[i]))` over the pairs in which i is more relevant.
fn pair_logistic<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let scores = Scores::<T, T>::new(launch, 0, None, |_, _| true)?;
    let zero = T::default();
    scores.values(
        launch,
        #[inline(always)]
        |_, x, relevance| {
            let mut total = zero;
            for (&own, &rank) in x.iter().zip(relevance) {
                let behind = sum_with(
                    x,
                    relevance,
                    #[inline(always)]
                    |other, lower| if rank > lower { softplus(other - own) } else { zero },
                );
                total = total + behind;
            }
            total
        },
    )
}

fn pair_logistic_grad<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let g = launch.input(0)?;
    let scores = Scores::<T, T>::new(launch, 1, None, |_, _| true)?;
    let zero = T::default();
    scores.gradients(
        launch,
        g,
        #[inline(always)]
        |out, room, (x, relevance), g| {
            out.fill(zero);
            for (i, (&own, &rank)) in x.iter().zip(relevance).enumerate() {
                let ways = room.iter_mut().zip(x.iter().zip(relevance));
                for (slope, (&other, &lower)) in ways {
                    *slope = if rank > lower { sigmoid(other - own) * g } else { zero };
                }
                for (out, &slope) in out.iter_mut().zip(&*room) {
                    *out = *out + slope;
                }
                out[i] = out[i] - sum_with(room, room, |slope, _| slope);
            }
        },
    )
}
