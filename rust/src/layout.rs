//! Shapes and strides: the layout of an operand's elements in its slice.

use crate::error::{Error, Result};
use ndarray::{ArrayView, ArrayViewMut, Dim, Dimension, IntoDimension, ShapeBuilder};

/// The largest number of dimensions; TypeScript refuses more.
pub(crate) const MAX_RANK: usize = 8;

/// Shape and strides, in elements. The first element of the slice is the first element of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    rank: usize,
    shape: [u32; MAX_RANK],
    strides: [u32; MAX_RANK],
}

impl Layout {
    /// No axes: one element.
    pub(crate) const SCALAR: Self = Self { rank: 0, shape: [1; MAX_RANK], strides: [0; MAX_RANK] };

    /// Reads the words of the frame, and refuses negative or oversized values. In place, as moving
    /// a layout costs more than a small kernel.
    #[inline(always)]
    pub(crate) fn read(&mut self, shape: &[i32], strides: &[i32]) -> Result {
        if shape.len() > MAX_RANK || shape.len() != strides.len() {
            return Err(Error::new(format!("rank {} is over {MAX_RANK}", shape.len())));
        }
        self.rank = shape.len();
        for (axis, (&extent, &stride)) in shape.iter().zip(strides).enumerate() {
            if extent < 0 || stride < 0 {
                return Err(Error::new("shape and strides must not be negative"));
            }
            self.shape[axis] = extent as u32;
            self.strides[axis] = stride as u32;
        }
        Ok(())
    }

    /// A layout of its own.
    pub(crate) fn new(shape: &[i32], strides: &[i32]) -> Result<Self> {
        let mut layout = Self::SCALAR;
        layout.read(shape, strides)?;
        Ok(layout)
    }

    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    pub(crate) fn extent(&self, axis: usize) -> usize {
        self.shape[axis] as usize
    }

    pub(crate) fn stride(&self, axis: usize) -> usize {
        self.strides[axis] as usize
    }

    pub(crate) fn shape(&self) -> &[u32] {
        &self.shape[..self.rank]
    }

    pub(crate) fn strides(&self) -> &[u32] {
        &self.strides[..self.rank]
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.shape().iter().map(|&extent| extent as usize).product()
    }

    /// The number of elements in memory from the first to the last one reached, 0 for an empty
    /// view. Refuses extents with more elements than int32 can count, also beside an extent of 0:
    /// then any of them can be multiplied without a check, and no loop over them is endless.
    #[inline(always)]
    pub(crate) fn span(&self) -> Result<usize> {
        let (mut last, mut elements, mut empty) = (0u64, 1u64, false);
        for axis in 0..self.rank {
            let extent = u64::from(self.shape[axis]);
            if extent == 0 {
                empty = true;
                continue;
            }
            elements *= extent;
            if elements > i32::MAX as u64 {
                return Err(self.too_large());
            }
            // Each is below 2^62, and there are at most eight.
            last += (extent - 1) * u64::from(self.strides[axis]);
        }
        let overflow = |_| Error::new("the extents of an operand overflow");
        if empty { Ok(0) } else { usize::try_from(last + 1).map_err(overflow) }
    }

    /// A separate function, so that `span` saves no registers for it.
    #[cold]
    fn too_large(&self) -> Error {
        Error::range(format!(
            "the extents {:?} of an operand are of over 2^31 elements",
            self.shape()
        ))
    }

    /// Only the axes `from..to`.
    pub(crate) fn axes(&self, from: usize, to: usize) -> Self {
        let mut part = Self { rank: to - from, shape: [1; MAX_RANK], strides: [0; MAX_RANK] };
        part.shape[..to - from].copy_from_slice(&self.shape[from..to]);
        part.strides[..to - from].copy_from_slice(&self.strides[from..to]);
        part
    }

    /// Whether elements are repeated along an axis.
    pub(crate) fn repeats(&self, axis: usize) -> bool {
        self.strides[axis] == 0 && self.shape[axis] > 1
    }

    /// The other axes.
    pub(crate) fn without(&self, left_out: impl Fn(usize) -> bool) -> Self {
        let mut part = Self::SCALAR;
        for axis in (0..self.rank).filter(|&axis| !left_out(axis)) {
            part.shape[part.rank] = self.shape[axis];
            part.strides[part.rank] = self.strides[axis];
            part.rank += 1;
        }
        part
    }

    /// The same shape, contiguous.
    pub(crate) fn in_order(&self) -> Self {
        let (mut part, mut step) = (*self, 1);
        for axis in (0..self.rank).rev() {
            part.strides[axis] = step;
            step *= self.shape[axis];
        }
        part
    }

    /// The first elements along some axes, starting from a given axis.
    pub(crate) fn cropped(&self, first: usize, extents: &[usize]) -> Self {
        let mut part = *self;
        for (extent, &shorter) in part.shape[first..].iter_mut().zip(extents) {
            *extent = (*extent).min(u32::try_from(shorter).unwrap_or(u32::MAX));
        }
        part
    }

    /// The same elements in the same order with the fewest axes: axes that continue each other are
    /// merged, axes of extent 1 are dropped.
    pub(crate) fn coalesced(&self) -> Self {
        let mut part = Self { rank: 0, shape: [1; MAX_RANK], strides: [0; MAX_RANK] };
        for axis in 0..self.rank {
            let (extent, stride) = (self.shape[axis], self.strides[axis]);
            if extent == 1 {
                continue;
            }
            let last = part.rank.wrapping_sub(1);
            let continues = part.rank > 0
                && u64::from(part.strides[last]) == u64::from(extent) * u64::from(stride);
            if continues {
                part.shape[last] *= extent;
                part.strides[last] = stride;
            } else {
                part.shape[part.rank] = extent;
                part.strides[part.rank] = stride;
                part.rank += 1;
            }
        }
        part
    }

    /// Whether the elements are contiguous and in order.
    pub(crate) fn is_contiguous(&self) -> bool {
        let mut expected = 1u64;
        for axis in (0..self.rank).rev() {
            let extent = u64::from(self.shape[axis]);
            if extent == 0 {
                return true;
            }
            if extent != 1 {
                if u64::from(self.strides[axis]) != expected {
                    return false;
                }
                expected *= extent;
            }
        }
        true
    }

    /// The position in memory of the element with a given row-major number.
    pub(crate) fn position(&self, mut linear: usize) -> usize {
        let mut at = 0;
        for axis in (0..self.rank).rev() {
            let extent = self.extent(axis);
            at += (linear % extent) * self.stride(axis);
            linear /= extent;
        }
        at
    }

    fn dimension<const N: usize>(values: &[u32; MAX_RANK]) -> Dim<[usize; N]>
    where
        [usize; N]: IntoDimension<Dim = Dim<[usize; N]>>,
        Dim<[usize; N]>: Dimension,
    {
        let mut dimension = [0; N];
        for (to, &from) in dimension.iter_mut().zip(values) {
            *to = from as usize;
        }
        dimension.into_dimension()
    }

    /// A view of fixed rank, over which ndarray iterates far faster than over a dynamic one.
    pub(crate) fn view<'a, T, const N: usize>(
        &self,
        data: &'a [T],
    ) -> Result<ArrayView<'a, T, Dim<[usize; N]>>>
    where
        [usize; N]: IntoDimension<Dim = Dim<[usize; N]>>,
        Dim<[usize; N]>: Dimension,
    {
        let shape = Self::dimension::<N>(&self.shape).strides(Self::dimension::<N>(&self.strides));
        ArrayView::from_shape(shape, data).map_err(|error| Error::new(error.to_string()))
    }

    /// The same for writing; refuses strides that reach an element twice.
    pub(crate) fn view_mut<'a, T, const N: usize>(
        &self,
        data: &'a mut [T],
    ) -> Result<ArrayViewMut<'a, T, Dim<[usize; N]>>>
    where
        [usize; N]: IntoDimension<Dim = Dim<[usize; N]>>,
        Dim<[usize; N]>: Dimension,
    {
        let shape = Self::dimension::<N>(&self.shape).strides(Self::dimension::<N>(&self.strides));
        ArrayViewMut::from_shape(shape, data).map_err(|error| Error::new(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[i32], strides: &[i32]) -> Layout {
        Layout::new(shape, strides).unwrap()
    }

    #[test]
    fn span_counts_to_the_last_element_reached() {
        assert_eq!(layout(&[2, 3], &[3, 1]).span().unwrap(), 6);
        assert_eq!(layout(&[2, 3], &[10, 2]).span().unwrap(), 15);
        assert_eq!(layout(&[], &[]).span().unwrap(), 1);
        assert_eq!(layout(&[4, 0], &[1, 1]).span().unwrap(), 0);
        assert_eq!(layout(&[5], &[0]).span().unwrap(), 1);
    }

    #[test]
    fn span_does_not_wrap_around() {
        let huge = layout(&[i32::MAX, i32::MAX, i32::MAX], &[i32::MAX, i32::MAX, i32::MAX]);
        assert!(matches!(huge.span(), Err(Error::Range(_))));
        let long = layout(&[2; 8], &[i32::MAX; 8]);
        assert_eq!(long.span().unwrap(), 8 * i32::MAX as usize + 1);
        assert!(layout(&[i32::MAX, 0, 2], &[1, 1, 1]).span().is_err());
        assert_eq!(layout(&[i32::MAX, 0], &[1, 1]).span().unwrap(), 0);
    }

    #[test]
    fn negative_strides_are_refused() {
        assert!(Layout::new(&[2], &[-1]).is_err());
        assert!(Layout::new(&[-2], &[1]).is_err());
        assert!(Layout::new(&[1; 9], &[1; 9]).is_err());
    }

    #[test]
    fn coalescing_keeps_order_and_merges_neighbours() {
        assert_eq!(layout(&[2, 3, 4], &[12, 4, 1]).coalesced(), layout(&[24], &[1]));
        assert_eq!(layout(&[2, 1, 4], &[4, 9, 1]).coalesced(), layout(&[8], &[1]));
        assert_eq!(layout(&[3, 2], &[1, 3]).coalesced(), layout(&[3, 2], &[1, 3]));
        assert_eq!(layout(&[3, 2], &[0, 0]).coalesced(), layout(&[6], &[0]));
    }

    #[test]
    fn position_follows_the_strides() {
        let transposed = layout(&[3, 2], &[1, 3]);
        let positions: Vec<usize> = (0..6).map(|i| transposed.position(i)).collect();
        assert_eq!(positions, [0, 3, 1, 4, 2, 5]);
    }
}
