//! Rows of numbers, long or short: sums, exponentials, and what is made of them.

use crate::kernels::elementwise::math::Real;

/// Elements of a task.
pub(crate) const GRAIN: usize = 1 << 14;
/// Sums that run in parallel, so that they are vectorised.
const LANES: usize = 16;
/// The number of elements from which a row fills its vectors by itself.
const LONG: usize = 128;
/// Long rows whose logarithms are computed together.
const ABREAST: usize = 8;
/// Elements of short rows, which are processed together: one would leave its vectors half empty.
const TOGETHER: usize = 512;
/// Elements of a vector of a short row.
const WIDTH: usize = 8;
/// Elements that a lane adds in its own precision.
const BLOCK: usize = 4096;

/// Reduces a row by lanes, and then the lanes; a row that does not fill them, by elements.
#[inline(always)]
fn fold<T: Copy>(row: &[T], start: T, join: impl Fn(T, T) -> T) -> T {
    if row.len() < LANES {
        return row.iter().fold(start, |all, &x| join(all, x));
    }
    let mut lanes = [start; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        lanes = joined(lanes, *chunk, &join);
    }
    if !rest.is_empty() {
        let mut last = [start; LANES];
        last.iter_mut().zip(rest).for_each(|(last, &x)| *last = x);
        lanes = joined(lanes, last, &join);
    }
    halved(lanes, join)
}

/// Combines lane by lane. The end of a row is filled up first: lanes that a loop read in part would
/// have to be in memory.
#[inline(always)]
fn joined<T: Copy, const N: usize>(
    mut lanes: [T; N],
    more: [T; N],
    join: impl Fn(T, T) -> T,
) -> [T; N] {
    for i in 0..N {
        lanes[i] = join(lanes[i], more[i]);
    }
    lanes
}

/// Combines the lanes in halves, so that this is vectorised too.
#[inline(always)]
fn halved<T: Copy, const N: usize>(mut lanes: [T; N], join: impl Fn(T, T) -> T) -> T {
    let mut width = N / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = join(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
pub(super) fn larger<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The largest element of a row that is not NaN; 0 if that is not finite, as in the composite.
#[inline(always)]
pub(super) fn shift<T: Real>(largest: T) -> T {
    if largest.finite() { largest } else { T::from_f64(0.0) }
}

/// Sum of `f` over a row and another one of the same length, lane by lane.
#[inline(always)]
pub(crate) fn sum_with<T: Real + Into<f64>>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    debug_assert_eq!(a.len(), b.len());
    if a.len() < LANES {
        return a.iter().zip(b).fold(T::from_f64(0.0), |all, (&a, &b)| all + f(a, b));
    }
    let mut total = 0.0;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        total += by_lanes(a, b, &f).into();
    }
    T::from_f64(total)
}

/// Sum of `f` over two blocks of one length, lane by lane.
#[inline(always)]
fn by_lanes<T: Real>(a: &[T], b: &[T], f: &impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::from_f64(0.0); LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] = lanes[i] + f(a[i], b[i]);
        }
    }
    if !a_rest.is_empty() {
        let mut last = [T::from_f64(0.0); LANES];
        for (last, (&a, &b)) in last.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *last = f(a, b);
        }
        lanes = joined(lanes, last, |a, b| a + b);
    }
    halved(lanes, |a, b| a + b)
}

#[inline(always)]
pub(crate) fn sum<T: Real + Into<f64>>(row: &[T]) -> T {
    sum_with(row, row, |x, _| x)
}

/// Elements of as many whole rows as are processed together, at least one.
#[inline(always)]
pub(super) fn together(length: usize) -> usize {
    (TOGETHER / length).max(1) * length
}

/// How rows of one length are gone through.
pub(crate) trait Rows<T: Real>: Copy {
    /// Whether a row fills only a few vectors.
    const SHORT: bool;
    /// Elements of a row.
    fn length(self) -> usize;
    /// Replaces each element of a row by `f` of it.
    fn update(self, row: &mut [T], f: impl Fn(T) -> T);
    /// Replaces each element of a row by `f` of it and of the element of another row.
    fn update_with(self, row: &mut [T], other: &[T], f: impl Fn(T, T) -> T);
    /// The sum of `f` of the elements of two rows.
    fn sum(self, a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T;
    /// The largest element of a row that is not NaN.
    fn largest(self, row: &[T]) -> T;
}

/// Rows of any length.
#[derive(Clone, Copy)]
pub(crate) struct Plain(pub(crate) usize);

impl<T: Real + Into<f64>> Rows<T> for Plain {
    const SHORT: bool = false;

    #[inline(always)]
    fn length(self) -> usize {
        self.0
    }

    #[inline(always)]
    fn update(self, row: &mut [T], f: impl Fn(T) -> T) {
        row.iter_mut().for_each(|x| *x = f(*x));
    }

    #[inline(always)]
    fn update_with(self, row: &mut [T], other: &[T], f: impl Fn(T, T) -> T) {
        row.iter_mut().zip(other).for_each(|(x, &y)| *x = f(*x, y));
    }

    #[inline(always)]
    fn sum(self, a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
        sum_with(a, b, f)
    }

    #[inline(always)]
    fn largest(self, row: &[T]) -> T {
        fold(row, T::from_f64(f64::NEG_INFINITY), larger)
    }
}

/// Rows of as many elements as `N` vectors have, or somewhat fewer: the last vector then begins
/// within the one before. Loops of a known length leave no elements to be processed singly.
#[derive(Clone, Copy)]
pub(crate) struct Short<const N: usize> {
    length: usize,
    /// Which elements of the last vector are in no other.
    own: [bool; WIDTH],
}

impl<const N: usize> Short<N> {
    #[inline(always)]
    pub(crate) fn new(length: usize) -> Self {
        let mut own = [true; WIDTH];
        for (i, own) in own.iter_mut().enumerate() {
            *own = length + i >= N * WIDTH;
        }
        Self { length, own }
    }

    /// Where a vector begins.
    #[inline(always)]
    fn start(self, vector: usize) -> usize {
        if vector + 1 == N { self.length - WIDTH } else { vector * WIDTH }
    }

    #[inline(always)]
    fn load<T: Real>(self, row: &[T]) -> [[T; WIDTH]; N] {
        let mut vectors = [[T::from_f64(0.0); WIDTH]; N];
        for (n, vector) in vectors.iter_mut().enumerate() {
            vector.copy_from_slice(&row[self.start(n)..][..WIDTH]);
        }
        vectors
    }

    #[inline(always)]
    fn store<T: Real>(self, row: &mut [T], vectors: &[[T; WIDTH]; N]) {
        for (n, vector) in vectors.iter().enumerate() {
            row[self.start(n)..][..WIDTH].copy_from_slice(vector);
        }
    }

    #[inline(always)]
    fn total<T: Real>(self, vectors: &[[T; WIDTH]; N]) -> T {
        let mut lanes = vectors[N - 1];
        for (lane, own) in lanes.iter_mut().zip(self.own) {
            *lane = if own { *lane } else { T::from_f64(0.0) };
        }
        for vector in &vectors[..N - 1] {
            lanes = joined(lanes, *vector, |a, b| a + b);
        }
        halved(lanes, |a, b| a + b)
    }
}

impl<T: Real, const N: usize> Rows<T> for Short<N> {
    const SHORT: bool = true;

    #[inline(always)]
    fn length(self) -> usize {
        self.length
    }

    #[inline(always)]
    fn update(self, row: &mut [T], f: impl Fn(T) -> T) {
        // All of the row first, as vectors overlap.
        let mut all = self.load(row);
        for vector in &mut all {
            for x in vector {
                *x = f(*x);
            }
        }
        self.store(row, &all);
    }

    #[inline(always)]
    fn update_with(self, row: &mut [T], other: &[T], f: impl Fn(T, T) -> T) {
        let (mut all, other) = (self.load(row), self.load(other));
        for n in 0..N {
            all[n] = joined(all[n], other[n], &f);
        }
        self.store(row, &all);
    }

    #[inline(always)]
    fn sum(self, a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
        let (mut all, b) = (self.load(a), self.load(b));
        for n in 0..N {
            all[n] = joined(all[n], b[n], &f);
        }
        self.total(&all)
    }

    #[inline(always)]
    fn largest(self, row: &[T]) -> T {
        let mut most = [T::from_f64(f64::NEG_INFINITY); WIDTH];
        for vector in self.load(row) {
            most = joined(most, vector, larger);
        }
        halved(most, larger)
    }
}

/// Whether short rows of a type are gone through by vectors: not those of f64, as their code would
/// make the library larger.
pub(crate) const fn by_vectors<T>() -> bool {
    size_of::<T>() == 4
}

/// Runs a loop over rows of a type and length, with the way to go through them.
macro_rules! by_length {
    ($type:ty, $length:expr, |$rows:ident| $body:expr) => {{
        use $crate::cpu::{in_eights, simd};
        use $crate::kernels::normalize::rows::{Plain, Short, by_vectors};
        let length = $length;
        let short = match if by_vectors::<$type>() { length } else { 0 } {
            8 => {
                let $rows = Short::<1>::new(length);
                in_eights(
                    #[inline(always)]
                    || $body,
                )
            }
            9..=16 => {
                let $rows = Short::<2>::new(length);
                in_eights(
                    #[inline(always)]
                    || $body,
                )
            }
            17..=24 => {
                let $rows = Short::<3>::new(length);
                in_eights(
                    #[inline(always)]
                    || $body,
                )
            }
            25..=32 => {
                let $rows = Short::<4>::new(length);
                in_eights(
                    #[inline(always)]
                    || $body,
                )
            }
            _ => None,
        };
        short.unwrap_or_else(|| {
            let $rows = Plain(length);
            simd(
                #[inline(always)]
                || $body,
            )
        })
    }};
}
pub(crate) use by_length;

/// Exponentials of rows, each less the largest element, which is reported, and their sums.
#[inline(always)]
fn exponentiate<T: Real>(
    rows: impl Rows<T>,
    out: &mut [T],
    x: &[T],
    (taken, totals): (&mut [T], &mut [T]),
) {
    let length = rows.length();
    for ((e, x), taken) in out.chunks_mut(length).zip(x.chunks(length)).zip(taken) {
        let most = shift(rows.largest(x));
        rows.update_with(e, x, |_, x| x - most);
        *taken = most;
    }
    exponentials(out);
    for (e, total) in out.chunks(length).zip(totals) {
        *total = rows.sum(e, e, |e, _| e);
    }
}

/// Replaces elements by their exponentials: across rows, as the ends of short ones would not fill
/// vectors, and in one loop, as a compiler that unrolls so long a body does not always vectorise it.
#[inline(always)]
pub(super) fn exponentials<T: Real>(x: &mut [T]) {
    x.iter_mut().for_each(|x| *x = x.exp_());
}

/// Exponentials of rows, each less its largest element, reported for each row with the reciprocal of
/// their sum.
#[inline(always)]
pub(crate) fn for_exponentials<T: Real>(
    rows: impl Rows<T>,
    out: &mut [T],
    x: &[T],
    mut tell: impl FnMut(&mut [T], T),
) {
    let zeros = [T::from_f64(0.0); TOGETHER];
    let (mut taken, mut totals) = (zeros, zeros);
    let length = rows.length();
    let together = together(length);
    for (out, x) in out.chunks_mut(together).zip(x.chunks(together)) {
        exponentiate(rows, out, x, (&mut taken, &mut totals));
        let totals = &mut totals[..out.len() / length];
        totals.iter_mut().for_each(|total| *total = T::from_f64(1.0) / *total);
        for (e, &inverse) in out.chunks_mut(length).zip(&*totals) {
            tell(e, inverse);
        }
    }
}

/// Reports for each row what is subtracted before the exponential, and the logarithm of the sum of
/// the exponentials. Logarithms of several rows are computed together.
#[inline(always)]
pub(crate) fn for_log_totals<T: Real, R: Rows<T>>(
    rows: R,
    x: &[T],
    mut tell: impl FnMut(&[T], T, T),
) {
    let zeros = [T::from_f64(0.0); TOGETHER];
    let (mut e, mut taken, mut totals) = (zeros, zeros, zeros);
    let length = rows.length();
    let long = !R::SHORT && length >= LONG;
    let each = if long { ABREAST * length } else { together(length) };
    for x in x.chunks(each) {
        if long {
            for ((x, taken), total) in x.chunks(length).zip(&mut taken).zip(&mut totals) {
                let most = shift(rows.largest(x));
                (*taken, *total) = (most, rows.sum(x, x, |x, _| (x - most).exp_()));
            }
        } else {
            exponentiate(rows, &mut e[..x.len()], x, (&mut taken, &mut totals));
        }
        let totals = &mut totals[..x.len() / length];
        totals.iter_mut().for_each(|total| *total = total.log_());
        for ((x, &taken), &log) in x.chunks(length).zip(&taken).zip(&*totals) {
            tell(x, taken, log);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a length, with infinite elements here and there.
    fn sample(count: usize, length: usize) -> Vec<f32> {
        let element = |i: usize| match i % 97 {
            13 => f32::NEG_INFINITY,
            k => (k as f32 * 0.7).sin() * 30.0,
        };
        (0..count * length).map(element).collect()
    }

    fn close(a: f32, b: f32) -> bool {
        a == b || (a - b).abs() <= 1e-5 * b.abs().max(1.0)
    }

    #[test]
    fn rows_of_every_length_have_their_own_totals() {
        for length in 1..=40 {
            let x = sample(70, length);
            let (mut e, mut logs) = (vec![0.0; x.len()], Vec::new());
            by_length!(f32, length, |rows| {
                for_exponentials(rows, &mut e, &x, |e, inverse| rows.update(e, |e| e * inverse));
                for_log_totals(rows, &x, |_, largest, log| logs.push(largest + log));
            });
            assert_eq!(logs.len(), 70);
            for ((x, e), &log) in x.chunks(length).zip(e.chunks(length)).zip(&logs) {
                let total = x.iter().map(|x| x.exp()).sum::<f32>();
                if total > 0.0 {
                    assert!(close(log, total.ln()), "{length}: {log} {}", total.ln());
                    assert!(e.iter().zip(x).all(|(&e, x)| close(e, x.exp() / total)), "{length}");
                }
            }
        }
    }

    #[test]
    fn rows_of_every_length_are_added_and_changed() {
        for length in 1..=40 {
            let x: Vec<f32> = (0..length).map(|i| i as f32 + 1.0).collect();
            let sum = by_length!(f32, length, |rows| rows.sum(&x, &x, |a, b| a * b));
            assert_eq!(sum, x.iter().map(|x| x * x).sum::<f32>(), "{length}");
            let mut row = x.clone();
            by_length!(f32, length, |rows| rows.update_with(&mut row, &x, |a, b| a * b));
            by_length!(f32, length, |rows| rows.update(&mut row, |a| a + 1.0));
            assert!(row.iter().zip(&x).all(|(a, b)| *a == b * b + 1.0), "{length}");
        }
    }
}
