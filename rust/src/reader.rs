//! Reads operands of any layout: in blocks, by copies, or position by position.

use crate::cpu::{TILE, simd};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::View;
use crate::layout::{Layout, MAX_RANK};
use crate::scratch::Kept;
use crate::transpose::Turned;

/// The least elements of an input that are copied in bands, and the most of a band.
const LEAST: usize = 1 << 13;
const MOST: usize = 1 << 18;

/// Reads an input in row-major order, whatever its strides.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) layout: &'a Layout,
    len: usize,
    contiguous: bool,
}

impl<'a, T: Element> Reader<'a, T> {
    pub(crate) fn new(view: View<'a>) -> Result<Self> {
        let wrong = || Error::new(format!("an input must be {}", T::DTYPE.name()));
        let data = T::from_slice(view.data).ok_or_else(wrong)?;
        let contiguous = view.layout.is_contiguous();
        Ok(Self { data, layout: view.layout, len: view.layout.len(), contiguous })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All elements as a slice, if they are contiguous.
    pub(crate) fn as_slice(&self) -> Option<&'a [T]> {
        self.contiguous.then_some(self.data)
    }

    pub(crate) fn tiles(&self) -> Tiles<'a, T> {
        if self.contiguous {
            return Tiles::Memory(self.data);
        }
        Tiles::Gathered {
            data: self.data,
            layout: self.layout.coalesced(),
            buffer: [T::default(); TILE],
            constant: 0,
        }
    }

    /// The elements that `tiles_of` best reads together, if there is such a number.
    pub(crate) fn band(&self) -> Option<usize> {
        Some(self.turned()?.band())
    }

    fn turned(&self) -> Option<Turned> {
        if self.contiguous || self.len < LEAST {
            return None;
        }
        Turned::of(self.layout).filter(|turned| turned.band() <= MOST)
    }

    /// Tiles of `len` elements from number `start` on.
    pub(crate) fn tiles_of(&self, start: usize, len: usize) -> Result<Tiles<'a, T>> {
        match self.turned() {
            Some(turned) if turned.begins(start) && turned.begins(len) => {
                let mut copy = Kept::new(len)?;
                turned.copy(self.data, start, &mut copy);
                Ok(Tiles::Copied { start, copy })
            }
            _ => Ok(self.tiles()),
        }
    }

    /// Calls the body with consecutive blocks of the elements `start..end`, of at most `most`
    /// elements: slices of memory where at least a tile is contiguous, else tiles.
    #[inline]
    pub(crate) fn for_blocks(
        &self,
        start: usize,
        end: usize,
        most: usize,
        mut body: impl FnMut(&[T]),
    ) {
        if self.contiguous {
            return self.data[start..end].chunks(most).for_each(body);
        }
        let layout = self.layout.coalesced();
        let last = layout.rank().saturating_sub(1);
        if layout.rank() == 0 || layout.stride(last) != 1 || layout.extent(last) < TILE {
            let mut tiles = self.tiles();
            let blocks = (start..end).step_by(TILE);
            return blocks.for_each(|from| body(tiles.block(from, TILE.min(end - from))));
        }
        let extent = layout.extent(last);
        let mut cursor = Cursor::new(layout.axes(0, last), start / extent);
        let (mut column, mut rest) = (start % extent, end - start);
        while rest > 0 {
            let take = (extent - column).min(rest);
            self.data[cursor.position + column..][..take].chunks(most).for_each(&mut body);
            (column, rest) = (0, rest - take);
            cursor.advance();
        }
    }

    /// Copies the elements from number `start` on into `tile`.
    pub(crate) fn copy_to(&self, start: usize, tile: &mut [T]) {
        if self.contiguous {
            tile.copy_from_slice(&self.data[start..start + tile.len()]);
        } else {
            gather(self.data, &self.layout.coalesced(), start, tile);
        }
    }

    /// `len` elements from number `start` on where they lie, or copied to the front of `tile`.
    pub(crate) fn part<'b>(&self, start: usize, len: usize, tile: &'b mut [T]) -> &'b [T]
    where
        'a: 'b,
    {
        if self.contiguous {
            return &self.data[start..start + len];
        }
        self.copy_to(start, &mut tile[..len]);
        &tile[..len]
    }
}

/// Copies strided elements from number `start` on into `tile`.
fn gather<T: Element>(data: &[T], layout: &Layout, start: usize, tile: &mut [T]) {
    if tile.is_empty() {
        return;
    }
    let Some(last) = layout.rank().checked_sub(1) else {
        return tile.fill(data[0]);
    };
    let (extent, stride) = (layout.extent(last), layout.stride(last));
    let mut cursor = Cursor::new(layout.axes(0, last), start / extent);
    let mut column = start % extent;
    let mut rest = tile;
    while !rest.is_empty() {
        let take = (extent - column).min(rest.len());
        let (lane, after) = rest.split_at_mut(take);
        let first = cursor.position + column * stride;
        match stride {
            0 => lane.fill(data[first]),
            1 => lane.copy_from_slice(&data[first..first + take]),
            2 => step::<T, 2>(lane, &data[first..]),
            3 => step::<T, 3>(lane, &data[first..]),
            4 => step::<T, 4>(lane, &data[first..]),
            _ => {
                for (to, from) in lane.iter_mut().zip(data[first..].iter().step_by(stride)) {
                    *to = *from;
                }
            }
        }
        (rest, column) = (after, 0);
        cursor.advance();
    }
}

/// Copies every `N`th element; a constant step is vectorised.
fn step<T: Element, const N: usize>(lane: &mut [T], data: &[T]) {
    let Some((last, lane)) = lane.split_last_mut() else { return };
    simd(
        #[inline(always)]
        || {
            for (to, from) in lane.iter_mut().zip(data.as_chunks::<N>().0) {
                *to = from[0];
            }
        },
    );
    // The last element may not have a whole step after it.
    *last = data[lane.len() * N];
}

/// Iterates over the positions of a layout in row-major order, without divisions.
pub(crate) struct Cursor {
    layout: Layout,
    index: [usize; MAX_RANK],
    pub(crate) position: usize,
}

impl Cursor {
    pub(crate) fn new(layout: Layout, start: usize) -> Self {
        let mut index = [0; MAX_RANK];
        let (mut linear, mut position) = (start, 0);
        for axis in (0..layout.rank()).rev() {
            // An empty layout has no positions, so its cursor is never read.
            let extent = layout.extent(axis).max(1);
            index[axis] = linear % extent;
            linear /= extent;
            position += index[axis] * layout.stride(axis);
        }
        Self { layout, index, position }
    }

    /// The same positions, from another one on.
    pub(crate) fn from(&self, start: usize) -> Self {
        Self::new(self.layout, start)
    }

    pub(crate) fn advance(&mut self) {
        for axis in (0..self.layout.rank()).rev() {
            self.position += self.layout.stride(axis);
            self.index[axis] += 1;
            if self.index[axis] < self.layout.extent(axis) {
                return;
            }
            self.position -= self.index[axis] * self.layout.stride(axis);
            self.index[axis] = 0;
        }
    }
}

/// Consecutive blocks of an input.
pub(crate) enum Tiles<'a, T> {
    /// Slices of its memory.
    Memory(&'a [T]),
    /// Strided elements, one block after the other.
    Gathered {
        data: &'a [T],
        layout: Layout,
        buffer: [T; TILE],
        /// How many elements of the buffer are filled, for an input that repeats one element.
        constant: usize,
    },
    /// Slices of a copy of the elements from number `start` on.
    Copied { start: usize, copy: Kept<T> },
}

impl<T: Element> Tiles<'_, T> {
    /// The elements `start..start + len`; `len` is at most `TILE` unless the input is contiguous.
    #[inline]
    pub(crate) fn block(&mut self, start: usize, len: usize) -> &[T] {
        let (data, layout, buffer, constant) = match self {
            Self::Memory(data) => return &data[start..start + len],
            Self::Copied { start: first, copy } => return &copy[start - *first..][..len],
            Self::Gathered { data, layout, buffer, constant } => (data, layout, buffer, constant),
        };
        let repeated = layout.rank() == 1 && layout.stride(0) == 0;
        if !repeated {
            gather(data, layout, start, &mut buffer[..len]);
        } else if *constant < len {
            buffer[..len].fill(data[0]);
            *constant = len;
        }
        &buffer[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Slice;

    #[test]
    fn a_reader_gathers_strided_elements_from_any_start() {
        let data: Vec<f32> = (0..600 * 3).map(|i| i as f32).collect();
        let transposed = Layout::new(&[3, 600], &[1, 3]).unwrap();
        let reader =
            Reader::<f32>::new(View { data: Slice::F32(&data), layout: &transposed }).unwrap();
        assert!(reader.as_slice().is_none());
        let expected: Vec<f32> = (0..1800).map(|i| data[transposed.position(i)]).collect();
        for start in [0, 1, 599, 600, 1777] {
            let mut tile = vec![0.0; 23];
            reader.copy_to(start, &mut tile);
            assert_eq!(tile, expected[start..start + 23]);
        }
    }

    #[test]
    fn bands_are_copied_where_rows_begin() {
        let data: Vec<f32> = (0..30_000).map(|i| i as f32).collect();
        let turned = Layout::new(&[100, 300], &[1, 100]).unwrap();
        let reader = Reader::<f32>::new(View { data: Slice::F32(&data), layout: &turned }).unwrap();
        assert!(reader.band().is_some_and(|band| band.is_multiple_of(300)));
        for (start, len, copied) in [(300, 900, true), (0, 30_000, true), (1, 300, false)] {
            let mut tiles = reader.tiles_of(start, len).unwrap();
            assert_eq!(matches!(tiles, Tiles::Copied { .. }), copied);
            let expected: Vec<_> = (start..start + 90).map(|i| data[turned.position(i)]).collect();
            assert_eq!(tiles.block(start, 90), expected);
        }
        let few = Layout::new(&[10, 30], &[1, 10]).unwrap();
        let reader = Reader::<f32>::new(View { data: Slice::F32(&data), layout: &few }).unwrap();
        assert!(reader.band().is_none());
    }

    #[test]
    fn a_constant_fills_tiles_of_growing_length() {
        let layout = Layout::new(&[40, 20], &[0, 0]).unwrap();
        let view = View { data: Slice::F64(&[7.0]), layout: &layout };
        let reader = Reader::<f64>::new(view).unwrap();
        let mut tiles = reader.tiles();
        assert_eq!(tiles.block(0, 5), [7.0; 5]);
        assert_eq!(tiles.block(5, 200), [7.0; 200]);
    }
}
