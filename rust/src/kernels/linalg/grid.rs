//! How products of matrices are divided.

/// The largest side of a piece.
const SIDE: usize = 256;
/// The same on a single thread. Large pieces take a twentieth to a tenth less time, but for several
/// threads there would be too few.
const ALONE: usize = 1024;
/// A product with fewer multiplications is not divided.
const WHOLE: usize = 1 << 20;
/// A piece with fewer multiplications is not divided further.
const PIECE: usize = 1 << 22;
/// This many pieces are enough for any number of threads.
const ENOUGH: usize = 8;
/// A side shorter than twice this is divided last.
const LEAST: usize = 32;
/// Sides of pieces are multiples of this, the size of the widest kernels.
const STEP: usize = 16;

/// How a product is divided. Each sum is added up in the same order in any piece of more than one
/// row and column, so the bits of the result depend only on the shapes.
///
/// A piece has its own rows or, for a right factor stored by columns, its own columns, so that a
/// thread tends to find what it has written in its own cache in the next launch. Fetching it from
/// another processor's cache can take longer than the product.
pub(super) struct Grid {
    rows: usize,
    columns: usize,
    /// Rows of a piece.
    pub(super) height: usize,
    /// Columns of a piece.
    pub(super) width: usize,
}

impl Grid {
    /// Pieces of about the same size, whose sides are at most `most`.
    fn of_sides(rows: usize, columns: usize, most: usize) -> Self {
        let side =
            |length: usize| length.div_ceil(length.div_ceil(most).max(1)).next_multiple_of(STEP);
        Self { rows, columns, height: side(rows), width: side(columns) }
    }

    pub(super) fn new(rows: usize, inner: usize, columns: usize, by_columns: bool) -> Self {
        let mut grid = Self::of_sides(rows, columns, SIDE);
        let work = rows * inner * columns;
        let done = |grid: &Self| {
            let piece = grid.height * grid.width * inner;
            grid.pieces() >= ENOUGH || (piece <= PIECE && (grid.pieces() > 1 || work <= WHOLE))
        };
        while !done(&grid) {
            let Self { height, width, .. } = &mut grid;
            let (first, second) = if by_columns { (width, height) } else { (height, width) };
            let side = if *first >= 2 * LEAST { first } else { second };
            if *side < 2 * STEP {
                break;
            }
            *side = (*side / 2).next_multiple_of(STEP);
        }
        grid
    }

    /// Fewer pieces for a single thread, with the same bits.
    pub(super) fn joined(self) -> Self {
        let joined = Self::of_sides(self.rows, self.columns, ALONE);
        if self.has_slivers() || joined.has_slivers() { self } else { joined }
    }

    /// Whether the last pieces have a single row or column, which `gemm` sums in an order of its own.
    fn has_slivers(&self) -> bool {
        self.rows % self.height == 1 || self.columns % self.width == 1
    }

    pub(super) fn across(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    pub(super) fn pieces(&self) -> usize {
        self.rows.div_ceil(self.height) * self.across()
    }
}

/// Whether a product of this shape stays in one piece, so that a batch is divided instead.
pub(super) fn is_whole(rows: usize, inner: usize, columns: usize) -> bool {
    Grid::new(rows, inner, columns, false).pieces() <= 1
}
