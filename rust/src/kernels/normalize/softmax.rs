//! Softmax, log-softmax and logsumexp, with their gradients, each in one pass where a composite
//! needs several ops. Their composites in TypeScript are the reference.

use crate::cpu::{elements, for_chunks_of, simd};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::kernels::linalg::gemm::{Panel, for_panels};
use crate::layout::Layout;
use crate::registry::{Cpu, Kernel};
use crate::scratch::in_order;

pub(super) const ROWS: &[Kernel] = &[
    Kernel {
        name: "softmax",
        outputs: 1,
        cpu: Cpu::Custom(|l| softmax(l, false)),
        wgsl: programs::SOFTMAX,
    },
    Kernel {
        name: "softmax_grad",
        outputs: 1,
        cpu: Cpu::Custom(|l| softmax_grad(l, false)),
        wgsl: programs::SOFTMAX_GRAD,
    },
    Kernel {
        name: "log_softmax",
        outputs: 1,
        cpu: Cpu::Custom(|l| softmax(l, true)),
        wgsl: programs::LOG_SOFTMAX,
    },
    Kernel {
        name: "log_softmax_grad",
        outputs: 1,
        cpu: Cpu::Custom(|l| softmax_grad(l, true)),
        wgsl: programs::LOG_SOFTMAX_GRAD,
    },
    Kernel {
        name: "logsumexp",
        outputs: 1,
        cpu: Cpu::Custom(logsumexp),
        wgsl: programs::LOGSUMEXP,
    },
];

/// Elements of a task.
pub(crate) const GRAIN: usize = 1 << 14;
/// Columns that are processed together if the axis is not the last one.
const COLUMNS: usize = 64;
/// Sums that run in parallel, so that they are vectorised.
const LANES: usize = 16;
/// The number of elements from which a row fills its vectors by itself.
const LONG: usize = 128;
/// Long rows whose logarithms are computed together.
const ABREAST: usize = 8;
/// Elements of short rows, which are processed together: one would leave its vectors half empty.
const TOGETHER: usize = 512;
/// Elements that a lane adds in its own precision.
const BLOCK: usize = 4096;

/// The extents before an axis, of it and after it.
#[derive(Clone, Copy)]
struct Axis {
    outer: usize,
    length: usize,
    inner: usize,
}

impl Axis {
    /// Integer 0: the axis.
    fn new(launch: &Launch<'_>, layout: &Layout) -> Result<Self> {
        let axis = launch.count(0)?;
        if axis >= layout.rank() {
            return Err(Error::new(format!("there is no axis {axis}")));
        }
        let inner = layout.axes(axis + 1, layout.rank()).len();
        let outer = layout.axes(0, axis).len();
        Ok(Self { outer, length: layout.extent(axis), inner })
    }

    /// Elements of an independent part of the output.
    fn sheet(&self) -> usize {
        self.length * self.inner
    }

    /// Rows and columns of a sheet.
    fn matrix(&self) -> (usize, usize) {
        (self.length, self.inner)
    }

    /// Elements of a task: whole sheets.
    fn grain(&self) -> usize {
        (GRAIN / self.sheet().max(1)).max(1) * self.sheet()
    }
}

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
fn joined<T: Copy>(
    mut lanes: [T; LANES],
    more: [T; LANES],
    join: impl Fn(T, T) -> T,
) -> [T; LANES] {
    for i in 0..LANES {
        lanes[i] = join(lanes[i], more[i]);
    }
    lanes
}

/// Combines the lanes in halves, so that this is vectorised too.
#[inline(always)]
fn halved<T: Copy>(mut lanes: [T; LANES], join: impl Fn(T, T) -> T) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = join(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn larger<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The largest element of a row that is not NaN; 0 if that is not finite, as in the composite.
#[inline(always)]
fn shift<T: Real>(largest: T) -> T {
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

fn softmax(launch: &mut Launch<'_>, log: bool) -> Result {
    by_type!(float launch.input_type(0)?, softmax_as(launch, log))
}

fn softmax_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>, log: bool) -> Result {
    let (view, out) = (launch.input(0)?, elements::<T>(launch.contiguous_output(0)?)?);
    let axis = Axis::new(launch, view.layout)?;
    // Lengths are compared before anything is copied, as a view may repeat its elements.
    if out.len() != view.layout.len() {
        return Err(Error::new("the output has another size"));
    }
    let x = in_order::<T>(view)?;
    if axis.inner > 1 {
        return for_panels(out, axis.matrix(), COLUMNS, |sheet, from, mut panel| {
            let x = &x[sheet * axis.sheet()..][..axis.sheet()];
            simd(
                #[inline(always)]
                || softmax_columns(&mut panel, x, axis, from, log),
            );
            Ok(())
        });
    }
    for_chunks_of(out, axis.grain(), |start, chunk| {
        // Once, and not for each row, which may be short.
        simd(
            #[inline(always)]
            || {
                let x = &x[start..][..chunk.len()];
                if log {
                    let mut rows = chunk.chunks_mut(axis.length);
                    for_log_totals(
                        x,
                        axis.length,
                        #[inline(always)]
                        |x, largest, log| {
                            if let Some(out) = rows.next() {
                                out.iter_mut().zip(x).for_each(|(y, &x)| *y = x - largest - log);
                            }
                        },
                    );
                    return;
                }
                for_exponentials(
                    chunk,
                    x,
                    axis.length,
                    #[inline(always)]
                    |out, inverse| out.iter_mut().for_each(|e| *e = *e * inverse),
                );
            },
        );
    })
}

/// The largest element of a row, which is subtracted from each before the exponential.
#[inline(always)]
pub(crate) fn largest<T: Real>(x: &[T]) -> T {
    shift(fold(x, T::from_f64(f64::NEG_INFINITY), larger))
}

/// Elements of as many whole rows as are processed together, at least one.
#[inline(always)]
fn together(length: usize) -> usize {
    (TOGETHER / length).max(1) * length
}

/// Exponentials of rows of a length, each less its largest element, and the sums of the rows.
#[inline(always)]
fn exponentiate<T: Real + Into<f64>>(
    out: &mut [T],
    x: &[T],
    length: usize,
    (taken, totals): (&mut [T], &mut [T]),
) {
    for ((e, x), taken) in out.chunks_mut(length).zip(x.chunks(length)).zip(taken) {
        *taken = largest(x);
        e.iter_mut().zip(x).for_each(|(e, &x)| *e = x - *taken);
    }
    out.iter_mut().for_each(|e| *e = e.exp_());
    for (e, total) in out.chunks(length).zip(totals) {
        *total = sum(e);
    }
}

/// Exponentials of rows of a length, each less its largest element, reported for each row with the
/// reciprocal of their sum. Short rows are processed together.
#[inline(always)]
pub(crate) fn for_exponentials<T: Real + Into<f64>>(
    out: &mut [T],
    x: &[T],
    length: usize,
    mut tell: impl FnMut(&mut [T], T),
) {
    let zeros = [T::from_f64(0.0); TOGETHER];
    let (mut taken, mut totals) = (zeros, zeros);
    for (out, x) in out.chunks_mut(together(length)).zip(x.chunks(together(length))) {
        exponentiate(out, x, length, (&mut taken, &mut totals));
        let totals = &mut totals[..out.len() / length];
        totals.iter_mut().for_each(|total| *total = T::from_f64(1.0) / *total);
        for (e, &inverse) in out.chunks_mut(length).zip(&*totals) {
            tell(e, inverse);
        }
    }
}

/// Reports for each row of a length what is subtracted before the exponential, and the logarithm of
/// the sum of the exponentials. The logarithms of short rows are computed together.
#[inline(always)]
pub(crate) fn for_log_totals<T: Real + Into<f64>>(
    x: &[T],
    length: usize,
    mut tell: impl FnMut(&[T], T, T),
) {
    let zeros = [T::from_f64(0.0); TOGETHER];
    let (mut e, mut taken, mut totals) = (zeros, zeros, zeros);
    let each = if length >= LONG { ABREAST * length } else { together(length) };
    for x in x.chunks(each) {
        if length >= LONG {
            for ((x, taken), total) in x.chunks(length).zip(&mut taken).zip(&mut totals) {
                let most = largest(x);
                (*taken, *total) = (most, sum_with(x, x, |x, _| (x - most).exp_()));
            }
        } else {
            exponentiate(&mut e[..x.len()], x, length, (&mut taken, &mut totals));
        }
        let totals = &mut totals[..x.len() / length];
        totals.iter_mut().for_each(|total| *total = total.log_());
        for ((x, &taken), &log) in x.chunks(length).zip(&taken).zip(&*totals) {
            tell(x, taken, log);
        }
    }
}

/// For the columns `from..from + COLUMNS` of a sheet: what is subtracted, and the sums of the
/// exponentials, which are reported row by row.
#[inline(always)]
fn column_totals<T: Real>(
    x: &[T],
    axis: Axis,
    from: usize,
    mut show: impl FnMut(usize, &[T; COLUMNS]),
) -> ([T; COLUMNS], [T; COLUMNS]) {
    let width = COLUMNS.min(axis.inner - from);
    let mut largest = [T::from_f64(f64::NEG_INFINITY); COLUMNS];
    for x in x.chunks(axis.inner) {
        for (largest, &x) in largest.iter_mut().zip(&x[from..from + width]) {
            *largest = larger(*largest, x);
        }
    }
    largest.iter_mut().for_each(|largest| *largest = shift(*largest));
    let mut totals = [T::from_f64(0.0); COLUMNS];
    let mut exponentials = totals;
    for (row, x) in x.chunks(axis.inner).enumerate() {
        let columns = exponentials.iter_mut().zip(&largest).zip(&x[from..from + width]);
        for ((e, &largest), &x) in columns {
            *e = (x - largest).exp_();
        }
        for (total, &e) in totals.iter_mut().zip(&exponentials[..width]) {
            *total = *total + e;
        }
        show(row, &exponentials);
    }
    (largest, totals)
}

/// The columns of a panel, which starts at column `from` of its sheet, row by row.
#[inline(always)]
fn softmax_columns<T: Element + Real>(
    out: &mut Panel<'_, T>,
    x: &[T],
    axis: Axis,
    from: usize,
    log: bool,
) {
    let width = out.width();
    let (largest, mut totals) = column_totals(x, axis, from, |row, e| {
        if !log {
            out.row(row).copy_from_slice(&e[..width]);
        }
    });
    if log {
        totals.iter_mut().for_each(|total| *total = total.log_());
    } else {
        totals.iter_mut().for_each(|total| *total = T::from_f64(1.0) / *total);
    }
    for (row, x) in x.chunks(axis.inner).enumerate() {
        let columns = out.row(row).iter_mut().zip(&x[from..]);
        for ((y, &x), (&largest, &total)) in columns.zip(largest.iter().zip(&totals)) {
            *y = if log { x - largest - total } else { *y * total };
        }
    }
}

fn logsumexp(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, logsumexp_as(launch))
}

/// `out = ln Σ eˣ` along the axis.
fn logsumexp_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>) -> Result {
    let (view, out) = (launch.input(0)?, elements::<T>(launch.contiguous_output(0)?)?);
    let axis = Axis::new(launch, view.layout)?;
    if out.len() != axis.outer * axis.inner {
        return Err(Error::new("the output has another size"));
    }
    if axis.length == 0 {
        out.fill(T::from_f64(f64::NEG_INFINITY));
        return Ok(());
    }
    let x = in_order::<T>(view)?;
    let inner = axis.inner.max(1);
    for_chunks_of(out, axis.grain() / axis.length, |start, chunk| {
        let x = &x[start * axis.length..][..chunk.len() * axis.length];
        simd(
            #[inline(always)]
            || {
                if inner == 1 {
                    let mut chunk = chunk.iter_mut();
                    for_log_totals(
                        x,
                        axis.length,
                        #[inline(always)]
                        |_, largest, log| {
                            if let Some(out) = chunk.next() {
                                *out = log + largest;
                            }
                        },
                    );
                    return;
                }
                for (out, x) in chunk.chunks_mut(inner).zip(x.chunks(axis.sheet())) {
                    for from in (0..inner).step_by(COLUMNS) {
                        let (largest, totals) = column_totals(x, axis, from, |_, _| ());
                        let sums = totals.into_iter().zip(largest);
                        for (out, (total, largest)) in out[from..].iter_mut().zip(sums) {
                            *out = total.log_() + largest;
                        }
                    }
                }
            },
        );
    })
}

fn softmax_grad(launch: &mut Launch<'_>, log: bool) -> Result {
    by_type!(float launch.input_type(0)?, softmax_grad_as(launch, log))
}

/// From the result y and its cotangent g: y·(g − Σ g·y), or for the logarithm g − eʸ·Σ g.
fn softmax_grad_as<T: Element + Real + Into<f64>>(launch: &mut Launch<'_>, log: bool) -> Result {
    let (y, g) = (launch.input(0)?, launch.input(1)?);
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let axis = Axis::new(launch, y.layout)?;
    if out.len() != y.layout.len() || g.layout.len() != out.len() {
        return Err(Error::new("the operands have different sizes"));
    }
    let (y, g) = (in_order::<T>(y)?, in_order::<T>(g)?);
    if axis.inner > 1 {
        return for_panels(out, axis.matrix(), COLUMNS, |sheet, from, mut panel| {
            let range = sheet * axis.sheet()..(sheet + 1) * axis.sheet();
            let (y, g) = (&y[range.clone()], &g[range]);
            simd(
                #[inline(always)]
                || softmax_grad_columns(&mut panel, (y, g), axis, from, log),
            );
            Ok(())
        });
    }
    for_chunks_of(out, axis.grain(), |start, chunk| {
        simd(
            #[inline(always)]
            || {
                let rows = y[start..].chunks(axis.length).zip(g[start..].chunks(axis.length));
                for (out, (y, g)) in chunk.chunks_mut(axis.length).zip(rows) {
                    let total = if log { sum(g) } else { sum_with(g, y, |g, y| g * y) };
                    for (out, (&y, &g)) in out.iter_mut().zip(y.iter().zip(g)) {
                        *out = if log { g - y.exp_() * total } else { y * (g - total) };
                    }
                }
            },
        );
    })
}

#[inline(always)]
fn softmax_grad_columns<T: Element + Real>(
    out: &mut Panel<'_, T>,
    (y, g): (&[T], &[T]),
    axis: Axis,
    from: usize,
    log: bool,
) {
    let to = from + out.width();
    let rows = || y.chunks(axis.inner).zip(g.chunks(axis.inner));
    let mut totals = [T::from_f64(0.0); COLUMNS];
    for (y, g) in rows() {
        for (total, (&y, &g)) in totals.iter_mut().zip(y[from..to].iter().zip(&g[from..to])) {
            *total = *total + if log { g } else { g * y };
        }
    }
    for (row, (y, g)) in rows().enumerate() {
        let columns = out.row(row).iter_mut().zip(&totals);
        for ((out, &total), (&y, &g)) in columns.zip(y[from..to].iter().zip(&g[from..to])) {
            *out = if log { g - y.exp_() * total } else { y * (g - total) };
        }
    }
}
