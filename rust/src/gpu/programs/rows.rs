//! Functions along one axis, in several passes over a row: softmax and its relatives,
//! cross-entropy, and their gradients.

use super::MAIN;
use super::across::across;
use super::elementwise::{MATH, MATH_FLOAT64};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Operand, Slot, Stage, constants, spread};

pub(crate) const ROWS_SOURCE: &str = include_str!("rows.wgsl");

/// The exponentials of four elements.
const EXP_FLOAT32: &str = "fn exponentials(x: vec4<T>) -> vec4<T> {
    return exp(x);
}
";
const EXP_FLOAT64: &str = "fn exponentials(x: vec4<T>) -> vec4<T> {
    return vec4<T>(exp(x.x), exp(x.y), exp(x.z), exp(x.w));
}
";

/// The largest element, or 0 if that is not finite, and the sum of the exponentials.
macro_rules! exponentials {
    ($rest:literal) => {
        concat!(
            "var top = -LARGEST;
    for (var i = lane; i < length; i += 4u * LANES) {
        let values = four(x, i, length);
        let near = select(values, vec4<T>(LARGEST), values > vec4<T>(LARGEST));
        top = larger(top, larger(larger(near.x, near.y), larger(near.z, near.w)));
    }
    top = largest_across(own, top);
    top = select(0.0, top, abs(top) < LARGEST);
    var total = T();
    for (var i = lane; i < length; i += 4u * LANES) {
        let places = i + vec4<u32>(0u, 1u, 2u, 3u) * LANES;
        let values = exponentials(four(x, i, length) - top);
        let there = select(vec4<T>(), values, places < vec4<u32>(length));
        total += (there.x + there.y) + (there.z + there.w);
    }
    total = sum_across(own, total);
    ",
            $rest
        )
    };
}

const SOFTMAX: &str = exponentials!(
    "for (var i = lane; i < length; i += LANES) {
        m0[out + i * word(7u)] = exp(m1[x + i * word(3u)] - top) / total;
    }
"
);

const LOG_SOFTMAX: &str = exponentials!(
    "total = log(total);
    for (var i = lane; i < length; i += LANES) {
        m0[out + i * word(7u)] = m1[x + i * word(3u)] - top - total;
    }
"
);

const LOGSUMEXP: &str = exponentials!(
    "if (there && lane == 0u) {
        m0[word(6u) + row] = log(total) + top;
    }
"
);

const SOFTMAX_GRAD: &str = "var total = T();
    for (var i = lane; i < length; i += LANES) {
        total += m1[x + i * word(3u)] * m2[second + i * word(5u)];
    }
    total = sum_across(own, total);
    for (var i = lane; i < length; i += LANES) {
        m0[out + i * word(7u)] = m1[x + i * word(3u)] * (m2[second + i * word(5u)] - total);
    }
";

const LOG_SOFTMAX_GRAD: &str = "var total = T();
    for (var i = lane; i < length; i += LANES) {
        total += m2[second + i * word(5u)];
    }
    total = sum_across(own, total);
    for (var i = lane; i < length; i += LANES) {
        m0[out + i * word(7u)] = m2[second + i * word(5u)] - exp(m1[x + i * word(3u)]) * total;
    }
";

const CROSS_ENTROPY: &str = exponentials!(
    "if (there && lane == 0u) {
        let label = u32(m2[word(40u) + row * word(41u)]);
        m0[word(6u) + row] = log(total) - (m1[x + label * word(3u)] - top);
    }
"
);

const CROSS_ENTROPY_GRAD: &str = exponentials!(
    "let label = u32(m2[word(40u) + row * word(41u)]);
    let factor = m3[word(42u) + row * word(43u)];
    for (var i = lane; i < length; i += LANES) {
        let share = exp(m1[x + i * word(3u)] - top) * (factor / total);
        m0[out + i * word(7u)] = share - select(0.0, factor, i == label);
    }
"
);

/// The dispatch of a program over the rows along an axis of the first input.
fn over_rows(
    name: &'static str,
    body: &'static str,
    operands: &[Operand],
    axis: usize,
) -> Result<Stage> {
    let x = operands.get(1).ok_or_else(|| Error::new("an input is missing"))?;
    if axis >= x.layout.rank() {
        return Err(Error::new(format!("there is no axis {axis}")));
    }
    if !x.dtype.is_float() {
        return Err(Error::unsupported(x.dtype));
    }
    let length = x.layout.extent(axis);
    let kept = x.layout.without(|other| other == axis);
    let inner = x.layout.axes(axis + 1, x.layout.rank()).len();
    let lanes = match length {
        0..33 => 1,
        33..513 => 32,
        _ => GROUP,
    };
    let bound = operands.iter().enumerate().map(|(i, operand)| (Slot::Operand(i), operand.item()));
    let groups = spread(kept.len().div_ceil(GROUP / lanes))?;
    let mut stage = Stage::new(name, text, [x.dtype, operands[0].dtype], bound.collect(), groups);
    stage.expression = body;
    stage.values[..2].copy_from_slice(&[lanes as u32, kept.rank() as u32]);
    stage.set(0, &[kept.len(), length, x.offset, x.layout.stride(axis)])?;
    stage.set(6, &[operands[0].offset, inner.max(1)])?;
    stage.copy(8, kept.shape());
    stage.copy(16, kept.strides());
    Ok(stage)
}

fn text(stage: &Stage) -> Result<String> {
    let [lanes, kept, ..] = stage.values;
    let functions = match stage.types[0] {
        DType::F64 => [MATH, MATH_FLOAT64, EXP_FLOAT64],
        _ => ["", "", EXP_FLOAT32],
    };
    Ok(constants(&[("LANES", lanes), ("KEPT", kept)])
        + &functions.concat()
        + &across("T", &[("sum_across", "a + b"), ("largest_across", "larger(a, b)")])
        + &ROWS_SOURCE.replace("    // body\n", &format!("    {}", stage.expression))
        + MAIN)
}

fn axis_of(frame: &Frame<'_>) -> usize {
    frame.ints()[0].max(0) as usize
}

/// Softmax along integer 0, or its logarithm.
pub(crate) fn softmax<const LOG: bool>(
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let [out, x] = operands else { return Err(Error::new("softmax has two operands")) };
    if out.layout.len() != x.layout.len() {
        return Err(Error::new("the output has another size"));
    }
    let (name, body) = if LOG { ("log_softmax", LOG_SOFTMAX) } else { ("softmax", SOFTMAX) };
    Ok(vec![over_rows(name, body, operands, axis_of(frame))?])
}

/// The gradient of softmax, from its result and the cotangent.
pub(crate) fn softmax_grad<const LOG: bool>(
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let [out, y, g] = operands else {
        return Err(Error::new("the gradient of softmax has three operands"));
    };
    if out.layout.len() != y.layout.len() || g.layout.shape() != y.layout.shape() {
        return Err(Error::new("the operands have different sizes"));
    }
    let (name, body) =
        if LOG { ("log_softmax_grad", LOG_SOFTMAX_GRAD) } else { ("softmax_grad", SOFTMAX_GRAD) };
    let axis = axis_of(frame);
    let mut stage = over_rows(name, body, operands, axis)?;
    stage.set(4, &[g.offset, g.layout.stride(axis)])?;
    stage.copy(24, g.layout.without(|other| other == axis).strides());
    Ok(vec![stage])
}

/// ln Σ eˣ along integer 0.
pub(crate) fn logsumexp(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x] = operands else { return Err(Error::new("logsumexp has two operands")) };
    let axis = axis_of(frame);
    if out.layout.len() * x.layout.extent(axis).max(1) != x.layout.len().max(out.layout.len()) {
        return Err(Error::new("the output has another size"));
    }
    Ok(vec![over_rows("logsumexp", LOGSUMEXP, operands, axis)?])
}

/// Sets the layout of the labels of [N, C] logits, and the factors of their gradients.
fn set_labels(stage: &mut Stage, x: &Operand, vectors: &[&Operand]) -> Result {
    for (number, vector) in vectors.iter().enumerate() {
        if x.layout.rank() != 2 || vector.layout.shape() != &x.layout.shape()[..1] {
            return Err(Error::new("there must be a label for each row"));
        }
        stage.set(40 + 2 * number, &[vector.offset, vector.layout.stride(0)])?;
    }
    Ok(())
}

/// `out[n] = ln Σ e^x[n] − x[n][label[n]]`
pub(crate) fn cross_entropy(_: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x, labels] = operands else {
        return Err(Error::new("cross entropy has three operands"));
    };
    let mut stage = over_rows("cross_entropy", CROSS_ENTROPY, operands, 1)?;
    set_labels(&mut stage, x, &[labels])?;
    if out.layout.len() != labels.layout.len() {
        return Err(Error::new("the output has another size"));
    }
    Ok(vec![stage])
}

/// `out[n][c] = (softmax(x[n])[c] − [c = label[n]]) · g[n]`
pub(crate) fn cross_entropy_grad(_: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x, labels, g] = operands else {
        return Err(Error::new("the gradient of cross entropy has four operands"));
    };
    let mut stage = over_rows("cross_entropy_grad", CROSS_ENTROPY_GRAD, operands, 1)?;
    set_labels(&mut stage, x, &[labels, g])?;
    if out.layout.len() != x.layout.len() {
        return Err(Error::new("the output has another size"));
    }
    Ok(vec![stage])
}
