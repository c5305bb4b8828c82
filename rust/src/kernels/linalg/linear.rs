//! The affine map of a layer with its bias and activation, and its gradients, each in one launch.
//! Their composite in TypeScript is the reference.

use super::gemm::{Around, Matrix, multiply, multiply_around};
use super::matmul::operand;
use crate::cpu::{elements, simd, try_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::kernels::elementwise::math::Real;
use crate::kernels::elementwise::unary::{relu, sigmoid};
use crate::kernels::reduce::axes::Axes;
use crate::kernels::reduce::sum::{Summand, sum_columns};
use crate::kernels::vectors::Lanes;
use crate::layout::Layout;
use crate::reader::Reader;
use crate::registry::{Cpu, Kernel, Wgsl};
use crate::scratch::{in_order, scratch};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "linear", outputs: 1, cpu: Cpu::Custom(linear), wgsl: Wgsl::None },
    Kernel { name: "linear_grad", outputs: 3, cpu: Cpu::Custom(linear_grad), wgsl: Wgsl::None },
];

/// Elements of a task.
const GRAIN: usize = 1 << 14;

/// A function of the sums, and its derivative as a function of its value.
struct Activation<T> {
    apply: fn(&mut [T]),
    /// Multiplies the cotangents `g` by the derivative where the value is `y`.
    derive: fn(&mut [T], &[T]),
}

fn each<T: Element>(x: &mut [T], f: impl Fn(T) -> T) {
    simd(
        #[inline(always)]
        || x.iter_mut().for_each(|x| *x = f(*x)),
    );
}

fn both<T: Element>(g: &mut [T], y: &[T], f: impl Fn(T, T) -> T) {
    simd(
        #[inline(always)]
        || g.iter_mut().zip(y).for_each(|(g, &y)| *g = f(*g, y)),
    );
}

/// The activation with a given number; 0 is none. `lib/ops/linalg/linear.ts` has the same numbers.
fn activation<T: Element + Real>(number: i32) -> Result<Option<Activation<T>>> {
    Ok(match number {
        0 => None,
        1 => Some(Activation {
            apply: |x| each(x, relu),
            derive: |g, y| {
                let zero = T::from_f64(0.0);
                both(g, y, |g, y| if y <= zero { zero } else { g });
            },
        }),
        2 => Some(Activation {
            apply: |x| each(x, T::tanh_),
            derive: |g, y| both(g, y, |g, y| g * (T::from_f64(1.0) - y * y)),
        }),
        3 => Some(Activation {
            apply: |x| each(x, sigmoid),
            derive: |g, y| both(g, y, |g, y| g * (y * (T::from_f64(1.0) - y))),
        }),
        _ => return Err(Error::new(format!("activation {number} does not exist"))),
    })
}

fn linear(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, linear_as(launch))
}

/// `y = activation(x · wᵀ + b)`. Operands: y, x, w and, if there is one, b. Integer 0: activation.
fn linear_as<T: Lanes>(launch: &mut Launch<'_>) -> Result {
    let activation = activation::<T>(launch.ints()[0])?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (x, _, rows) = operand::<T>(launch.input(0)?)?;
    let (w, _, weight) = operand::<T>(launch.input(1)?)?;
    let bias = launch.ins.get_mut(2).and_then(Option::take);
    if bias.as_ref().is_some_and(|bias| bias.layout.len() != weight.rows) {
        return Err(Error::new("the bias has another length"));
    }
    let bias = bias.map(in_order::<T>).transpose()?;
    let around =
        Around { bias: bias.as_deref(), finish: activation.map(|activation| activation.apply) };
    multiply_around(out, (x, rows), (w, weight.transposed()), &around)
}

fn linear_grad(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, linear_grad_as(launch))
}

/// `x̄ = z̄ · w`, `w̄ = z̄ᵀ · x`, `b̄ = Σ z̄` for `z̄ = ȳ · activation'`. Operands: x̄, w̄, b̄,
/// each empty if it is not needed; ȳ, y, x, w. Integer 0: activation.
fn linear_grad_as<T: Lanes + Summand<Output = T>>(launch: &mut Launch<'_>) -> Result {
    let activation = activation::<T>(launch.ints()[0])?;
    let x_grad = elements::<T>(launch.contiguous_output(0)?)?;
    let w_grad = elements::<T>(launch.contiguous_output(1)?)?;
    let b_grad = elements::<T>(launch.contiguous_output(2)?)?;
    let g = Reader::<T>::new(launch.input(0)?)?;
    let y = Reader::<T>::new(launch.input(1)?)?;
    let (x, _, examples) = operand::<T>(launch.input(2)?)?;
    let (w, _, weight) = operand::<T>(launch.input(3)?)?;
    let (rows, columns) = (examples.rows, weight.rows);
    let bias_fits = b_grad.is_empty() || b_grad.len() == columns;
    if g.len() != rows * columns || y.len() != g.len() || !bias_fits {
        return Err(Error::new("the operands do not fit"));
    }
    let copied;
    let g = match (g.as_slice(), &activation) {
        (Some(g), None) => g,
        _ => {
            let mut target = scratch(g.len())?;
            try_parts(target.chunks_mut(GRAIN).enumerate(), |(index, part)| {
                let start = index * GRAIN;
                g.copy_to(start, part);
                let Some(activation) = &activation else { return Ok(()) };
                match y.as_slice() {
                    Some(y) => (activation.derive)(part, &y[start..start + part.len()]),
                    None => {
                        let mut values = scratch(part.len())?;
                        y.copy_to(start, &mut values);
                        (activation.derive)(part, &values);
                    }
                }
                Ok(())
            })?;
            copied = target;
            &copied
        }
    };
    let cotangent = Matrix { start: 0, rows, columns, row_stride: columns, column_stride: 1 };
    if !b_grad.is_empty() {
        let layout = Layout::new(&[columns as i32, rows as i32], &[1, columns as i32])?;
        sum_columns::<T>((0, b_grad), &Axes::new(&layout, 1), g, 1.0)?;
    }
    if !x_grad.is_empty() {
        multiply(x_grad, (g, cotangent), (w, weight))?;
    }
    if !w_grad.is_empty() {
        multiply(w_grad, (g, cotangent.transposed()), (x, examples))?;
    }
    Ok(())
}
