//! The offsets that taps read, and convolutions as matrix products. With a stride of 1, and padding
//! included in the input, a tap reads consecutive elements for consecutive outputs. With other
//! strides it does so after the input has been split into phases, its polyphase components, each of
//! which holds the inputs at distances of the stride. So a channel, read from the tap's offset on,
//! is a row of a matrix, and nothing else is copied: the product of each tap's weights with that
//! matrix is added to the others. At the end of each line there are superfluous columns, which are
//! dropped.

use super::conv::{ENOUGH, Extents, Weights};
use super::direct::{self, Direct};
use super::geometry::SPACE;
use crate::cpu::{for_parts, try_parts};
use crate::error::Result;
use crate::kernels::linalg::gemm::{Matrix, Panel, for_panels};
use crate::kernels::vectors::Lanes;
use crate::scratch::scratch;
use crate::transpose::transpose;
use std::borrow::Cow;

/// The approximate smallest and largest number of outputs of a block.
const BLOCK: (usize, usize) = (128, 1024);
/// The number of channels from which each of few taps is a separate product.
const FEW: usize = 16;
/// The number of taps from which no products are used.
const MANY: usize = 4;
/// Products are faster over columns in multiples of this.
const STEP: usize = 32;

/// The polyphase components of a padded input, and how the window reads them.
pub(super) struct Polyphase<'a, T: Clone> {
    /// For each channel the grids of all phases.
    pub(super) data: Cow<'a, [T]>,
    /// Extents of a grid.
    pub(super) grid: [usize; SPACE],
    pub(super) extents: Extents,
}

/// Consecutive outputs: the number of the first, and their number including superfluous ones, for
/// whole lines or a part of one.
struct Segment {
    /// Position in the grid of a phase.
    start: usize,
    length: usize,
}

impl<'a, T: Lanes> Polyphase<'a, T> {
    pub(super) fn new(extents: &Extents, x: &'a [T]) -> Result<Self> {
        let window = &extents.window;
        let polyphase = Self { data: Cow::Borrowed(x), grid: window.grid(), extents: *extents };
        if window.reads_as_it_lies() && polyphase.grid == window.input {
            return Ok(polyphase);
        }
        // Large paddings and dilations may need more than there is.
        let mut factors = polyphase.grid.into_iter().chain([window.phases()]);
        let size = factors.try_fold(1, usize::checked_mul);
        let channels = x.len() / window.inputs().max(1);
        let length = size.and_then(|size| channels.checked_mul(size)?.checked_add(STEP));
        let mut data = scratch(length.unwrap_or(usize::MAX))?;
        let (inputs, size, step) = (window.inputs().max(1), polyphase.size().max(1), window.step());
        for_parts(data.chunks_mut(size).zip(x.chunks(inputs)), |(to, from)| {
            let grids = to.chunks_mut(size / window.phases());
            for (phase, to) in grids.enumerate() {
                window.grid_runs(phase, |place, input, count| {
                    let to = &mut to[place..place + count];
                    if step == 1 {
                        to.copy_from_slice(&from[input..input + count]);
                    } else {
                        let from = from[input..].iter().step_by(step);
                        to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
                    }
                });
            }
        })?;
        Ok(Self { data: Cow::Owned(data), ..polyphase })
    }

    /// Elements of a channel in all phases.
    pub(super) fn size(&self) -> usize {
        self.grid.iter().product::<usize>() * self.extents.window.phases()
    }

    /// Consecutive lines of a grid, and their extents there and in the output.
    pub(super) fn line(&self) -> (usize, usize, usize) {
        let [_, height, width] = self.extents.window.output;
        if self.is_line() { (1, width, width) } else { (height, self.grid[2], width) }
    }

    /// Whether the output is a single line, which can be split anywhere.
    fn is_line(&self) -> bool {
        let [depth, height, _] = self.extents.window.output;
        depth * height == 1
    }

    /// The outputs `from..to`, whole lines or a part of the only one, plane by plane.
    fn segments(&self, from: usize, to: usize) -> impl Iterator<Item = Segment> {
        let (height, pitch, width) = self.line();
        let plane = self.grid[1] * self.grid[2];
        let part = (from % width, (to - 1) % width + 1);
        let (first, last) = (from / width, to.div_ceil(width));
        (first / height..last.div_ceil(height)).map(move |z| {
            let top = first.max(z * height) - z * height;
            let bottom = last.min((z + 1) * height) - z * height;
            Segment {
                start: z * plane + top * pitch + part.0,
                length: (bottom - top - 1) * pitch + part.1 - part.0,
            }
        })
    }

    /// A segment extended by some columns, if there are elements to read for them.
    fn rounded(&self, sheet: usize, segment: &Segment) -> Segment {
        let length = segment.length.next_multiple_of(STEP);
        // No tap reads beyond its phase, except for these columns.
        let end = (sheet + 1) * self.extents.channels * self.size() + length - segment.length;
        Segment { length: if end <= self.data.len() { length } else { segment.length }, ..*segment }
    }

    /// What some channels of a sheet contribute from a tap's offset on, for a segment.
    fn read(&self, sheet: usize, segment: &Segment, tap: usize) -> Matrix {
        let (size, channels) = (self.size(), self.extents.channels);
        let offset = self.extents.window.offset(tap);
        Matrix {
            start: sheet * channels * size + segment.start + offset,
            rows: channels,
            columns: segment.length,
            row_stride: size,
            column_stride: 1,
        }
    }

    /// `y = x * w`, plus a bias for each filter if there is one.
    pub(super) fn convolve(&self, out: &mut [T], w: &Weights<'_, T>, bias: Option<&[T]>) -> Result {
        let Extents { groups, channels, filters, .. } = self.extents;
        let window = &self.extents.window;
        let (taps, outputs) = (window.taps(), window.outputs());
        let (_, pitch, width) = self.line();
        let by_taps = channels < FEW || taps >= MANY;
        let direct = by_taps.then(|| Direct::new(self, w)).transpose()?;
        // A separate matrix for each tap: [group][tap][filter][channel].
        let mut each = scratch(if by_taps { 0 } else { groups * filters * channels * taps })?;
        for (group, to) in each.chunks_mut(taps * filters * channels).enumerate() {
            for (filter, channel) in (0..filters).flat_map(|f| (0..channels).map(move |c| (f, c))) {
                let to = to[filter * channels + channel..].iter_mut().step_by(filters * channels);
                w.copy(to, group, filter, channel);
            }
        }
        // Blocks of whole lines, or of a part of the only one; several even for a single example.
        let sheets = out.len() / (filters * outputs).max(1);
        let room = (sheets * outputs / ENOUGH).clamp(BLOCK.0, BLOCK.1);
        let block = if self.is_line() { room } else { (room / width).max(1) * width };
        for_panels(out, (filters, outputs), block, |sheet, from, mut panel| {
            let group = sheet % groups;
            let bias = bias.map(|bias| &bias[group * filters..][..filters]);
            let to = from + panel.width();
            let multiply = |to: &mut Panel<'_, T>, segment: &Segment| {
                if let Some(direct) = &direct {
                    direct.convolve(to, sheet, segment.start);
                    return Ok(());
                }
                for tap in 0..taps {
                    let start = (group * taps + tap) * filters * channels;
                    let w = (&each[..], Matrix::dense(start, filters, channels));
                    let read = (&self.data[..], self.read(sheet, segment, tap));
                    to.multiply(w, read, tap > 0)?;
                }
                Ok(())
            };
            let mut place = 0;
            for segment in self.segments(from, to) {
                // The whole panel, without superfluous columns: a segment may have the same length
                // without being that.
                let whole = pitch == width || segment.length == width;
                if whole && segment.length == panel.width() {
                    multiply(&mut panel, &segment)?;
                    for (row, &bias) in bias.unwrap_or_default().iter().enumerate() {
                        panel.row(row).iter_mut().for_each(|y| *y = *y + bias);
                    }
                    return Ok(());
                }
                let lines = (segment.length - width) / pitch + 1;
                let segment = if by_taps { segment } else { self.rounded(sheet, &segment) };
                let mut sums = scratch(filters * segment.length)?;
                multiply(&mut Panel::over(&mut sums, filters, segment.length), &segment)?;
                for (row, sums) in sums.chunks(segment.length).enumerate() {
                    let to = &mut panel.row(row)[place..place + lines * width];
                    for (to, from) in to.chunks_mut(width).zip(sums.chunks(pitch)) {
                        match bias {
                            Some(bias) => {
                                to.iter_mut().zip(from).for_each(|(y, &sum)| *y = sum + bias[row]);
                            }
                            None => to.copy_from_slice(&from[..width]),
                        }
                    }
                }
                place += lines * width;
            }
            Ok(())
        })
    }

    /// The outputs as the other factor of the gradient of the weights: for each sheet and plane a
    /// matrix with a row for each position and a column for each filter, with zeros at superfluous
    /// positions.
    fn turned(&self, y: &[T]) -> Result<Vec<T>> {
        let filters = self.extents.filters;
        let (height, pitch, width) = self.line();
        let length = (height - 1) * pitch + width;
        let planes = y.len() / (filters * height * width);
        let mut turned = scratch(planes * length * filters)?;
        let deep = planes / (self.extents.batch * self.extents.groups);
        for_parts(turned.chunks_mut(length * filters).enumerate(), |(number, to)| {
            let (sheet, z) = (number / deep, number % deep);
            let first = (sheet * filters * deep + z) * height * width;
            for line in 0..height {
                let to = (&mut to[line * pitch * filters..], filters);
                let from = (&y[first + line * width..], deep * height * width);
                transpose(to, from, width, filters);
            }
        })?;
        Ok(turned)
    }

    /// The gradient of w.
    pub(super) fn correlate(&self, out: &mut [T], y: &[T]) -> Result {
        let Extents { batch, groups, channels, filters, .. } = self.extents;
        if channels < FEW {
            return direct::correlate(self, out, y);
        }
        let taps = self.extents.window.taps();
        let (rows, planes) = (channels * taps, self.extents.window.output[0]);
        let turned = self.turned(y)?;
        let mut sums = scratch(out.len())?;
        let parts = sums.chunks_mut((channels * filters).max(1)).enumerate();
        try_parts(parts, |(number, sums)| {
            let (group, tap) = (number / taps, number % taps);
            let mut sums = Panel::over(sums, channels, filters);
            for example in 0..batch {
                let sheet = example * groups + group;
                for (z, segment) in self.segments(0, self.extents.window.outputs()).enumerate() {
                    let start = (sheet * planes + z) * segment.length * filters;
                    let y = (&turned[..], Matrix::dense(start, segment.length, filters));
                    let read = (&self.data[..], self.read(sheet, &segment, tap));
                    sums.multiply(read, y, example > 0 || z > 0)?;
                }
            }
            Ok(())
        })?;
        for (number, weights) in out.chunks_mut(rows).enumerate() {
            let (group, filter) = (number / filters, number % filters);
            for (row, weight) in weights.iter_mut().enumerate() {
                let row = row % taps * channels + row / taps;
                *weight = sums[(group * rows + row) * filters + filter];
            }
        }
        Ok(())
    }
}
