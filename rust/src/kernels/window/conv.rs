//! Convolutions and their gradients with respect to inputs and weights. Each of the three kernels
//! is linear in both of its inputs, and its gradients are the other two.
//!
//! With strides of 1, the gradient of the input is a convolution with the mirrored weights.
//! Otherwise a block of outputs is multiplied by the weights, which gives a row for each tap of
//! each channel, and each element is added to where the tap has read.

use super::geometry::{SPACE, Window};
use super::polyphase::Polyphase;
use crate::cpu::{elements, try_parts};
use crate::dtype::by_type;
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::gpu::programs;
use crate::kernels::linalg::gemm::{Matrix, Panel};
use crate::kernels::vectors::Lanes;
use crate::layout::Layout;
use crate::registry::{Cpu, Kernel};
use crate::scratch::{in_order, scratch};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "conv", outputs: 1, cpu: Cpu::Custom(conv), wgsl: programs::CONV },
    Kernel {
        name: "conv_input",
        outputs: 1,
        cpu: Cpu::Custom(conv_input),
        wgsl: programs::CONV_INPUT,
    },
    Kernel {
        name: "conv_weight",
        outputs: 1,
        cpu: Cpu::Custom(conv_weight),
        wgsl: programs::CONV_WEIGHT,
    },
];

/// Elements of the matrix of taps that are made at once, so that they stay in the second-level
/// cache.
const BLOCK: usize = 1 << 17;
/// The smallest and largest number of outputs of a block, and what it is a multiple of.
const OUTPUTS: (usize, usize) = (64, 1024);
const STEP: usize = 16;
/// This many pieces are enough for any number of threads.
pub(super) const ENOUGH: usize = 8;

/// Extents of a convolution: batch, groups, and those of one group.
#[derive(Clone, Copy)]
pub(super) struct Extents {
    pub(super) batch: usize,
    pub(super) groups: usize,
    pub(super) channels: usize,
    pub(super) filters: usize,
    pub(super) window: Window,
}

impl Extents {
    /// Integer 6: groups. The inputs have shape [N, C, space], the weights [O, C / groups, space],
    /// the outputs [N, O, space].
    fn new(launch: &Launch<'_>, [x, w, y]: [&Layout; 3]) -> Result<Self> {
        if [x, w, y].iter().any(|layout| layout.rank() != 2 + SPACE) {
            return Err(Error::new("a convolution has operands of rank 5"));
        }
        let space = |layout: &Layout| std::array::from_fn(|axis| layout.extent(2 + axis));
        let window = Window::new(launch, [space(x), space(y), space(w)])?;
        let groups = launch.count(6)?.max(1);
        let (batch, channels, filters) = (x.extent(0), w.extent(1), w.extent(0) / groups);
        let fits = y.extent(0) == batch
            && x.extent(1) == channels * groups
            && y.extent(1) == filters * groups
            && w.extent(0) == filters * groups;
        if fits {
            Ok(Self { batch, groups, channels, filters, window })
        } else {
            Err(Error::new("the operands of a convolution do not fit"))
        }
    }

    /// Whether there is nothing to multiply.
    fn is_empty(&self) -> bool {
        let Self { batch, groups, channels, filters, window } = self;
        [*batch, *groups, *channels, *filters, window.inputs(), window.outputs()].contains(&0)
    }

    /// Outputs of a block, for a matrix with a number of rows.
    fn block(&self, rows: usize) -> usize {
        let room = (BLOCK / rows.max(1)).clamp(OUTPUTS.0, OUTPUTS.1);
        let outputs = self.window.outputs();
        // Blocks of about one size, none of them small.
        outputs.div_ceil(outputs.div_ceil(room).max(1)).next_multiple_of(STEP)
    }

    /// Channels of a piece of work, so that there are enough pieces.
    fn channels_each(&self, sheets: usize) -> usize {
        self.channels.div_ceil(ENOUGH.div_ceil(sheets.max(1))).max(1)
    }
}

/// The weights of a convolution, and the distances of neighbours.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a, T> {
    data: &'a [T],
    group: usize,
    filter: usize,
    channel: usize,
    taps: usize,
    mirrored: bool,
}

impl<T: Copy> Weights<'_, T> {
    /// The weights of `mirrored` windows: filters and channels exchanged, and taps reversed.
    fn mirrored(self) -> Self {
        Self { filter: self.channel, channel: self.filter, mirrored: true, ..self }
    }

    /// Copies the weights of the taps of a channel for a filter.
    #[inline(always)]
    pub(super) fn copy<'a>(
        &self,
        to: impl Iterator<Item = &'a mut T>,
        group: usize,
        filter: usize,
        channel: usize,
    ) where
        T: 'a,
    {
        let start = group * self.group + filter * self.filter + channel * self.channel;
        let from = &self.data[start..][..self.taps];
        if self.mirrored {
            to.zip(from.iter().rev()).for_each(|(to, &from)| *to = from);
        } else {
            to.zip(from).for_each(|(to, &from)| *to = from);
        }
    }
}

/// Adds the contributions to the outputs `from..to`, a row for each tap, to where the taps of some
/// channels have read.
fn add_back<T: Lanes>(x: &mut [T], rows: &[T], window: &Window, (from, to): (usize, usize)) {
    let channels = x.chunks_exact_mut(window.inputs());
    let blocks = rows.chunks_exact((to - from) * window.taps());
    for (channel, block) in channels.zip(blocks) {
        for (tap, row) in block.chunks_exact(to - from).enumerate() {
            window.runs(window.tap(tap), (from, to), |place, input, count| {
                let run = &row[place..place + count];
                let written = channel[input..].iter_mut().step_by(window.step());
                written.zip(run).for_each(|(to, &from)| *to = *to + from);
            });
        }
    }
}

fn conv(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, conv_as(launch))
}

fn conv_input(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, conv_input_as(launch))
}

fn conv_weight(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, conv_weight_as(launch))
}

/// `y = x * w`, plus a bias for each filter if there is one.
fn conv_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let (x, w) = (launch.input(0)?, launch.input(1)?);
    let bias = launch.input(2).ok();
    let out = launch.contiguous_output(0)?;
    let mut extents = Extents::new(launch, [x.layout, w.layout, out.layout])?;
    if bias.as_ref().is_some_and(|bias| bias.layout.len() != extents.filters * extents.groups) {
        return Err(Error::new("the bias has another length"));
    }
    let bias = bias.map(in_order::<T>).transpose()?;
    let out = elements::<T>(out)?;
    if extents.is_empty() {
        for (number, channel) in out.chunks_mut(extents.window.outputs().max(1)).enumerate() {
            let bias = bias.as_ref().map_or(T::default(), |bias| bias[number % bias.len()]);
            channel.fill(bias);
        }
        return Ok(());
    }
    let read = extents.window.crop(x.layout);
    let x = in_order(View { layout: &read, ..x })?;
    let w = in_order(w)?;
    Polyphase::new(&extents, &x)?.convolve(out, &extents.weights(&w), bias.as_deref())
}

/// The gradient of x; with strides of 1 a convolution with the mirrored weights.
fn conv_input_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let (y, w) = (launch.input(0)?, launch.input(1)?);
    let out = launch.contiguous_output(0)?;
    let extents = Extents::new(launch, [out.layout, w.layout, y.layout])?;
    let out = elements::<T>(out)?;
    if extents.is_empty() {
        out.fill(T::default());
        return Ok(());
    }
    let (y, w) = (in_order::<T>(y)?, in_order::<T>(w)?);
    match extents.window.mirrored() {
        Some(window) => {
            let Extents { channels, filters, .. } = extents;
            let back = Extents { channels: filters, filters: channels, window, ..extents };
            Polyphase::new(&back, &y)?.convolve(out, &extents.weights(&w).mirrored(), None)
        }
        None => extents.scatter(out, &y, &w),
    }
}

/// The gradient of w.
fn conv_weight_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let (x, y) = (launch.input(0)?, launch.input(1)?);
    let out = launch.contiguous_output(0)?;
    let mut extents = Extents::new(launch, [x.layout, out.layout, y.layout])?;
    let out = elements::<T>(out)?;
    if extents.is_empty() {
        out.fill(T::default());
        return Ok(());
    }
    let read = extents.window.crop(x.layout);
    let x = in_order(View { layout: &read, ..x })?;
    Polyphase::new(&extents, &x)?.correlate(out, &in_order(y)?)
}

impl Extents {
    /// Rows of the matrix of taps.
    fn rows(&self) -> usize {
        self.channels * self.window.taps()
    }

    /// The outputs `from..from + width` of a sheet, which is one group of one example.
    fn outputs_of(&self, sheet: usize, from: usize, width: usize) -> Matrix {
        let outputs = self.window.outputs();
        let start = sheet * self.filters * outputs + from;
        Matrix { rows: self.filters, columns: width, ..Matrix::dense(start, 1, outputs) }
    }

    /// The weights as they lie.
    fn weights<'a, T>(&self, data: &'a [T]) -> Weights<'a, T> {
        let taps = self.window.taps();
        let (filter, channel) = (self.channels * taps, taps);
        Weights { data, group: self.filters * filter, filter, channel, taps, mirrored: false }
    }

    /// Multiplies outputs by the weights, and adds the result of each tap to where it has read.
    fn scatter<T: Lanes>(&self, out: &mut [T], y: &[T], w: &[T]) -> Result {
        let Self { groups, filters, window, .. } = *self;
        let (inputs, taps, rows) = (window.inputs(), window.taps(), self.rows());
        let each = self.channels_each(self.batch * groups);
        let parts = out.chunks_mut((self.channels * inputs).max(1)).enumerate();
        let parts = parts.flat_map(|(sheet, channels)| {
            let blocks = channels.chunks_mut((each * inputs).max(1)).enumerate();
            blocks.map(move |(index, part)| (sheet, index * each, part))
        });
        try_parts(parts, |(sheet, first, part)| {
            part.fill(T::default());
            let height = part.len() / inputs * taps;
            let weights = Matrix {
                start: sheet % groups * filters * rows + first * taps,
                ..Matrix::dense(0, filters, rows)
            };
            let weights = Matrix { columns: height, ..weights }.transposed();
            let block = self.block(height);
            let mut product = scratch(height * block)?;
            for from in (0..window.outputs()).step_by(block) {
                let width = block.min(window.outputs() - from);
                let product = &mut product[..height * width];
                let y = (y, self.outputs_of(sheet, from, width));
                Panel::over(product, height, width).multiply((w, weights), y, false)?;
                add_back(part, product, &window, (from, from + width));
            }
            Ok(())
        })
    }
}
