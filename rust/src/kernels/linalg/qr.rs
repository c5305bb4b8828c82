//! QR factorizations, batched, by Householder reflections.

use super::reflect::{Float, reflect, reflection, size_of};
use crate::cpu::{GRAIN, elements, narrow_simd, try_parts};
use crate::dtype::by_type;
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::scratch;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "qr", outputs: 2, cpu: Cpu::Custom(qr), wgsl: Wgsl::None }];

fn qr(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, qr_as(launch))
}

/// `a = q · r` for matrices of m rows and n columns, neither of which is 0. Operands: q with m
/// rows, r with n columns, a. Integer: the columns of q, which are the rows of r.
fn qr_as<T: Float>(launch: &mut Launch<'_>) -> Result {
    let kept = launch.count(0)?;
    let q = elements::<T>(launch.contiguous_output(0)?)?;
    let r = elements::<T>(launch.contiguous_output(1)?)?;
    let view = launch.input(0)?;
    let rank = view.layout.rank();
    if rank < 2 {
        return Err(Error::new("there are no matrices"));
    }
    let (m, n) = (view.layout.extent(rank - 2), view.layout.extent(rank - 1));
    let a = Reader::<T>::new(view)?;
    let batch = a.len() / (m * n).max(1);
    let fits = kept == m || kept == m.min(n);
    if a.len() == 0 || !fits || q.len() != batch * m * kept || r.len() != batch * kept * n {
        return Err(Error::new("the operands do not fit"));
    }
    let together = (GRAIN * 16 / (m * n * kept)).max(1);
    let parts = q.chunks_mut(m * kept * together).zip(r.chunks_mut(kept * n * together));
    try_parts(parts.enumerate(), |(part, (q, r))| {
        let mut elements = scratch::<T>(m * n)?;
        let mut columns = scratch(m * n)?;
        let mut diagonal = scratch(2 * m.min(n))?;
        let mut column = scratch(m)?;
        let matrices = q.chunks_exact_mut(m * kept).zip(r.chunks_exact_mut(kept * n));
        for (index, (q, r)) in matrices.enumerate() {
            a.copy_to((part * together + index) * m * n, &mut elements);
            for (row, line) in elements.chunks_exact(n).enumerate() {
                for (place, x) in columns[row..].iter_mut().step_by(m).zip(line) {
                    *place = (*x).into();
                }
            }
            let size = size_of(&columns);
            columns.iter_mut().for_each(|x| *x /= size);
            let (diagonal, taus) = diagonal.split_at_mut(m.min(n));
            narrow_simd(
                #[inline(always)]
                || {
                    triangle(&mut columns, m, diagonal, taus);
                    write_triangle(r, (&columns, m, n), diagonal, size);
                    write_orthogonal(q, kept, (&columns, m), taus, &mut column);
                },
            );
        }
        Ok(())
    })
}

/// Reflects the columns one after the other; the vectors of the reflections remain below the
/// diagonal.
#[inline(always)]
fn triangle(columns: &mut [f64], m: usize, diagonal: &mut [f64], taus: &mut [f64]) {
    for (k, (diagonal, tau)) in diagonal.iter_mut().zip(taus).enumerate() {
        let (done, others) = columns.split_at_mut((k + 1) * m);
        let v = &mut done[k * m + k..];
        (*diagonal, *tau) = reflection(v);
        for column in others.chunks_exact_mut(m) {
            reflect(&mut column[k..], v, *tau);
        }
    }
}

#[inline(always)]
fn write_triangle<T: Float>(
    r: &mut [T],
    (columns, m, n): (&[f64], usize, usize),
    diagonal: &[f64],
    size: f64,
) {
    for (i, line) in r.chunks_exact_mut(n).enumerate() {
        for (j, x) in line.iter_mut().enumerate() {
            let value = match i.cmp(&j) {
                std::cmp::Ordering::Less => columns[j * m + i],
                std::cmp::Ordering::Equal => diagonal[i],
                std::cmp::Ordering::Greater => 0.0,
            };
            *x = T::from_f64(value * size);
        }
    }
}

/// The reflections applied to the columns of the unit matrix.
#[inline(always)]
fn write_orthogonal<T: Float>(
    q: &mut [T],
    kept: usize,
    (columns, m): (&[f64], usize),
    taus: &[f64],
    column: &mut [f64],
) {
    for j in 0..kept {
        column.fill(0.0);
        column[j] = 1.0;
        for k in (0..taus.len().min(j + 1)).rev() {
            reflect(&mut column[k..], &columns[k * m + k..(k + 1) * m], taus[k]);
        }
        for (place, x) in q[j..].iter_mut().step_by(kept).zip(&*column) {
            *place = T::from_f64(*x);
        }
    }
}
