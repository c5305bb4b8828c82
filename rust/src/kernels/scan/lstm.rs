//! The steps of an LSTM over a sequence, and their gradients, each in one launch. Their
//! composite in TypeScript is the reference.

use crate::cpu::{elements, simd, threads, try_parts};
use crate::dtype::by_type;
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::unary::sigmoid;
use crate::kernels::linalg::gemm::{Matrix, Panel, multiply};
use crate::kernels::linalg::tiles::{self, Factor};
use crate::kernels::vectors::Lanes;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{Kept, in_order, room, scratch};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "lstm", outputs: 2, cpu: Cpu::Custom(lstm), wgsl: Wgsl::None },
    Kernel { name: "lstm_grad", outputs: 3, cpu: Cpu::Custom(lstm_grad), wgsl: Wgsl::None },
];

/// Fewer examples than this are not worth a thread.
const FEWEST: usize = 4;

/// The extents of a launch, and the direction.
struct Sizes {
    steps: usize,
    batch: usize,
    hidden: usize,
    reverse: bool,
    /// Examples of a block. Blocks are computed independently, each through all steps.
    block: usize,
}

/// A block's part of each step.
type Steps<'a, T> = Vec<&'a mut [T]>;

impl Sizes {
    /// Integers 0 to 3 are the extents and the direction.
    fn of(launch: &Launch<'_>) -> Result<Self> {
        let (steps, batch, hidden) = (launch.count(0)?, launch.count(1)?, launch.count(2)?);
        if steps == 0 || batch == 0 || hidden == 0 {
            return Err(Error::new("an lstm needs steps, examples and hidden states"));
        }
        let reverse = launch.ints()[3] != 0;
        // A block for each thread.
        let block = batch.div_ceil(threads()).max(FEWEST);
        Ok(Self { steps, batch, hidden, reverse, block })
    }

    /// The step that comes as the i-th.
    fn at(&self, i: usize) -> usize {
        if self.reverse { self.steps - 1 - i } else { i }
    }

    /// Rows of all steps.
    fn rows(&self) -> usize {
        self.steps * self.batch
    }

    /// The first example of a block, and how many it has.
    fn examples(&self, block: usize) -> (usize, usize) {
        let first = block * self.block;
        (first, self.block.min(self.batch - first))
    }

    /// Rows for all steps and examples, of `times` the hidden size: for each block its part of each
    /// step. None of no rows.
    fn by_block<'a, T>(&self, rows: &'a mut [T], times: usize) -> Result<Vec<Steps<'a, T>>> {
        let (blocks, length) = (self.batch.div_ceil(self.block), times * self.hidden);
        let mut parts: Vec<Steps<'a, T>> = room(blocks)?;
        for _ in 0..blocks {
            parts.push(room(self.steps)?);
        }
        for step in rows.chunks_mut(self.batch * length) {
            for (part, rows) in parts.iter_mut().zip(step.chunks_mut(self.block * length)) {
                part.push(rows);
            }
        }
        Ok(parts)
    }

    /// Refuses operands whose lengths are not the given multiples of the hidden size.
    fn check(&self, lengths: &[(usize, usize)]) -> Result {
        if lengths.iter().all(|&(length, times)| length == times * self.hidden) {
            return Ok(());
        }
        Err(Error::new("the operands of an lstm do not fit"))
    }
}

fn lstm(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, lstm_as(launch))
}

/// Operands: for each step and example the gates i, f, g, o and the cell c, then the hidden state;
/// the inputs' contribution to the gates, the states before the first step, the weights of the
/// hidden state.
fn lstm_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let sizes = Sizes::of(launch)?;
    let trace = elements::<T>(launch.contiguous_output(0)?)?;
    let hidden = elements::<T>(launch.contiguous_output(1)?)?;
    let (n, batch) = (sizes.hidden, sizes.batch);
    let (inputs, states, weight) = (launch.input(0)?, launch.input(1)?, launch.input(2)?);
    // Lengths are compared before anything is copied, as a view may repeat its elements.
    sizes.check(&[
        (trace.len(), 5 * sizes.rows()),
        (hidden.len(), sizes.rows()),
        (inputs.layout.len(), 4 * sizes.rows()),
        (states.layout.len(), 2 * batch),
        (weight.layout.len(), 4 * n),
    ])?;
    let inputs = in_order::<T>(inputs)?;
    let (states, weight) = (in_order::<T>(states)?, in_order::<T>(weight)?);
    let weight = Factor::new(&weight, Matrix::dense(0, 4 * n, n).transposed())?;
    let (traces, hiddens) = (sizes.by_block(trace, 5)?, sizes.by_block(hidden, 1)?);
    let blocks = traces.into_iter().zip(hiddens).enumerate();
    try_parts(blocks, |(number, (mut traces, mut hiddens))| {
        let (first, count) = sizes.examples(number);
        let size = count * n;
        let mut sums = scratch::<T>(4 * size)?;
        let (mut h, mut c) = (scratch::<T>(size)?, scratch::<T>(size)?);
        h.copy_from_slice(&states[first * n..][..size]);
        c.copy_from_slice(&states[(batch + first) * n..][..size]);
        for step in (0..sizes.steps).map(|i| sizes.at(i)) {
            let left = (&h[..], Matrix::dense(0, count, n));
            tiles::multiply(&mut Panel::over(&mut sums, count, 4 * n), left, &weight, None)?;
            let inputs = &inputs[4 * (step * batch + first) * n..][..4 * size];
            simd(
                #[inline(always)]
                || {
                    let sums = sums.chunks(4 * n).zip(inputs.chunks(4 * n));
                    let states = h.chunks_mut(n).zip(c.chunks_mut(n));
                    let traces = traces[step].chunks_mut(5 * n);
                    for ((trace, (sum, input)), (h, c)) in traces.zip(sums).zip(states) {
                        forth(trace, sum, input, h, c);
                    }
                },
            );
            hiddens[step].copy_from_slice(&h);
        }
        Ok(())
    })
}

/// A step of one example: gates, cell and hidden state from sums and inputs. The new cell replaces the
/// one before the step.
#[inline(always)]
fn forth<T: Lanes>(trace: &mut [T], sum: &[T], input: &[T], h: &mut [T], c: &mut [T]) {
    let n = h.len();
    let (gates, cell) = trace.split_at_mut(4 * n);
    for (part, gate) in gates.chunks_mut(n).enumerate() {
        let (sum, input) = (&sum[part * n..][..n], &input[part * n..][..n]);
        let pairs = sum.iter().zip(input);
        if part == 2 {
            gate.iter_mut().zip(pairs).for_each(|(gate, (&a, &b))| *gate = (a + b).tanh_());
        } else {
            gate.iter_mut().zip(pairs).for_each(|(gate, (&a, &b))| *gate = sigmoid(a + b));
        }
    }
    let (i, f, g, o) = quarters(gates, n);
    let (cell, c) = (&mut cell[..n], &mut c[..n]);
    for k in 0..n {
        c[k] = f[k] * c[k] + i[k] * g[k];
        cell[k] = c[k];
        h[k] = o[k] * c[k].tanh_();
    }
}

/// The four gates, all of one length.
#[inline(always)]
fn quarters<T>(gates: &[T], n: usize) -> (&[T], &[T], &[T], &[T]) {
    (&gates[..n], &gates[n..2 * n], &gates[2 * n..3 * n], &gates[3 * n..4 * n])
}

fn lstm_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, lstm_grad_as(launch))
}

/// Operands: the gradients of the gates' inputs, of the states and of the weights, each empty if it
/// is not needed; the cotangents of gates with cells and of hidden states, which count as zeros if
/// empty, gates with cells, the states before the first step, the weights.
fn lstm_grad_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let sizes = Sizes::of(launch)?;
    let to_inputs = elements::<T>(launch.contiguous_output(0)?)?;
    let to_states = elements::<T>(launch.contiguous_output(1)?)?;
    let to_weight = elements::<T>(launch.contiguous_output(2)?)?;
    let (trace_g, hidden_g) = (launch.input(0)?, launch.input(1)?);
    let (trace, states, weight) = (launch.input(2)?, launch.input(3)?, launch.input(4)?);
    let (n, batch, rows) = (sizes.hidden, sizes.batch, sizes.rows());
    let unless_empty = |length: usize, times: usize| (length, if length == 0 { 0 } else { times });
    sizes.check(&[
        unless_empty(trace_g.layout.len(), 5 * rows),
        unless_empty(hidden_g.layout.len(), rows),
        (trace.layout.len(), 5 * rows),
        (states.layout.len(), 2 * batch),
        (weight.layout.len(), 4 * n),
        unless_empty(to_inputs.len(), 4 * rows),
        unless_empty(to_states.len(), 2 * batch),
        unless_empty(to_weight.len(), 4 * n),
    ])?;
    let (trace_g, hidden_g) = (in_order::<T>(trace_g)?, in_order::<T>(hidden_g)?);
    let (trace, states) = (in_order::<T>(trace)?, in_order::<T>(states)?);
    let weight = Factor::new(&in_order::<T>(weight)?, Matrix::dense(0, 4 * n, n))?;
    let mut own = scratch::<T>(if to_inputs.is_empty() { 4 * rows * n } else { 0 })?;
    let to_inputs = if to_inputs.is_empty() { &mut own[..] } else { to_inputs };
    let size = batch * n;
    // The hidden state before each step.
    let mut before = Kept::<T>::new(if to_weight.is_empty() { 0 } else { rows * n })?;
    let nothing = scratch::<T>(5 * n)?;
    let (mut all_dh, mut all_dc) = (scratch::<T>(size)?, scratch::<T>(size)?);
    let lists = sizes.by_block(to_inputs, 4)?.into_iter().zip(sizes.by_block(&mut before, 1)?);
    let block = sizes.block * n;
    let ends = all_dh.chunks_mut(block).zip(all_dc.chunks_mut(block));
    try_parts(lists.zip(ends).enumerate(), |(number, ((mut targets, mut befores), (dh, dc)))| {
        let (first, count) = sizes.examples(number);
        let mut spare = scratch::<T>(n)?;
        for i in (0..sizes.steps).rev() {
            let step = sizes.at(i);
            let row_at =
                |step: usize, row: usize| &trace[5 * (step * batch + first + row) * n..][..5 * n];
            let target = &mut *targets[step];
            let next = if i + 1 < sizes.steps { befores.get_mut(sizes.at(i + 1)) } else { None };
            let mut next = next.map_or(&mut [][..], |next| next).chunks_mut(n);
            simd(
                #[inline(always)]
                || {
                    let rows = target.chunks_mut(4 * n).zip(dc.chunks_mut(n)).enumerate();
                    for (row, (target, dc)) in rows {
                        let at = step * batch + first + row;
                        let one = Step {
                            trace: row_at(step, row),
                            trace_g: row_of(&trace_g, &nothing, at, 5 * n),
                            hidden_g: row_of(&hidden_g, &nothing, at, n),
                            dh: &dh[row * n..][..n],
                            before: match i {
                                0 => &states[size + (first + row) * n..][..n],
                                _ => &row_at(sizes.at(i - 1), row)[4 * n..],
                            },
                        };
                        let (to_i, rest) = target.split_at_mut(n);
                        let (to_f, rest) = rest.split_at_mut(n);
                        let (to_g, to_o) = rest.split_at_mut(n);
                        let hidden = next.next().unwrap_or(&mut spare);
                        one.back(to_i, to_f, to_g, to_o, dc, hidden);
                    }
                },
            );
            let left = (&*target, Matrix::dense(0, count, 4 * n));
            tiles::multiply(&mut Panel::over(dh, count, n), left, &weight, None)?;
        }
        Ok(())
    })?;
    if !to_states.is_empty() {
        to_states[..size].copy_from_slice(&all_dh);
        to_states[size..].copy_from_slice(&all_dc);
    }
    if to_weight.is_empty() {
        return Ok(());
    }
    if !before.is_empty() {
        before[sizes.at(0) * size..][..size].copy_from_slice(&states[..size]);
    }
    let left = Matrix::dense(0, rows, 4 * n).transposed();
    multiply(to_weight, (to_inputs, left), (&before, Matrix::dense(0, rows, n)))
}

/// A row of cotangents, or of zeros where there are none.
#[inline(always)]
fn row_of<'a, T>(given: &'a [T], zeros: &'a [T], row: usize, length: usize) -> &'a [T] {
    if given.is_empty() { &zeros[..length] } else { &given[row * length..][..length] }
}

/// What the backward pass of a step of one example needs.
struct Step<'a, T> {
    /// The gates and the cell.
    trace: &'a [T],
    /// Their cotangents.
    trace_g: &'a [T],
    /// The cotangent of the hidden state.
    hidden_g: &'a [T],
    /// What the next step adds to it.
    dh: &'a [T],
    /// The cell before.
    before: &'a [T],
}

impl<T: Lanes> Step<'_, T> {
    /// Computes the gradients of the gates' inputs and the hidden state after the step, and replaces
    /// the cotangent of the cell after the step by that of the cell before it. As arguments of their
    /// own, the targets are known not to overlap.
    #[inline(always)]
    fn back(
        &self,
        to_i: &mut [T],
        to_f: &mut [T],
        to_g: &mut [T],
        to_o: &mut [T],
        dc: &mut [T],
        hidden: &mut [T],
    ) {
        let n = dc.len();
        let one = T::from_f64(1.0);
        let [i, f, g, o, cell] = fifths(self.trace, n);
        let [i_g, f_g, g_g, o_g, cell_g] = fifths(self.trace_g, n);
        let (hidden_g, dh, before) = (&self.hidden_g[..n], &self.dh[..n], &self.before[..n]);
        let (to_i, to_f, to_g, to_o) =
            (&mut to_i[..n], &mut to_f[..n], &mut to_g[..n], &mut to_o[..n]);
        let hidden = &mut hidden[..n];
        for k in 0..n {
            let squashed = cell[k].tanh_();
            let h = hidden_g[k] + dh[k];
            let c = dc[k] + cell_g[k] + h * o[k] * (one - squashed * squashed);
            to_i[k] = (c * g[k] + i_g[k]) * (i[k] * (one - i[k]));
            to_f[k] = (c * before[k] + f_g[k]) * (f[k] * (one - f[k]));
            to_g[k] = (c * i[k] + g_g[k]) * (one - g[k] * g[k]);
            to_o[k] = (h * squashed + o_g[k]) * (o[k] * (one - o[k]));
            dc[k] = c * f[k];
            hidden[k] = o[k] * squashed;
        }
    }
}

/// The gates and the cell, all of one length.
#[inline(always)]
fn fifths<T>(x: &[T], n: usize) -> [&[T]; 5] {
    [&x[..n], &x[n..][..n], &x[2 * n..][..n], &x[3 * n..][..n], &x[4 * n..][..n]]
}
