//! Connectionist temporal classification: the negative log-likelihood of labels whose alignment
//! with the steps is unknown, and its gradient. The composite in TypeScript is the reference.

use crate::cpu::{GRAIN, elements, for_chunks_of, narrow_simd, try_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{all_in_order, in_order, scratch};
use std::borrow::Cow;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "ctc", outputs: 1, cpu: Cpu::Custom(ctc), wgsl: Wgsl::None },
    Kernel { name: "ctc_grad", outputs: 1, cpu: Cpu::Custom(ctc_grad), wgsl: Wgsl::None },
];

/// Stands for the logarithm of 0 in sums, as in the composite.
const NEVER: f64 = -1e30;

fn ctc(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, ctc_as(launch))
}

fn ctc_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(1)?, ctc_grad_as(launch))
}

/// Log-probabilities of shape [T, N, C], labels of shape [N, S], and the numbers of steps and
/// labels of each example, [2N]. Integer 0 is the blank class, integer 1 says whether a loss is
/// divided by the number of labels; number 0 is the loss if there is no alignment.
struct Examples<'a, T: Clone> {
    logs: Cow<'a, [T]>,
    labels: Cow<'a, [i32]>,
    lengths: Cow<'a, [i32]>,
    times: usize,
    count: usize,
    classes: usize,
    longest: usize,
    blank: usize,
    per_label: bool,
}

impl<'a, T: Element + Into<f64>> Examples<'a, T> {
    fn new(launch: &mut Launch<'a>, first: usize) -> Result<Self> {
        let blank = launch.count(0)?;
        let (logs, labels) = (launch.input(first)?, launch.input(first + 1)?);
        let (&[times, count, classes], &[examples, longest]) =
            (logs.layout.shape(), labels.layout.shape())
        else {
            return Err(Error::new("log-probabilities need three axes, and labels two"));
        };
        let lengths = all_in_order::<i32>(launch.input(first + 2)?, 2 * count as usize)?;
        let all = Self {
            logs: in_order(logs)?,
            labels: in_order(labels)?,
            lengths,
            times: times as usize,
            count: count as usize,
            classes: classes as usize,
            longest: longest as usize,
            blank,
            per_label: launch.ints()[1] != 0,
        };
        let inside = |length: i32, most: usize| usize::try_from(length).is_ok_and(|n| n <= most);
        if examples != count || blank >= all.classes {
            return Err(Error::new("the operands do not fit"));
        }
        for (n, (&steps, &length)) in all.lengths.iter().zip(&all.lengths[all.count..]).enumerate()
        {
            let wrong = steps < 1 || !inside(steps, all.times) || !inside(length, all.longest);
            if wrong || all.word(n).iter().any(|&label| !inside(label, all.classes - 1)) {
                return Err(Error::new("a length or a label is out of range"));
            }
        }
        Ok(all)
    }

    /// Positions of the longest path: its labels, and blanks around them.
    fn width(&self) -> usize {
        2 * self.longest + 1
    }

    fn steps(&self, n: usize) -> usize {
        self.lengths[n] as usize
    }

    fn word(&self, n: usize) -> &[i32] {
        &self.labels[n * self.longest..][..self.lengths[self.count + n] as usize]
    }

    /// The divisor of an example's loss.
    fn divisor(&self, n: usize) -> f64 {
        if self.per_label { self.word(n).len().max(1) as f64 } else { 1.0 }
    }

    /// The class of each position of an example's path.
    fn path(&self, n: usize) -> impl Iterator<Item = usize> {
        let labels = self.word(n).iter();
        let pairs = labels.flat_map(|&label| [label as usize, self.blank]);
        std::iter::once(self.blank).chain(pairs)
    }

    /// What is added to a path that skips a position: 0 to a label after a different one, else the
    /// logarithm of 0.
    fn skips(&self, n: usize, skips: &mut [f64]) {
        skips.fill(NEVER);
        for (k, pair) in self.word(n).windows(2).enumerate() {
            if pair[0] != pair[1] {
                skips[2 * k + 3] = 0.0;
            }
        }
    }

    /// Log-probabilities of the path's classes at a step.
    fn emissions(&self, t: usize, n: usize, out: &mut [f64]) {
        let row = &self.logs[(t * self.count + n) * self.classes..][..self.classes];
        for (out, class) in out.iter_mut().zip(self.path(n)) {
            let log: f64 = row[class].into();
            *out = if log < NEVER { NEVER } else { log };
        }
    }

    /// Examples of a task.
    fn grain(&self) -> usize {
        (GRAIN / (self.times * self.width()).max(1)).max(1)
    }
}

/// ln(eᵃ + eᵇ + eᶜ)
#[inline(always)]
fn joined(a: f64, b: f64, c: f64) -> f64 {
    let most = if a >= b || a.is_nan() { a } else { b };
    let most = if most >= c || most.is_nan() { most } else { c };
    most + ((a - most).exp_() + (b - most).exp_() + (c - most).exp_()).log_()
}

/// Working memory for an example. Positions start after two unreachable ones.
struct Desk {
    skips: Vec<f64>,
    emissions: Vec<f64>,
    now: Vec<f64>,
    next: Vec<f64>,
}

impl Desk {
    fn new(width: usize) -> Result<Self> {
        Ok(Self {
            skips: scratch(width + 2)?,
            emissions: scratch(width)?,
            now: scratch(width + 2)?,
            next: scratch(width + 2)?,
        })
    }

    /// The log-likelihood of an example; reports the logarithms of all paths to each position.
    fn forward<T: Element + Into<f64>>(
        &mut self,
        all: &Examples<'_, T>,
        n: usize,
        mut show: impl FnMut(usize, &[f64]),
    ) -> f64 {
        let width = 2 * all.word(n).len() + 1;
        let Self { skips, emissions, now, next } = self;
        let (skips, emissions) = (&mut skips[..width], &mut emissions[..width]);
        let (mut now, mut next) = (&mut now[..width + 2], &mut next[..width + 2]);
        all.skips(n, skips);
        now.fill(NEVER);
        next.fill(NEVER);
        all.emissions(0, n, emissions);
        let open = width.min(2);
        now[2..2 + open].copy_from_slice(&emissions[..open]);
        show(0, &now[2..]);
        for t in 1..all.steps(n) {
            all.emissions(t, n, emissions);
            narrow_simd(
                #[inline(always)]
                || {
                    let ways = now[2..].iter().zip(&now[1..]).zip(now.iter().zip(&*skips));
                    let places = next[2..].iter_mut().zip(&*emissions);
                    for ((next, &emission), ((&stay, &step), (&jump, &skip))) in places.zip(ways) {
                        *next = joined(stay, step, jump + skip) + emission;
                    }
                },
            );
            std::mem::swap(&mut now, &mut next);
            show(t, &now[2..]);
        }
        let before = if width > 1 { now[width] } else { NEVER };
        joined(now[width + 1], before, NEVER)
    }

    /// Turns the logarithms of all paths to each position into its share of the likelihood, times a
    /// factor.
    fn backward<T: Element + Into<f64>>(
        &mut self,
        all: &Examples<'_, T>,
        n: usize,
        (likelihood, factor): (f64, f64),
        ways: &mut [f64],
    ) {
        let width = 2 * all.word(n).len() + 1;
        let Self { skips, emissions, now, next } = self;
        let (skips, emissions) = (&mut skips[..width + 2], &mut emissions[..width]);
        let (mut now, mut next) = (&mut now[..width + 2], &mut next[..width + 2]);
        // The skip to the position after the next one depends on that position.
        all.skips(n, &mut skips[..width]);
        skips[width..].fill(NEVER);
        now.fill(NEVER);
        next.fill(NEVER);
        now[width.saturating_sub(2)..width].fill(0.0);
        for t in (0..all.steps(n)).rev() {
            all.emissions(t, n, emissions);
            let row = &mut ways[t * all.width()..][..width];
            narrow_simd(
                #[inline(always)]
                || {
                    for (way, &rest) in row.iter_mut().zip(&*now) {
                        *way = (*way + rest - likelihood).exp_() * factor;
                    }
                    for (rest, &emission) in now.iter_mut().zip(&*emissions) {
                        *rest += emission;
                    }
                    let ways = now.iter().zip(&now[1..]).zip(now[2..].iter().zip(&skips[2..]));
                    for (next, ((&stay, &step), (&jump, &skip))) in next.iter_mut().zip(ways) {
                        *next = joined(stay, step, jump + skip);
                    }
                },
            );
            std::mem::swap(&mut now, &mut next);
            now[width..].fill(NEVER);
        }
    }
}

/// Whether there is an alignment; NaN counts as one.
fn possible(likelihood: f64) -> bool {
    likelihood > NEVER / 2.0 || likelihood.is_nan()
}

/// `out[n] = −ln Σ over all alignments of Π e^logs[t][n][class]`, optionally divided by the number
/// of labels.
fn ctc_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let impossible = launch.params()[0];
    let all = Examples::<T>::new(launch, 0)?;
    if out.len() != all.count {
        return Err(Error::new("the output has another size"));
    }
    let grain = all.grain();
    try_parts(out.chunks_mut(grain).enumerate(), |(part, chunk)| {
        let mut desk = Desk::new(all.width())?;
        for (index, out) in chunk.iter_mut().enumerate() {
            let n = part * grain + index;
            let likelihood = desk.forward(&all, n, |_, _| ());
            let loss = if possible(likelihood) { -likelihood } else { impossible };
            *out = T::from_f64(loss / all.divisor(n));
        }
        Ok(())
    })
}

/// Operands: the gradient of the log-probabilities, that of the losses, log-probabilities, labels,
/// lengths.
fn ctc_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let g = launch.input(0)?;
    let all = Examples::<T>::new(launch, 1)?;
    if out.len() != all.logs.len() {
        return Err(Error::new("the output has another size"));
    }
    let g = all_in_order::<T>(g, all.count)?;
    let (grain, sheet) = (all.grain(), (all.times * all.width()).max(1));
    let mut ways = scratch::<f64>(all.count * sheet)?;
    try_parts(ways.chunks_mut(grain * sheet).enumerate(), |(part, chunk)| {
        let mut desk = Desk::new(all.width())?;
        for (index, ways) in chunk.chunks_exact_mut(sheet).enumerate() {
            let n = part * grain + index;
            let likelihood = desk.forward(&all, n, |t, row| {
                ways[t * all.width()..][..row.len()].copy_from_slice(row);
            });
            // Impossible paths have no gradient.
            let g: f64 = g[n].into();
            let factor = if possible(likelihood) { -g / all.divisor(n) } else { 0.0 };
            desk.backward(&all, n, (likelihood, factor), ways);
        }
        Ok(())
    })?;
    // Several positions may have the same class.
    let step = all.count * all.classes;
    let steps = (GRAIN / step.max(1)).max(1);
    for_chunks_of(out, steps * step.max(1), |start, chunk| {
        chunk.fill(T::default());
        for (index, rows) in chunk.chunks_exact_mut(step).enumerate() {
            let t = start / step + index;
            for (n, row) in rows.chunks_exact_mut(all.classes).enumerate() {
                if t < all.steps(n) {
                    let shares = &ways[n * sheet + t * all.width()..];
                    for (class, &share) in all.path(n).zip(shares) {
                        row[class] = row[class] + T::from_f64(share);
                    }
                }
            }
        }
    })
}
