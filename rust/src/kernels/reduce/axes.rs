//! Common parts of reductions. The kept axes of the input come first, the reduced ones last;
//! integer parameter 0 says how many are kept. Along an axis of stride 0 elements are repeated:
//! they are reduced once, and their number is taken into account.

use crate::cpu::try_chunks_of;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};

/// Elements of a long reduction that one parallel task handles.
pub(super) const GRAIN: usize = 1 << 16;
/// Columns that are reduced together when the reduced axes are not the contiguous ones.
pub(super) const COLUMNS: usize = 256;

/// The axes of an input, split into kept and reduced ones.
pub(crate) struct Axes<'a> {
    layout: &'a Layout,
    kept: usize,
    /// The input without repeated elements, if there are any.
    distinct: Option<Layout>,
    stay: Layout,
    /// Without repeated elements.
    pub(super) reduced: Layout,
    /// How often each element occurs.
    pub(super) times: usize,
}

impl<'a> Axes<'a> {
    pub(crate) fn new(layout: &'a Layout, kept: usize) -> Self {
        let rank = layout.rank();
        let (stay, mut reduced) = (layout.axes(0, kept), layout.axes(kept, rank));
        let (mut distinct, mut times) = (None, 1);
        if (0..reduced.rank()).any(|axis| reduced.repeats(axis)) {
            distinct = Some(layout.without(|axis| axis >= kept && layout.repeats(axis)));
            let repeated = (kept..rank).filter(|&axis| layout.repeats(axis));
            times = repeated.map(|axis| layout.extent(axis)).product();
            reduced = reduced.without(|axis| reduced.repeats(axis));
        }
        let (stay, reduced) = (stay.coalesced(), reduced.coalesced());
        Self { layout, kept, distinct, stay, reduced, times }
    }

    /// The axes of input 0; each output must have an element for each result.
    pub(super) fn of(launch: &Launch<'a>, outputs: usize) -> Result<Self> {
        let kept = launch.count(0)?;
        let layout = launch.ins[0].as_ref().map(|view| view.layout);
        let layout = layout.ok_or_else(|| Error::new("input 0 is missing"))?;
        if kept > layout.rank() {
            return Err(Error::new(format!("{kept} axes stay of {}", layout.rank())));
        }
        let stay = layout.axes(0, kept).len();
        for output in 0..outputs {
            let length = launch.outs[output].as_ref().map(|view| view.layout.len());
            if length != Some(stay) {
                return Err(Error::new(format!("output {output} must have {stay} elements")));
            }
        }
        Ok(Self::new(layout, kept))
    }

    /// Reads the input without repeated elements.
    pub(super) fn reader<'b, T: Element>(&'b self, view: View<'b>) -> Result<Reader<'b, T>> {
        Reader::new(View { layout: self.distinct.as_ref().unwrap_or(view.layout), ..view })
    }

    /// The row-major numbers of the elements of a result, without repetitions.
    pub(super) fn numbers(&self) -> Layout {
        let reduced = self.layout.axes(self.kept, self.layout.rank());
        reduced.in_order().without(|axis| reduced.repeats(axis))
    }

    /// The position in memory of the first element of a result.
    pub(super) fn position(&self, result: usize) -> usize {
        self.stay.position(result)
    }

    /// Whether neighbouring columns are reduced, so that they are best read together.
    pub(super) fn down_columns(&self) -> bool {
        let last = self.stay.rank().wrapping_sub(1);
        self.stay.rank() > 0
            && self.stay.stride(last) == 1
            && self.stay.extent(last) >= 8
            && !(self.reduced.rank() == 1 && self.reduced.stride(0) == 1)
    }

    /// Calls `body(first, data, out)` for results from number `start` on, at most `most` of them,
    /// whose columns are neighbours; the data start with the first element of the first column.
    #[inline(always)]
    pub(super) fn for_columns<T, R>(
        &self,
        (start, mut out): (usize, &mut [R]),
        data: &[T],
        most: usize,
        mut body: impl FnMut(usize, &[T], &mut [R]) -> Result,
    ) -> Result {
        // Without a kept axis there is one column.
        let lane = self.stay.rank().checked_sub(1).map_or(1, |last| self.stay.extent(last));
        let mut first = start;
        while !out.is_empty() {
            let take = (lane - first % lane).min(most).min(out.len());
            let (part, rest) = out.split_at_mut(take);
            body(first, &data[self.position(first)..], part)?;
            (out, first) = (rest, first + take);
        }
        Ok(())
    }

    /// The rows of a number of columns, in the order of memory.
    #[inline(always)]
    pub(super) fn rows<'b, T>(&self, data: &'b [T], width: usize) -> impl Iterator<Item = &'b [T]> {
        let mut cursor = Cursor::new(self.reduced, 0);
        (0..self.reduced.len()).map(move |_| {
            let row = &data[cursor.position..][..width];
            cursor.advance();
            row
        })
    }
}

/// `try_chunks_of`, for outputs that each take `cost` elements of work.
pub(super) fn try_costly_chunks<T: Send>(
    out: &mut [T],
    cost: usize,
    body: impl Fn(usize, &mut [T]) -> Result + Sync,
) -> Result {
    let grain = (GRAIN / cost.max(1)).max(1);
    try_chunks_of(out, grain, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_elements_are_left_out_and_counted() {
        let layout = Layout::new(&[3, 5, 2, 1, 7, 4], &[8, 0, 4, 0, 0, 1]).unwrap();
        let axes = Axes::new(&layout, 1);
        assert_eq!(axes.times, 35);
        assert_eq!(axes.reduced, Layout::new(&[8], &[1]).unwrap());
        let numbers: Vec<usize> = (0..8).map(|i| axes.numbers().position(i)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 28, 29, 30, 31]);
    }

    #[test]
    fn axes_that_stay_or_are_empty_are_not_left_out() {
        let layout = Layout::new(&[6, 0, 4], &[0, 0, 1]).unwrap();
        let axes = Axes::new(&layout, 1);
        assert_eq!((axes.times, axes.reduced.len(), axes.stay.len()), (1, 0, 6));
    }
}
