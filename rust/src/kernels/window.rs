//! Where the taps of a window in up to three dimensions meet the input: what convolutions and pools
//! have in common.

use crate::error::{Error, Result};
use crate::frame::Launch;

/// Dimensions of space; what has fewer comes with extents of 1 in front.
pub(super) const SPACE: usize = 3;

/// A window that moves over a channel. Extents of the channel, of the results and of the window,
/// then how it moves.
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
        Ok(Self {
            input,
            output,
            kernel,
            stride: [positive(0)?, positive(1)?, positive(2)?],
            dilation: [positive(3)?, positive(4)?, positive(5)?],
            padding: std::array::from_fn(|axis| params[axis] as usize),
        })
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

    /// Whether neighbouring outputs read neighbouring inputs.
    pub(super) fn is_gapless(&self) -> bool {
        self.stride == [1; SPACE]
    }

    /// Zeros on either side of the input along each axis.
    pub(super) fn padding(&self) -> [usize; SPACE] {
        self.padding
    }

    /// Without gaps: the same over an input that has the zeros, as many as all taps read.
    pub(super) fn padded(&self) -> Self {
        let input = std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1);
            (self.input[axis] + self.padding[axis]).max(self.output[axis] + reach)
        });
        Self { input, padding: [0; SPACE], ..*self }
    }

    /// Without padding: the input of a tap for output 0.
    pub(super) fn offset(&self, tap: usize) -> usize {
        let [_, k1, k2] = self.kernel;
        let [z, y, x] = [tap / (k1 * k2), tap / k2 % k1, tap % k2];
        let [dz, dy, dx] = self.dilation;
        (z * dz * self.input[1] + y * dy) * self.input[2] + x * dx
    }

    /// The window that leads back, mirrored: over the outputs, for the inputs. For strides of 1.
    pub(super) fn mirrored(&self) -> Option<Self> {
        let mut padding = [0; SPACE];
        for (axis, padding) in padding.iter_mut().enumerate() {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1);
            *padding = reach.checked_sub(self.padding[axis])?;
        }
        let back = Self { input: self.output, output: self.input, padding, ..*self };
        self.is_gapless().then_some(back)
    }

    /// Along an axis, the outputs whose input exists for a tap, and the input of output 0, which may
    /// lie before the beginning.
    fn reach(&self, axis: usize, tap: usize) -> (std::ops::Range<usize>, isize) {
        let first = (tap * self.dilation[axis]) as isize - self.padding[axis] as isize;
        let stride = self.stride[axis];
        let from = first.min(0).unsigned_abs().div_ceil(stride);
        let rest = self.input[axis] as isize - first;
        let to = if rest <= 0 { 0 } else { rest.unsigned_abs().div_ceil(stride) };
        (from..to.min(self.output[axis]), first)
    }

    /// Calls `body(place, input, count)` for the runs of those of the outputs `from..to` whose input
    /// exists for a tap. Places count from `from`; the inputs of a run are `step` apart.
    #[inline(always)]
    pub(super) fn runs(
        &self,
        tap: usize,
        (from, to): (usize, usize),
        mut body: impl FnMut(usize, usize, usize),
    ) {
        let [_, height, width] = self.output;
        let [_, k1, k2] = self.kernel;
        let (planes, plane) = self.reach(0, tap / (k1 * k2));
        let (rows, row) = self.reach(1, tap / k2 % k1);
        let (columns, column) = self.reach(2, tap % k2);
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
