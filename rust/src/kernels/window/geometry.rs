//! Where the taps of a window in up to three dimensions meet the input; shared by convolutions and
//! pools.

use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::layout::Layout;
use std::ops::Range;

/// Dimensions of space; if there are fewer, extents of 1 are put in front.
pub(super) const SPACE: usize = 3;

/// An integer parameter, no larger than an extent can be.
pub(super) fn whole(parameter: f64) -> Result<usize> {
    let most = f64::from(i32::MAX);
    if parameter == parameter.floor() && (0.0..=most).contains(&parameter) {
        return Ok(parameter as usize);
    }
    Err(Error::range(format!(
        "a padding or extent must be a whole number to {most}, got {parameter}"
    )))
}

fn common_divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A window that moves over a channel: the extents of the channel, of the results and of the
/// window, then its movement.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) input: [usize; SPACE],
    pub(super) output: [usize; SPACE],
    pub(super) kernel: [usize; SPACE],
    stride: [usize; SPACE],
    dilation: [usize; SPACE],
    padding: [usize; SPACE],
}

impl Window {
    /// Integers 0 to 2: strides, 3 to 5: dilations; floats 0 to 2: paddings.
    pub(super) fn new(
        launch: &Launch<'_>,
        [input, output, kernel]: [[usize; SPACE]; 3],
    ) -> Result<Self> {
        let (ints, params) = (launch.ints(), launch.params());
        let positive = |at: usize| {
            usize::try_from(ints[at]).ok().filter(|&number| number > 0).ok_or_else(|| {
                Error::new(format!("stride or dilation {} is not positive", ints[at]))
            })
        };
        if kernel.contains(&0) {
            return Err(Error::new("a window has no taps"));
        }
        let window = Self {
            input,
            output,
            kernel,
            stride: [positive(0)?, positive(1)?, positive(2)?],
            dilation: [positive(3)?, positive(4)?, positive(5)?],
            padding: [whole(params[0])?, whole(params[1])?, whole(params[2])?],
        };
        if (0..SPACE).all(|axis| window.fits(axis)) {
            Ok(window)
        } else {
            Err(Error::new("a window reaches beyond its input"))
        }
    }

    /// Whether the last output starts a stride or more before the end of the padded input.
    fn fits(&self, axis: usize) -> bool {
        let reach = self.dilation[axis] * (self.kernel[axis] - 1);
        let last = self.output[axis].saturating_sub(1) * self.stride[axis];
        last + reach < self.input[axis] + 2 * self.padding[axis] + self.stride[axis]
    }

    /// The part of an input of shape [N, C, space] to copy if its elements are not contiguous: no
    /// more than is read, as a view may repeat elements many times. The window then moves over the
    /// copy.
    pub(super) fn crop(&mut self, layout: &Layout) -> Layout {
        if layout.is_contiguous() {
            return *layout;
        }
        self.input = std::array::from_fn(|axis| {
            let last = self.output[axis].saturating_sub(1) * self.stride[axis];
            let end = last + self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            // At least one, so that empty channels cause no division by 0.
            end.saturating_sub(self.padding[axis]).max(1).min(self.input[axis])
        });
        layout.cropped(2, &self.input)
    }

    /// Elements of a channel of the input.
    pub(super) fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Elements of a channel of the output.
    pub(super) fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// Elements of the window.
    pub(super) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Distance of the inputs of neighbouring outputs.
    pub(super) fn step(&self) -> usize {
        self.stride[SPACE - 1]
    }

    /// Whether all strides are 1.
    pub(super) fn is_dense(&self) -> bool {
        self.stride == [1; SPACE]
    }

    /// Whether all strides are 1, and there is no padding.
    pub(super) fn reads_as_it_lies(&self) -> bool {
        self.is_dense() && self.padding == [0; SPACE]
    }

    /// How many taps there are until the same phase is read again along an axis. Inputs at
    /// distances of the stride form a phase.
    fn cycle(&self, axis: usize) -> usize {
        self.stride[axis] / common_divisor(self.stride[axis], self.dilation[axis])
    }

    /// How many phases the taps read along each axis.
    fn phases_along(&self) -> [usize; SPACE] {
        std::array::from_fn(|axis| self.kernel[axis].min(self.cycle(axis)))
    }

    /// How many phases the taps read.
    pub(super) fn phases(&self) -> usize {
        self.phases_along().iter().product()
    }

    /// Extents of a phase with padding: as much as all taps read for all outputs.
    pub(super) fn grid(&self) -> [usize; SPACE] {
        std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1);
            let read = self.output[axis] + reach / self.stride[axis];
            // The whole input, so that it need not be copied if there is no padding.
            let whole = self.stride[axis] == 1 && self.padding[axis] == 0;
            if whole { read.max(self.input[axis]) } else { read }
        })
    }

    /// The offset in the grids of the phases, one after the other, that a tap reads for output 0.
    pub(super) fn offset(&self, tap: usize) -> usize {
        let (grid, phases) = (self.grid(), self.phases_along());
        let (mut phase, mut place) = (0, 0);
        for (axis, tap) in self.tap(tap).into_iter().enumerate() {
            phase = phase * phases[axis] + tap % self.cycle(axis);
            place = place * grid[axis] + tap * self.dilation[axis] / self.stride[axis];
        }
        phase * grid.iter().product::<usize>() + place
    }

    /// The position of a tap along each axis.
    pub(super) fn tap(&self, number: usize) -> [usize; SPACE] {
        let [_, k1, k2] = self.kernel;
        [number / (k1 * k2), number / k2 % k1, number % k2]
    }

    /// Calls `body(place, input, count)` for the runs of the grid of a phase that are inputs, which
    /// are `step` apart.
    pub(super) fn grid_runs(&self, phase: usize, mut body: impl FnMut(usize, usize, usize)) {
        let ([_, s1, _], [_, p1, p2]) = (self.stride, self.phases_along());
        let grid = self.grid();
        let (planes, z) = self.inputs_of(0, phase / (p1 * p2), grid);
        let (rows, y) = self.inputs_of(1, phase / p2 % p1, grid);
        let (columns, x) = self.inputs_of(2, phase % p2, grid);
        if columns.is_empty() {
            return;
        }
        for (plane, z) in planes.zip((z..).step_by(self.stride[0])) {
            for (row, y) in rows.clone().zip((y..).step_by(s1)) {
                let place = (plane * grid[1] + row) * grid[2] + columns.start;
                body(place, (z * self.input[1] + y) * self.input[2] + x, columns.len());
            }
        }
    }

    /// Along an axis, the positions in the grid of a phase that are inputs, and the input of the
    /// first.
    fn inputs_of(&self, axis: usize, phase: usize, grid: [usize; SPACE]) -> (Range<usize>, usize) {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        // A phase has the number of the first tap that reads it.
        let phase = phase * self.dilation[axis] % stride;
        let from = padding.saturating_sub(phase).div_ceil(stride);
        let first = from * stride + phase - padding;
        let count = self.input[axis].saturating_sub(first).div_ceil(stride);
        (from..(from + count).min(grid[axis]).max(from), first)
    }

    /// The mirrored window of the gradient, over the outputs. For strides of 1.
    pub(super) fn mirrored(&self) -> Option<Self> {
        let mut padding = [0; SPACE];
        for (axis, padding) in padding.iter_mut().enumerate() {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1);
            *padding = reach.checked_sub(self.padding[axis])?;
        }
        let back = Self { input: self.output, output: self.input, padding, ..*self };
        self.is_dense().then_some(back)
    }

    /// Along an axis, the outputs whose input exists for a tap, and the input of output 0, which
    /// may be before the start.
    fn reach(&self, axis: usize, tap: usize) -> (Range<usize>, isize) {
        let first = (tap * self.dilation[axis]) as isize - self.padding[axis] as isize;
        let stride = self.stride[axis];
        let from = first.min(0).unsigned_abs().div_ceil(stride);
        let rest = self.input[axis] as isize - first;
        let to = if rest <= 0 { 0 } else { rest.unsigned_abs().div_ceil(stride) };
        (from..to.min(self.output[axis]), first)
    }

    /// The first tap from a number on, along an axis, that reads an input for an output.
    fn next_tap(&self, axis: usize, mut tap: usize) -> Option<usize> {
        let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
        let (input, padding) = (self.input[axis], self.padding[axis]);
        let last = self.output[axis].checked_sub(1)?;
        while tap < self.kernel[axis] {
            // Output o reads inputs for the taps from `padding − o · stride` on, as many as there
            // are inputs; this is the last output whose taps do not end before this one.
            let output = ((padding + input).checked_sub(tap * dilation + 1)? / stride).min(last);
            let first = padding.saturating_sub(output * stride).div_ceil(dilation);
            let place = tap.max(first);
            if place * dilation + output * stride < padding + input {
                return (place < self.kernel[axis]).then_some(place);
            }
            tap = place;
        }
        None
    }

    /// Calls the body with each tap that reads an input for an output.
    pub(super) fn reading_taps(&self, mut body: impl FnMut([usize; SPACE])) {
        let along = |axis: usize| {
            std::iter::successors(self.next_tap(axis, 0), move |tap| self.next_tap(axis, tap + 1))
        };
        for z in along(0) {
            for y in along(1) {
                along(2).for_each(|x| body([z, y, x]));
            }
        }
    }

    /// A bound for the inputs that are read for all outputs.
    pub(super) fn reads(&self) -> usize {
        let along = |axis: usize| {
            let taps = self.input[axis].div_ceil(self.dilation[axis]).min(self.kernel[axis]);
            self.output[axis].saturating_mul(taps)
        };
        (0..SPACE).map(along).fold(1, usize::saturating_mul)
    }

    /// Calls `body(place, input, count)` for the runs of the outputs `from..to` whose input exists
    /// for a tap. Places count from `from`; the inputs of a run are `step` apart.
    #[inline(always)]
    pub(super) fn runs(
        &self,
        tap: [usize; SPACE],
        (from, to): (usize, usize),
        mut body: impl FnMut(usize, usize, usize),
    ) {
        let [_, height, width] = self.output;
        let (planes, plane) = self.reach(0, tap[0]);
        let (rows, row) = self.reach(1, tap[1]);
        let (columns, column) = self.reach(2, tap[2]);
        if columns.is_empty() {
            return;
        }
        let (mut y, mut z) = (from / width % height, from / width / height);
        for line in from / width..to.div_ceil(width) {
            if planes.contains(&z) && rows.contains(&y) {
                let first = line * width;
                let start = columns.start.max(from.saturating_sub(first));
                let end = columns.end.min(to - first);
                if start < end {
                    let at = |position: usize, axis: usize, offset: isize| {
                        (position * self.stride[axis]).wrapping_add_signed(offset)
                    };
                    let line = at(z, 0, plane) * self.input[1] + at(y, 1, row);
                    let input = line * self.input[2] + at(start, 2, column);
                    body(first + start - from, input, end - start);
                }
            }
            y += 1;
            if y == height {
                (y, z) = (0, z + 1);
            }
        }
    }
}
