//! The one wrapper around the `gemm` crate, whose function takes raw pointers.
#![allow(unsafe_code)]

use super::grid::Grid;
use super::tiles;
use crate::allocator::with_room;
use crate::cpu::{threads, try_pieces};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::kernels::elementwise::math::Real;
use crate::kernels::vectors::Lanes;
use dyn_stack::{MemBuffer, StackReq};
use gemm::Parallelism;
use gemm_common::cache::{CACHE_INFO, kernel_params};
use gemm_common::gemm::{CACHELINE_ALIGN, L2_SLAB};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::LazyLock;

/// The distance of rows in bytes from which their elements map to the same cache lines.
const PAGE: usize = 2048;

/// A matrix inside a slice: its start, rows, columns and strides.
#[derive(Clone, Copy)]
pub(crate) struct Matrix {
    pub(crate) start: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl Matrix {
    /// Contiguous rows.
    pub(crate) fn dense(start: usize, rows: usize, columns: usize) -> Self {
        Self { start, rows, columns, row_stride: columns, column_stride: 1 }
    }

    pub(super) fn fits(&self, length: usize) -> bool {
        self.rows == 0
            || self.columns == 0
            || self.start
                + (self.rows - 1) * self.row_stride
                + (self.columns - 1) * self.column_stride
                < length
    }

    /// Whether several rows can be read side by side: their elements are neighbours, and the rows
    /// do not map to the same cache lines.
    pub(super) fn has_readable_rows<T>(&self) -> bool {
        self.column_stride == 1 && !(self.row_stride * size_of::<T>()).is_multiple_of(PAGE)
    }

    pub(crate) fn transposed(self) -> Self {
        Self {
            start: self.start,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Operations on a product beyond the multiplication.
pub(crate) struct Around<'a, T> {
    /// A row that is added to each row.
    pub(crate) bias: Option<&'a [T]>,
    /// Applied to the sums.
    pub(crate) finish: Option<fn(&mut [T])>,
}

/// `out = a · b`, where `out` is row-major.
pub(crate) fn multiply<T: Lanes>(out: &mut [T], a: (&[T], Matrix), b: (&[T], Matrix)) -> Result {
    multiply_around(out, a, b, &Around { bias: None, finish: None })
}

/// `out = finish(a · b + bias)`, where `out` is row-major.
pub(crate) fn multiply_around<T: Lanes>(
    out: &mut [T],
    a: (&[T], Matrix),
    b: (&[T], Matrix),
    around: &Around<'_, T>,
) -> Result {
    multiply_on(threads(), out, a, b, around)
}

/// The same, divided as is best for a number of threads.
fn multiply_on<T: Lanes>(
    threads: usize,
    out: &mut [T],
    a: (&[T], Matrix),
    b: (&[T], Matrix),
    around: &Around<'_, T>,
) -> Result {
    let (rows, inner, columns) = (a.1.rows, a.1.columns, b.1.columns);
    let target = Matrix::dense(0, rows, columns);
    if inner != b.1.rows
        || around.bias.is_some_and(|bias| bias.len() != columns)
        || !target.fits(out.len())
        || !a.1.fits(a.0.len())
        || !b.1.fits(b.0.len())
    {
        return Err(Error::new("the matrices do not fit"));
    }
    if rows == 0 || columns == 0 {
        return Ok(());
    }
    if tiles::pay(&a.1, columns) {
        return tiles::multiply_around(threads, out, a, b, around);
    }
    let out = Target { pointer: out.as_mut_ptr(), columns };
    let add = around.bias.is_some() || inner == 0;
    let divided = Grid::new(rows, inner, columns, b.1.column_stride != 1);
    let grid = if threads == 1 { divided.joined() } else { divided };
    try_pieces(grid.pieces(), |piece| {
        let row = piece / grid.across() * grid.height;
        let column = piece % grid.across() * grid.width;
        let (height, width) = (grid.height.min(rows - row), grid.width.min(columns - column));
        let each_row = |body: &dyn Fn(&mut [T])| {
            for row in row..row + height {
                // SAFETY: a part of a row of `out`, which only this piece accesses.
                body(unsafe { std::slice::from_raw_parts_mut(out.at(row, column), width) });
            }
        };
        if let Some(bias) = around.bias {
            each_row(&|part| part.copy_from_slice(&bias[column..column + width]));
        } else if inner == 0 {
            each_row(&|part| part.fill(T::default()));
        }
        let left = Matrix { start: a.1.start + row * a.1.row_stride, rows: height, ..a.1 };
        let right = Matrix { start: b.1.start + column * b.1.column_stride, columns: width, ..b.1 };
        // SAFETY: `fits` keeps every element that the strides reach inside its slice; `out` is
        // borrowed mutably, so it overlaps neither input, and the pieces don't overlap each other.
        unsafe { run(out.at(row, column), columns, (a.0, left), (b.0, right), add)? };
        if let Some(finish) = around.finish {
            each_row(&finish);
        }
        Ok(())
    })
}

/// Columns of a row-major matrix that only one thread writes.
pub(crate) struct Panel<'a, T> {
    pointer: *mut T,
    rows: usize,
    width: usize,
    /// Elements from one row to the next.
    stride: usize,
    marker: PhantomData<&'a mut [T]>,
}

impl<'a, T: Element + Real> Panel<'a, T> {
    /// All of a matrix.
    pub(crate) fn over(out: &'a mut [T], rows: usize, width: usize) -> Self {
        assert!(out.len() >= rows * width);
        Self { pointer: out.as_mut_ptr(), rows, width, stride: width, marker: PhantomData }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Some of the columns.
    pub(crate) fn columns(&mut self, from: usize, width: usize) -> Panel<'_, T> {
        assert!(from + width <= self.width);
        Panel { pointer: self.pointer.wrapping_add(from), width, marker: PhantomData, ..*self }
    }

    pub(crate) fn row(&mut self, row: usize) -> &mut [T] {
        assert!(row < self.rows);
        // SAFETY: a part of a row that `for_panels` gave only to this panel.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(row * self.stride), self.width) }
    }

    /// Tells the processor that some elements of `H` rows are about to be changed.
    #[inline(always)]
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
    pub(crate) fn fetch<const H: usize>(&self, (row, column): (usize, usize), width: usize) {
        #[cfg(target_arch = "x86_64")]
        for row in row..row + H {
            let start = self.pointer.wrapping_add(row * self.stride + column).cast::<i8>();
            for byte in [0, width * size_of::<T>() - 1] {
                // SAFETY: a hint, which accesses nothing.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(byte)) };
            }
        }
    }

    /// `panel = a · b`, or `panel += a · b`, on this thread.
    pub(crate) fn multiply(&mut self, a: (&[T], Matrix), b: (&[T], Matrix), add: bool) -> Result {
        let fits = a.1.rows == self.rows
            && b.1.columns == self.width
            && a.1.columns == b.1.rows
            && a.1.columns > 0
            && a.1.fits(a.0.len())
            && b.1.fits(b.0.len());
        if !fits {
            return Err(Error::new("the matrices do not fit"));
        }
        // SAFETY: the inputs reach no further than their slices, and the output is this panel.
        unsafe { run(self.pointer, self.stride, a, b, add) }
    }
}

/// Calls `body(sheet, first column, panel)` on all threads, for panels of at most `width` columns
/// of the matrices in `out`, each of `rows` rows and `columns` columns.
pub(crate) fn for_panels<T: Element + Real>(
    out: &mut [T],
    (rows, columns): (usize, usize),
    width: usize,
    body: impl Fn(usize, usize, Panel<'_, T>) -> Result + Sync,
) -> Result {
    let size = rows * columns;
    if size == 0 || width == 0 || !out.len().is_multiple_of(size) {
        return if out.is_empty() { Ok(()) } else { Err(Error::new("the matrices do not fit")) };
    }
    let (sheets, across) = (out.len() / size, columns.div_ceil(width));
    let out = Target { pointer: out.as_mut_ptr(), columns };
    try_pieces(sheets * across, |piece| {
        let (sheet, column) = (piece / across, piece % across * width);
        let panel = Panel {
            pointer: out.at(sheet * rows, column),
            rows,
            width: width.min(columns - column),
            stride: columns,
            marker: PhantomData,
        };
        body(sheet, column, panel)
    })
}

/// `out = a · b`, or `out += a · b`, on this thread; the rows of `out` are `stride` elements apart.
///
/// # Safety
///
/// Both inputs fit their slices. No other thread writes what the strides of `out` reach.
unsafe fn run<T: Element + Real>(
    out: *mut T,
    stride: usize,
    (left, a): (&[T], Matrix),
    (right, b): (&[T], Matrix),
    add: bool,
) -> Result {
    let one = T::from_f64(1.0);
    // Rows at distances of a power of two map to the same cache lines, unless they are copied
    // first. The threshold changes the speed of a product, never its bits.
    let clash = (b.row_stride * size_of::<T>()).is_multiple_of(PAGE);
    let threshold = if clash { 0 } else { gemm::DEFAULT_LHS_PACKING_THRESHOLD_SINGLE_THREAD };
    if gemm::get_lhs_packing_threshold_single_thread() != threshold {
        gemm::set_lhs_packing_threshold_single_thread(threshold);
    }
    slab()?;
    // SAFETY: as above.
    with_room(room::<T>(a.rows, a.columns, b.columns), || unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out,
            1,
            stride as isize,
            add,
            left.as_ptr().wrapping_add(a.start),
            a.column_stride as isize,
            a.row_stride as isize,
            right.as_ptr().wrapping_add(b.start),
            b.column_stride as isize,
            b.row_stride as isize,
            if add { one } else { T::default() },
            one,
            false,
            false,
            false,
            Parallelism::None,
        );
    })
}

/// Gives this thread the memory in which `gemm` packs blocks of a left factor; otherwise `gemm`
/// would allocate it in a way that cannot fail.
fn slab() -> Result {
    thread_local! {
        static THERE: Cell<bool> = const { Cell::new(false) };
    }
    if THERE.get() {
        return Ok(());
    }
    let bytes = CACHE_INFO[1].cache_bytes;
    let slab = MemBuffer::try_new(StackReq::new_aligned::<u8>(bytes, CACHELINE_ALIGN));
    L2_SLAB.set(slab.map_err(|_| Error::memory(bytes))?);
    THERE.set(true);
    Ok(())
}

/// Rows and columns of a left and a right factor that `gemm` packs together, on any processor.
const LEFT: [usize; 8] = [2, 3, 4, 8, 12, 16, 32, 64];
const RIGHT: [usize; 2] = [4, 6];
/// At most this multiple of the packed part of a left factor is packed at once.
const TIMES: usize = 16;
/// If the size of the last-level cache is unknown, this multiple of the packed part of a right
/// factor.
const UNKNOWN: usize = 128;

/// The largest depth to which `gemm` packs factors, for elements of 4 and 8 bytes.
static DEPTH: LazyLock<[usize; 2]> = LazyLock::new(|| {
    [4, 8].map(|size| {
        let all = LEFT.iter().flat_map(|left| RIGHT.map(|right| (*left, right)));
        let long = usize::MAX / 2;
        all.map(|(left, right)| kernel_params(long, long, long, left, right, size).kc)
            .fold(0, usize::max)
    })
});

/// The most memory that `gemm` needs for a product: a packed left and right factor, in either
/// order, and a flag for each part of the slab.
fn room<T>(rows: usize, inner: usize, columns: usize) -> usize {
    let depth = DEPTH[usize::from(size_of::<T>() > 4)].min(inner).max(1);
    let (left, right) = (LEFT[LEFT.len() - 1], RIGHT[RIGHT.len() - 1]);
    let packed = |left_rows: usize, right_columns: usize| {
        let right_columns = if CACHE_INFO[2].cache_bytes > 0 {
            right_columns.next_multiple_of(right)
        } else {
            right_columns.max(UNKNOWN * right)
        };
        left_rows.min(TIMES * left).next_multiple_of(left) + right_columns
    };
    let flags = CACHE_INFO[1].cache_bytes / (size_of::<T>() * depth * LEFT[0]);
    depth * packed(rows, columns).max(packed(columns, rows)) * size_of::<T>()
        + flags
        + 4 * CACHELINE_ALIGN
}

/// Where the pieces of a product are written, on any thread.
struct Target<T> {
    pointer: *mut T,
    columns: usize,
}

// SAFETY: the pieces that threads write through it are disjoint.
unsafe impl<T: Send> Sync for Target<T> {}

impl<T> Target<T> {
    fn at(&self, row: usize, column: usize) -> *mut T {
        self.pointer.wrapping_add(row * self.columns + column)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ORDERS, numbers, stored};
    use super::*;
    use crate::allocator::BEYOND;
    use std::hint::black_box;

    /// Whether a product of this shape, whose factors may be stored by rows or by columns, needs no
    /// more memory than it has room for; and whether it is right.
    fn fits<T: Element + Real + Into<f64>>(shape: [usize; 3], flipped: [bool; 2]) -> bool {
        let [rows, inner, columns] = shape;
        let (a, b) = (numbers::<T>(rows * inner), numbers::<T>(inner * columns));
        let (left, right) = (stored(rows, inner, flipped[0]), stored(inner, columns, flipped[1]));
        let mut out = numbers(rows * columns);
        BEYOND.set(0);
        Panel::over(&mut out, rows, columns).multiply((&a, left), (&b, right), false).unwrap();
        let at = |data: &[T], matrix: &Matrix, row: usize, column: usize| -> f64 {
            data[row * matrix.row_stride + column * matrix.column_stride].into()
        };
        let (row, column) = (rows / 2, columns - 1);
        let sum =
            (0..inner).map(|k| at(&a, &left, row, k) * at(&b, &right, k, column)).sum::<f64>();
        assert_eq!(out[row * columns + column].into(), sum, "{shape:?} {flipped:?}");
        BEYOND.get() == 0
    }

    #[test]
    fn products_take_no_more_memory_than_they_have_room_for() {
        let shapes = [
            [1, 7, 1],
            [3, 3, 3],
            [16, 16, 16],
            [64, 64, 64],
            [17, 500, 65],
            [256, 1500, 256],
            [200, 2, 200],
            [1, 600, 300],
            [300, 600, 1],
            [5, 3, 700],
            [700, 3, 5],
            [32, 900, 1024],
            [1500, 130, 64],
            [64, 130, 1500],
            [63, 4, 63],
            [2000, 5, 3],
            [3, 5, 2000],
            [129, 513, 127],
        ];
        for shape in shapes {
            for flipped in ORDERS {
                assert!(fits::<f32>(shape, flipped), "{shape:?} {flipped:?} of f32");
                assert!(fits::<f64>(shape, flipped), "{shape:?} {flipped:?} of f64");
            }
        }
    }

    #[test]
    fn the_bits_of_a_product_do_not_depend_on_its_pieces() {
        fn bits<T: Lanes>([rows, inner, columns]: [usize; 3], flipped: [bool; 2]) {
            let numbers = |count: usize| -> Vec<T> {
                (0..count).map(|i| T::from_f64((i as f64 * 0.37).sin())).collect()
            };
            let (a, b) = (numbers(rows * inner), numbers(inner * columns));
            let (left, right) =
                (stored(rows, inner, flipped[0]), stored(inner, columns, flipped[1]));
            let around = Around { bias: None, finish: None };
            let [apart, joined] = [2, 1].map(|threads| {
                let mut out = vec![T::default(); rows * columns];
                multiply_on(threads, &mut out, (&a, left), (&b, right), &around).unwrap();
                out
            });
            assert!(apart == joined, "{rows} {inner} {columns} {flipped:?}");
        }
        for shape in [
            [16, 2000, 16],
            [129, 513, 127],
            [257, 40, 257],
            [300, 600, 1],
            [1, 600, 300],
            [2, 900, 700],
            [700, 3, 5],
            [513, 1, 400],
            [513, 2, 400],
            [530, 1100, 550],
            [1040, 70, 1025],
            [1500, 130, 64],
        ] {
            for flipped in ORDERS {
                bits::<f32>(shape, flipped);
                bits::<f64>(shape, flipped);
            }
        }
    }

    #[test]
    fn a_product_with_too_little_room_is_noticed() {
        BEYOND.set(0);
        // Behind the box, so that the compiler does not leave out the allocation.
        let taken = with_room(1 << 10, || black_box(vec![0u8; 1 << 12]).len()).unwrap();
        assert_eq!((taken, BEYOND.get()), (1 << 12, 1));
    }
}
