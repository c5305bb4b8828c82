//! Softmax, log-softmax and logsumexp, with their gradients, each in one pass where a composite
//! needs several ops. Their composites in TypeScript are the reference.

use super::rows::{
    GRAIN, Rows, by_length, exponentials, for_exponentials, for_log_totals, larger, shift, together,
};
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

/// Columns that are processed together if the axis is not the last one.
const COLUMNS: usize = 64;
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
        let x = &x[start..][..chunk.len()];
        by_length!(T, axis.length, |rows| {
            if !log {
                return for_exponentials(
                    rows,
                    chunk,
                    x,
                    #[inline(always)]
                    |out, inverse| rows.update(out, |e| e * inverse),
                );
            }
            let mut out = chunk.chunks_mut(axis.length);
            for_log_totals(
                rows,
                x,
                #[inline(always)]
                |x, largest, log| {
                    if let Some(out) = out.next() {
                        rows.update_with(out, x, |_, x| x - largest - log);
                    }
                },
            );
        })
    })
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
        if inner == 1 {
            return by_length!(T, axis.length, |rows| {
                let mut chunk = chunk.iter_mut();
                for_log_totals(
                    rows,
                    x,
                    #[inline(always)]
                    |_, largest, log| {
                        if let Some(out) = chunk.next() {
                            *out = log + largest;
                        }
                    },
                );
            });
        }
        simd(
            #[inline(always)]
            || {
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
        let (y, g) = (&y[start..][..chunk.len()], &g[start..][..chunk.len()]);
        by_length!(T, axis.length, |rows| {
            let group = together(axis.length);
            let groups = chunk.chunks_mut(group).zip(y.chunks(group).zip(g.chunks(group)));
            for (out, (y, g)) in groups {
                if log {
                    out.copy_from_slice(y);
                    exponentials(out);
                }
                let pairs = y.chunks(axis.length).zip(g.chunks(axis.length));
                for (out, (y, g)) in out.chunks_mut(axis.length).zip(pairs) {
                    if log {
                        let total = rows.sum(g, g, |g, _| g);
                        rows.update_with(out, g, |e, g| g - e * total);
                    } else {
                        let total = rows.sum(g, y, |g, y| g * y);
                        rows.update_with(out, g, |_, g| g - total);
                        rows.update_with(out, y, |apart, y| y * apart);
                    }
                }
            }
        });
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
