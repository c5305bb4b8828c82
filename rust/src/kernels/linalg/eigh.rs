//! Eigenvalues and eigenvectors of symmetric matrices, batched. Reflections make a matrix
//! tridiagonal, and rotations make it diagonal, by the implicit QL method with Wilkinson's shifts.

use super::reflect::{Float, add_multiple, dot, reflect, reflection, size_of};
use crate::cpu::{GRAIN, elements, narrow_simd, try_parts};
use crate::dtype::by_type;
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::scratch;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "eigh", outputs: 3, cpu: Cpu::Custom(eigh), wgsl: Wgsl::None }];

/// The status of a matrix with elements that are not finite, or whose eigenvalues do not converge.
const NOT_FINITE: i32 = 1;
const NOT_SETTLED: i32 = 2;

/// The most passes for one eigenvalue; two or three are usual.
const PASSES: usize = 60;
/// The passes after which what rounding leaves of the largest elements counts as nothing. Beside
/// eigenvalues of 0, as a matrix without full rank has them, little else may be left.
const PATIENCE: usize = 6;

fn eigh(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, eigh_as(launch))
}

/// `a · v = v · λ`, with the eigenvalues in ascending order; only the lower triangle of `a` is
/// read. Operands: v, whose columns are the eigenvectors; λ; a status for each matrix, as int32; a,
/// which is not empty.
fn eigh_as<T: Float>(launch: &mut Launch<'_>) -> Result {
    let vectors = elements::<T>(launch.contiguous_output(0)?)?;
    let values = elements::<T>(launch.contiguous_output(1)?)?;
    let notes = elements::<i32>(launch.contiguous_output(2)?)?;
    let view = launch.input(0)?;
    let rank = view.layout.rank();
    if rank < 2 || view.layout.extent(rank - 2) != view.layout.extent(rank - 1) {
        return Err(Error::new("the matrices are not square"));
    }
    let n = view.layout.extent(rank - 1);
    let a = Reader::<T>::new(view)?;
    if a.len() == 0
        || vectors.len() != a.len()
        || values.len() * n != a.len()
        || notes.len() * n * n != a.len()
    {
        return Err(Error::new("the operands do not fit"));
    }
    let together = (GRAIN * 4 / (n * n * n)).max(1);
    let parts = vectors
        .chunks_mut(n * n * together)
        .zip(values.chunks_mut(n * together))
        .zip(notes.chunks_mut(together));
    try_parts(parts.enumerate(), |(part, ((vectors, values), notes))| {
        let mut work = Work {
            matrix: scratch(n * n)?,
            columns: scratch(n * n)?,
            diagonal: scratch(n)?,
            beside: scratch(n)?,
            taus: scratch(n)?,
            product: scratch(n)?,
            order: scratch(n)?,
        };
        let matrices = vectors.chunks_exact_mut(n * n).zip(values.chunks_exact_mut(n));
        for (index, ((vectors, values), note)) in matrices.zip(notes).enumerate() {
            // The output serves as memory for the elements.
            a.copy_to((part * together + index) * n * n, vectors);
            *note = narrow_simd(
                #[inline(always)]
                || work.solve(vectors, values),
            );
        }
        Ok(())
    })
}

/// Scratch memory, used for one matrix after the other.
struct Work {
    matrix: Vec<f64>,
    /// The eigenvectors, one after the other.
    columns: Vec<f64>,
    diagonal: Vec<f64>,
    /// The off-diagonal; its last element is unused.
    beside: Vec<f64>,
    taus: Vec<f64>,
    product: Vec<f64>,
    order: Vec<i32>,
}

impl Work {
    /// Copies the elements to where the eigenvectors will be.
    #[inline(always)]
    fn solve<T: Float>(&mut self, vectors: &mut [T], values: &mut [T]) -> i32 {
        let n = values.len();
        for i in 0..n {
            for j in 0..=i {
                let x: f64 = vectors[i * n + j].into();
                if !x.is_finite() {
                    return NOT_FINITE;
                }
                self.matrix[i * n + j] = x;
                self.matrix[j * n + i] = x;
            }
        }
        let size = size_of(&self.matrix);
        self.matrix.iter_mut().for_each(|x| *x /= size);
        self.tridiagonalize(n);
        self.reflect_back(n);
        if !self.diagonalize(n) {
            return NOT_SETTLED;
        }
        self.write(vectors, values, size);
        0
    }

    /// `a = q · t · qᵀ` with a tridiagonal t. Row k keeps the vector of reflection k.
    #[inline(always)]
    fn tridiagonalize(&mut self, n: usize) {
        for k in 0..n {
            self.diagonal[k] = self.matrix[k * n + k];
            let (done, rest) = self.matrix.split_at_mut((k + 1) * n);
            let v = &mut done[k * n + k + 1..];
            (self.beside[k], self.taus[k]) = reflection(v);
            let tau = self.taus[k];
            if tau == 0.0 {
                continue;
            }
            let product = &mut self.product[k + 1..];
            for (p, line) in product.iter_mut().zip(rest.chunks_exact(n)) {
                *p = tau * dot(&line[k + 1..], v);
            }
            add_multiple(product, -0.5 * tau * dot(product, v), v);
            for (i, line) in rest.chunks_exact_mut(n).enumerate() {
                let line = &mut line[k + 1..];
                add_multiple(line, -v[i], product);
                add_multiple(line, -product[i], v);
            }
        }
    }

    /// The columns of q: the reflections applied to the unit matrix.
    #[inline(always)]
    fn reflect_back(&mut self, n: usize) {
        self.columns.fill(0.0);
        for (j, column) in self.columns.chunks_exact_mut(n).enumerate() {
            column[j] = 1.0;
            for k in (0..j).rev() {
                reflect(
                    &mut column[k + 1..],
                    &self.matrix[k * n + k + 1..(k + 1) * n],
                    self.taus[k],
                );
            }
        }
    }

    /// Whether all eigenvalues converged.
    #[inline(always)]
    fn diagonalize(&mut self, n: usize) -> bool {
        let elements = self.diagonal.iter().zip(&self.beside);
        let size = elements.fold(0.0, |most: f64, (d, b)| most.max(d.abs() + b.abs()));
        for first in 0..n {
            for pass in 0.. {
                let least = if pass < PATIENCE { 0.0 } else { size };
                let last = (first..n - 1).find(|&i| self.is_apart(i, least)).unwrap_or(n - 1);
                if last == first {
                    break;
                }
                if pass == PASSES {
                    return false;
                }
                self.chase(first, last, n);
            }
        }
        true
    }

    /// Whether an off-diagonal element is negligible, beside elements of at least the given size.
    #[inline(always)]
    fn is_apart(&self, i: usize, least: f64) -> bool {
        let around = self.diagonal[i].abs() + self.diagonal[i + 1].abs();
        self.beside[i].abs() <= f64::EPSILON * around.max(least)
    }

    /// One pass of the QL method over a block: rotations of neighbours from its end to its beginning.
    #[inline(always)]
    fn chase(&mut self, first: usize, last: usize, n: usize) {
        let Self { diagonal, beside, columns, .. } = self;
        let half = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
        let root = (half * half + 1.0).sqrt().copysign(half);
        // The off-diagonal element of the last rotation, before the shift.
        let mut ahead = diagonal[last] - diagonal[first] + beside[first] / (half + root);
        let (mut sine, mut cosine, mut moved) = (1.0, 1.0, 0.0);
        for i in (first..last).rev() {
            let (bulge, kept) = (sine * beside[i], cosine * beside[i]);
            let length = (bulge * bulge + ahead * ahead).sqrt();
            beside[i + 1] = length;
            if length == 0.0 {
                // The block splits.
                diagonal[i + 1] -= moved;
                beside[last] = 0.0;
                return;
            }
            (sine, cosine) = (bulge / length, ahead / length);
            let lower = diagonal[i + 1] - moved;
            let slope = (diagonal[i] - lower) * sine + 2.0 * cosine * kept;
            moved = sine * slope;
            diagonal[i + 1] = lower + moved;
            ahead = cosine * slope - kept;
            let (upper, below) = columns[i * n..(i + 2) * n].split_at_mut(n);
            for (x, y) in upper.iter_mut().zip(below) {
                (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
            }
        }
        diagonal[first] -= moved;
        beside[first] = ahead;
        beside[last] = 0.0;
    }

    /// Sorts in ascending order, and gives each eigenvector the sign that makes the first of its
    /// large elements positive.
    #[inline(always)]
    fn write<T: Float>(&mut self, vectors: &mut [T], values: &mut [T], size: f64) {
        let n = values.len();
        for (i, order) in self.order.iter_mut().enumerate() {
            *order = i as i32;
        }
        let diagonal = &self.diagonal;
        let value = |i: i32| diagonal[i as usize];
        self.order.sort_unstable_by(|&i, &j| value(i).total_cmp(&value(j)).then(i.cmp(&j)));
        for (j, &from) in self.order.iter().enumerate() {
            let from = from as usize;
            values[j] = T::from_f64(diagonal[from] * size);
            let column = &self.columns[from * n..(from + 1) * n];
            let largest = column.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            // Half of the largest, so that rounding does not decide between equal ones.
            let first = column.iter().find(|x| x.abs() >= 0.5 * largest);
            let sign = first.map_or(1.0, |x| 1f64.copysign(*x));
            for (place, x) in vectors[j..].iter_mut().step_by(n).zip(column) {
                *place = T::from_f64(sign * x);
            }
        }
    }
}
