//! Factors of square matrices, batched: Cholesky's, and LU with partial pivoting; and solutions of
//! triangular systems.
//!
//! Each works on blocks of rows and columns. The contribution of earlier blocks is a matrix
//! product; only the small part inside a block uses loops, along rows, which vectorise.

use super::gemm::{Matrix, multiply};
use super::grid::is_whole;
use super::matmul::operand;
use crate::cpu::{GRAIN, elements, narrow_simd, try_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::vectors::Lanes;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::scratch;
use std::ops::Range;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "cholesky", outputs: 2, cpu: Cpu::Custom(cholesky), wgsl: Wgsl::None },
    Kernel { name: "lu", outputs: 4, cpu: Cpu::Custom(lu), wgsl: Wgsl::None },
    Kernel {
        name: "solve_triangular",
        outputs: 1,
        cpu: Cpu::Custom(solve_triangular),
        wgsl: Wgsl::None,
    },
];

/// Rows or columns of a block.
const BLOCK: usize = 64;

/// How many matrices a task processes: a few small ones, or all, one after the other, if the
/// products of a single one use all threads.
fn together(whole: bool, work: usize, batch: usize) -> usize {
    if whole { (GRAIN * 16 / work.max(1)).max(1) } else { batch.max(1) }
}

/// The same for factors of n rows; the largest product has half of them on two sides.
fn factored_together(n: usize, batch: usize) -> usize {
    together(is_whole(n.div_ceil(2), n.div_ceil(2), BLOCK), n * n * n, batch)
}

/// `y -= factor · x`
#[inline(always)]
fn subtract_multiple<T: Real>(y: &mut [T], factor: T, x: &[T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = *y - factor * x;
    }
}

/// `a[rows, columns] -= a[rows, known] · b`, in a row-major matrix with rows of `n`; `b` is in the
/// same memory.
fn subtract_product<T: Lanes>(
    a: &mut [T],
    n: usize,
    (rows, known, columns): (Range<usize>, Range<usize>, Range<usize>),
    b: Matrix,
    product: &mut [T],
) -> Result {
    if known.is_empty() || rows.is_empty() || columns.is_empty() {
        return Ok(());
    }
    let left = Matrix {
        start: rows.start * n + known.start,
        rows: rows.len(),
        columns: known.len(),
        row_stride: n,
        column_stride: 1,
    };
    let product = &mut product[..rows.len() * columns.len()];
    multiply(product, (a, left), (a, b))?;
    for (row, product) in rows.zip(product.chunks_exact(columns.len())) {
        let line = &mut a[row * n..][columns.clone()];
        narrow_simd(
            #[inline(always)]
            || subtract_multiple(line, T::from_f64(1.0), product),
        );
    }
    Ok(())
}

/// The input, whose last two axes are square matrices, and the number of their rows.
fn square<'a, T: Element>(launch: &mut Launch<'a>) -> Result<(Reader<'a, T>, usize)> {
    let view = launch.input(0)?;
    let rank = view.layout.rank();
    if rank < 2 || view.layout.extent(rank - 2) != view.layout.extent(rank - 1) {
        return Err(Error::new("the matrices are not square"));
    }
    let n = view.layout.extent(rank - 1);
    Ok((Reader::new(view)?, n))
}

fn cholesky(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, cholesky_as(launch))
}

/// `a = l · lᵀ` with zeros above the diagonal of `l`; only the lower triangle of `a` is read.
/// Operands: l; the order of the first leading minor that is not positive, or 0, as int32; a.
fn cholesky_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let minors = elements::<i32>(launch.contiguous_output(1)?)?;
    let (a, n) = square::<T>(launch)?;
    if out.len() != a.len() || minors.len() * n * n != a.len() {
        return Err(Error::new("the operands do not fit"));
    }
    if n == 0 {
        minors.fill(0);
        return Ok(());
    }
    let together = factored_together(n, minors.len());
    let parts = out.chunks_mut(n * n * together).zip(minors.chunks_mut(together)).enumerate();
    try_parts(parts, |(part, (out, minors))| {
        let mut product = scratch(if n > BLOCK { n * BLOCK } else { 0 })?;
        let mut above = scratch(BLOCK.min(n) * BLOCK.min(n))?;
        for (index, (l, minor)) in out.chunks_exact_mut(n * n).zip(minors).enumerate() {
            a.copy_to((part * together + index) * n * n, l);
            *minor = cholesky_in_place(l, n, &mut product, &mut above)? as i32;
        }
        Ok(())
    })
}

fn cholesky_in_place<T: Lanes>(
    a: &mut [T],
    n: usize,
    product: &mut [T],
    above: &mut [T],
) -> Result<usize> {
    for first in (0..n).step_by(BLOCK) {
        let end = n.min(first + BLOCK);
        let known = Matrix {
            start: first * n,
            rows: end - first,
            columns: first,
            row_stride: n,
            column_stride: 1,
        };
        subtract_product(a, n, (first..n, 0..first, first..end), known.transposed(), product)?;
        let minor = narrow_simd(
            #[inline(always)]
            || cholesky_columns(a, n, first..end, above),
        );
        if minor > 0 {
            return Ok(minor);
        }
    }
    Ok(0)
}

/// The columns of a block, row by row. `above` gets the transpose of the block on the diagonal.
#[inline(always)]
fn cholesky_columns<T: Element + Real>(
    a: &mut [T],
    n: usize,
    columns: Range<usize>,
    above: &mut [T],
) -> usize {
    let (first, width) = (columns.start, columns.len());
    for (row, line) in a.chunks_exact_mut(n).enumerate().skip(first) {
        let (line, beyond) = line[first..].split_at_mut(width);
        let own = row - first;
        let inside = own < width;
        let end = if inside { own + 1 } else { width };
        for k in 0..own.min(width) {
            let above = &mut above[k * width..][..width];
            let x = line[k] / above[k];
            line[k] = x;
            if inside {
                above[own] = x;
            }
            subtract_multiple(&mut line[k + 1..end], x, &above[k + 1..end]);
        }
        if inside {
            let rest = line[own];
            // Written so that NaN is refused.
            let positive = rest > T::default();
            if !positive {
                return row + 1;
            }
            line[own] = rest.sqrt_();
            above[own * width + own] = line[own];
            line[end..].fill(T::default());
            beyond.fill(T::default());
        }
    }
    0
}

fn lu(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, lu_as(launch))
}

/// `a[order] = l · u`: the rows of `a` in the order of the pivots. Operands: u, and below its
/// diagonal l, whose diagonal is 1; order, as int32 for each matrix; one more than the index of the
/// first pivot that is 0, or 0; the sign of the permutation; a.
fn lu_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let orders = elements::<i32>(launch.contiguous_output(1)?)?;
    let zeros = elements::<i32>(launch.contiguous_output(2)?)?;
    let signs = elements::<T>(launch.contiguous_output(3)?)?;
    let (a, n) = square::<T>(launch)?;
    let batch = zeros.len();
    if out.len() != a.len()
        || orders.len() * n != a.len()
        || batch * n * n != a.len()
        || signs.len() != batch
    {
        return Err(Error::new("the operands do not fit"));
    }
    if n == 0 {
        zeros.fill(0);
        signs.fill(T::from_f64(1.0));
        return Ok(());
    }
    let together = factored_together(n, batch);
    let matrices = out.chunks_mut(n * n * together).zip(orders.chunks_mut(n * together));
    let notes = zeros.chunks_mut(together).zip(signs.chunks_mut(together));
    try_parts(matrices.zip(notes).enumerate(), |(part, ((out, orders), (zeros, signs)))| {
        let mut product = scratch(if n > BLOCK { n * BLOCK } else { 0 })?;
        let matrices = out.chunks_exact_mut(n * n).zip(orders.chunks_exact_mut(n));
        for (index, ((lu, order), (zero, sign))) in
            matrices.zip(zeros.iter_mut().zip(signs)).enumerate()
        {
            a.copy_to((part * together + index) * n * n, lu);
            for (row, order) in order.iter_mut().enumerate() {
                *order = row as i32;
            }
            (*zero, *sign) = (0, T::from_f64(1.0));
            lu_in_place(lu, n, order, (zero, sign), &mut product)?;
        }
        Ok(())
    })
}

fn lu_in_place<T: Lanes>(
    a: &mut [T],
    n: usize,
    order: &mut [i32],
    (zero, sign): (&mut i32, &mut T),
    product: &mut [T],
) -> Result {
    for first in (0..n).step_by(BLOCK) {
        let end = n.min(first + BLOCK);
        let known = |columns: Range<usize>| Matrix {
            start: columns.start,
            rows: first,
            columns: columns.len(),
            row_stride: n,
            column_stride: 1,
        };
        subtract_product(a, n, (first..n, 0..first, first..end), known(first..end), product)?;
        for column in first..end {
            let pivot = largest(a, n, column);
            if pivot != column {
                let (upper, lower) = a.split_at_mut(pivot * n);
                upper[column * n..][..n].swap_with_slice(&mut lower[..n]);
                order.swap(column, pivot);
                *sign = -*sign;
            }
            if a[column * n + column] != T::default() {
                narrow_simd(
                    #[inline(always)]
                    || eliminate(a, n, column, end),
                );
            } else if *zero == 0 {
                *zero = column as i32 + 1;
            }
        }
        subtract_product(a, n, (first..end, 0..first, end..n), known(end..n), product)?;
        narrow_simd(
            #[inline(always)]
            || eliminate_right(a, n, first..end),
        );
    }
    Ok(())
}

/// The row with the largest element of a column, from the diagonal on; NaN counts as larger.
fn largest<T: Element + Real>(a: &[T], n: usize, column: usize) -> usize {
    let mut best = (column, T::default());
    for row in column..n {
        let x = a[row * n + column];
        let size = if x < T::default() { -x } else { x };
        if size.partial_cmp(&size).is_none() {
            return row;
        }
        if size > best.1 {
            best = (row, size);
        }
    }
    best.0
}

/// Subtracts multiples of the pivot's row from those below, in the columns of its block.
#[inline(always)]
fn eliminate<T: Element + Real>(a: &mut [T], n: usize, column: usize, end: usize) {
    let (upper, lower) = a.split_at_mut((column + 1) * n);
    let pivot = &upper[column * n..][column..end];
    for line in lower.chunks_exact_mut(n) {
        let line = &mut line[column..end];
        let factor = line[0] / pivot[0];
        line[0] = factor;
        subtract_multiple(&mut line[1..], factor, &pivot[1..]);
    }
}

/// The same for the rows of a block, in the columns to the right of it.
#[inline(always)]
fn eliminate_right<T: Element + Real>(a: &mut [T], n: usize, block: Range<usize>) {
    for row in block.clone() {
        let (upper, lower) = a.split_at_mut(row * n);
        let (factors, line) = lower[..n].split_at_mut(block.end);
        for k in block.start..row {
            subtract_multiple(line, factors[k], &upper[k * n..][block.end..n]);
        }
    }
}

fn solve_triangular(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, solve_triangular_as(launch))
}

/// Which triangle of a matrix is read, and whether its diagonal is read or counts as ones.
#[derive(Clone, Copy)]
struct Triangle {
    upper: bool,
    unit: bool,
}

/// `t · x = b`. Operands: x, t, b, of one batch. Integers: whether `t` is upper, whether its
/// diagonal counts as 1.
fn solve_triangular_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let triangle = Triangle { upper: launch.ints()[0] != 0, unit: launch.ints()[1] != 0 };
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (t, batch, matrix) = operand::<T>(launch.input(0)?)?;
    let view = launch.input(1)?;
    let rank = view.layout.rank();
    let n = matrix.rows;
    if matrix.columns != n || rank < 2 || view.layout.extent(rank - 2) != n {
        return Err(Error::new("the matrices do not fit"));
    }
    let m = view.layout.extent(rank - 1);
    if view.layout.axes(0, rank - 2).shape() != batch.shape() {
        return Err(Error::new("the batches differ"));
    }
    let b = Reader::<T>::new(view)?;
    if out.len() != b.len() {
        return Err(Error::new("the output has another size"));
    }
    if out.is_empty() {
        return Ok(());
    }
    let together = together(is_whole(BLOCK, n, m), n * n * m, batch.len());
    try_parts(out.chunks_mut(n * m * together).enumerate(), |(part, out)| {
        let mut product = scratch(if n > BLOCK { BLOCK * m } else { 0 })?;
        let mut at = Cursor::new(batch, part * together);
        for (index, x) in out.chunks_exact_mut(n * m).enumerate() {
            b.copy_to((part * together + index) * n * m, x);
            let matrix = Matrix { start: at.position, ..matrix };
            solve_in_place(x, m, (t, matrix), triangle, &mut product)?;
            at.advance();
        }
        Ok(())
    })
}

fn solve_in_place<T: Lanes>(
    x: &mut [T],
    m: usize,
    (t, matrix): (&[T], Matrix),
    triangle: Triangle,
    product: &mut [T],
) -> Result {
    let n = matrix.rows;
    for block in 0..n.div_ceil(BLOCK) {
        let block = if triangle.upper { n.div_ceil(BLOCK) - 1 - block } else { block };
        let rows = block * BLOCK..n.min((block + 1) * BLOCK);
        let known = if triangle.upper { rows.end..n } else { 0..rows.start };
        if !known.is_empty() {
            let left = Matrix {
                start: matrix.start
                    + rows.start * matrix.row_stride
                    + known.start * matrix.column_stride,
                rows: rows.len(),
                columns: known.len(),
                ..matrix
            };
            let right = Matrix {
                start: known.start * m,
                rows: known.len(),
                columns: m,
                row_stride: m,
                column_stride: 1,
            };
            let product = &mut product[..rows.len() * m];
            multiply(product, (t, left), (x, right))?;
            let x = &mut x[rows.start * m..rows.end * m];
            narrow_simd(
                #[inline(always)]
                || subtract_multiple(x, T::from_f64(1.0), product),
            );
        }
        narrow_simd(
            #[inline(always)]
            || {
                solve_block(
                    &mut x[rows.start * m..rows.end * m],
                    m,
                    (t, matrix),
                    rows.clone(),
                    triangle,
                )
            },
        );
    }
    Ok(())
}

/// Solves for the rows of a block, where `x` holds the right side.
#[inline(always)]
fn solve_block<T: Element + Real>(
    x: &mut [T],
    m: usize,
    (t, matrix): (&[T], Matrix),
    rows: Range<usize>,
    triangle: Triangle,
) {
    let at = |row: usize, column: usize| {
        t[matrix.start + row * matrix.row_stride + column * matrix.column_stride]
    };
    let count = rows.len();
    for turn in 0..count {
        let row = if triangle.upper { count - 1 - turn } else { turn };
        let (before, rest) = x.split_at_mut(row * m);
        let (line, after) = rest.split_at_mut(m);
        let (known, first) = if triangle.upper { (&*after, row + 1) } else { (&*before, 0) };
        for (k, known) in known.chunks_exact(m).enumerate() {
            subtract_multiple(line, at(rows.start + row, rows.start + first + k), known);
        }
        if !triangle.unit {
            let pivot = at(rows.start + row, rows.start + row);
            line.iter_mut().for_each(|x| *x = *x / pivot);
        }
    }
}
