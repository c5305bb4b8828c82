//! Matrix products, batched: the last two axes are the matrices, the axes before them the batch.

use super::gemm::{Matrix, multiply};
use super::grid::is_whole;
use crate::cpu::{GRAIN, alone, elements, threads, try_parts};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::frame::{Launch, View};
use crate::gpu::programs;
use crate::layout::Layout;
use crate::reader::Cursor;
use crate::registry::{Cpu, Kernel};

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "matmul", outputs: 1, cpu: Cpu::Custom(matmul), wgsl: programs::MATMUL }];

fn matmul(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(0)? {
        DType::F32 => matmul_as::<f32>(launch, multiply),
        DType::F64 => matmul_as::<f64>(launch, multiply),
        DType::I32 => matmul_as::<i32>(launch, multiply_integers),
        dtype => Err(Error::unsupported(dtype)),
    }
}

/// A batch of this many products for each thread keeps all of them busy.
const MANY: usize = 2;

type Product<T> = fn(&mut [T], (&[T], Matrix), (&[T], Matrix)) -> Result;

pub(super) fn operand<'a, T: Element>(view: View<'a>) -> Result<(&'a [T], Layout, Matrix)> {
    let layout = view.layout;
    let rank = layout.rank();
    if rank < 2 {
        return Err(Error::new("matrices need two axes"));
    }
    let data = T::from_slice(view.data).ok_or_else(|| Error::new("element types differ"))?;
    let matrix = Matrix {
        start: 0,
        rows: layout.extent(rank - 2),
        columns: layout.extent(rank - 1),
        row_stride: layout.stride(rank - 2),
        column_stride: layout.stride(rank - 1),
    };
    Ok((data, layout.axes(0, rank - 2), matrix))
}

fn matmul_as<T: Element>(launch: &mut Launch<'_>, product: Product<T>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (a, a_batch, a_matrix) = operand::<T>(launch.input(0)?)?;
    let (b, b_batch, b_matrix) = operand::<T>(launch.input(1)?)?;
    if a_batch.shape() != b_batch.shape() {
        return Err(Error::new("the batches differ"));
    }
    let size = a_matrix.rows * b_matrix.columns;
    if out.len() != size * a_batch.len() {
        return Err(Error::new("the output has another size"));
    }
    if out.is_empty() {
        return Ok(());
    }
    // Few large products are divided among the threads one by one; others are distributed whole.
    let (rows, inner, columns) = (a_matrix.rows, a_matrix.columns, b_matrix.columns);
    let whole = is_whole(rows, inner, columns) || a_batch.len() >= MANY * threads();
    let together = match whole {
        true => (GRAIN * 16 / (size * inner.max(1))).max(1),
        false => a_batch.len(),
    };
    let body = |(index, chunk): (usize, &mut [T])| {
        let first = index * together;
        let (mut at_a, mut at_b) = (Cursor::new(a_batch, first), Cursor::new(b_batch, first));
        for out in chunk.chunks_exact_mut(size) {
            let left = (a, Matrix { start: at_a.position, ..a_matrix });
            let right = (b, Matrix { start: at_b.position, ..b_matrix });
            product(out, left, right)?;
            at_a.advance();
            at_b.advance();
        }
        Ok(())
    };
    if out.len() <= size * together {
        return body((0, out));
    }
    try_parts(out.chunks_mut(size * together).enumerate(), |part| alone(|| body(part)))
}

/// An int32 overflow is an error.
fn multiply_integers(
    out: &mut [i32],
    (a, left): (&[i32], Matrix),
    (b, right): (&[i32], Matrix),
) -> Result {
    if left.columns != right.rows {
        return Err(Error::new("the matrices do not fit"));
    }
    let at = |matrix: &Matrix, row: usize, column: usize| {
        matrix.start + row * matrix.row_stride + column * matrix.column_stride
    };
    for row in 0..left.rows {
        for column in 0..right.columns {
            let products = (0..left.columns)
                .map(|k| i128::from(a[at(&left, row, k)]) * i128::from(b[at(&right, k, column)]));
            out[row * right.columns + column] = i32::try_from(products.sum::<i128>())
                .map_err(|_| Error::range("a sum of products of int32 elements leaves int32"))?;
        }
    }
    Ok(())
}
