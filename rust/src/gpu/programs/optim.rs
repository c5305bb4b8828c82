//! Optimizer steps: each updates a parameter and its state in one dispatch, four elements at a time
//! if they are contiguous.

use super::MAIN;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, VECTOR, spread};

pub(crate) const STEP_SOURCE: &str = include_str!("optim.wgsl");

/// Numbers: lr, weight decay, sign of the gradient.
const SGD: &str = "m0[p] = m0[p] - number(0u) * descent(m1[g], m0[p]);
";

/// Numbers: lr, weight decay, sign, the factors of the buffer and of the gradient in the new buffer, and
/// the factor of the buffer that Nesterov's step adds to the gradient; 0 for a step along the buffer.
const SGD_MOMENTUM: &str = "let gradient = descent(m2[g], m0[p]);
    let buffer = number(3u) * m1[s] + number(4u) * gradient;
    m1[s] = buffer;
    let change = select(gradient + number(5u) * buffer, buffer, number(5u) == 0);
    m0[p] = m0[p] - number(0u) * change;
";

/// Numbers: step, weight decay, sign, the factor of the parameter, 1 − β₁, β₂, 1 − β₂, the root of the
/// second correction, ε. A mean square that overflows stays at the largest number: after ∞ every later
/// step would be 0. That of an infinite gradient does not, so that the step is NaN.
const ADAM: &str = "let held = m0[p] * number(3u);
    let gradient = descent(m3[g], held);
    let mean = m1[s] + number(4u) * (gradient - m1[s]);
    let next = number(5u) * m2[t] + number(6u) * (gradient * gradient);
    let square = min(next, E(LARGEST));
    m1[s] = mean;
    m2[t] = square;
    let size = sqrt(select(square, next, abs(mean) > E(LARGEST)));
    m0[p] = held - number(0u) * mean / (size / number(7u) + number(8u));
";

fn step(
    name: &'static str,
    body: &'static str,
    operands: &[Operand],
    numbers: &[f64],
) -> Result<Vec<Stage>> {
    let size = operands[0].layout.len();
    let fits = |operand: &Operand| operand.layout.len() == size && operand.layout.is_contiguous();
    if !operands.iter().all(fits) {
        return Err(Error::new("parameter, state and gradient must be contiguous and of one size"));
    }
    let aligned = |operand: &Operand| operand.offset.is_multiple_of(VECTOR);
    let vectors = size.is_multiple_of(VECTOR) && operands.iter().all(aligned);
    let each = if vectors { VECTOR } else { 1 };
    let item = |operand: &Operand| {
        if vectors { Item::Vector(operand.dtype) } else { operand.item() }
    };
    let bound = operands.iter().enumerate().map(|(i, operand)| (Slot::Operand(i), item(operand)));
    let groups = spread((size / each).div_ceil(GROUP))?;
    let mut stage = Stage::new(name, text, [operands[0].dtype; 2], bound.collect(), groups);
    stage.outputs = operands.len() - 1;
    stage.updates = true;
    stage.expression = body;
    stage.values[0] = vectors.into();
    stage.set(0, &[size / each])?;
    for (number, operand) in operands.iter().enumerate() {
        stage.set(1 + number, &[operand.offset / each])?;
    }
    stage.set_numbers(8, numbers);
    Ok(vec![stage])
}

fn text(stage: &Stage) -> Result<String> {
    let element = if stage.values[0] == 1 { "vec4<T>" } else { "T" };
    Ok(format!("alias E = {element};\nconst GRADIENT = {}u;\n", stage.outputs + 1)
        + &STEP_SOURCE.replace("    // body\n", &format!("    {}", stage.expression))
        + MAIN)
}

fn sign(maximize: bool) -> f64 {
    if maximize { -1.0 } else { 1.0 }
}

/// Parameters: lr, weight decay; integer 0: maximize.
pub(crate) fn sgd(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [lr, decay, ..] = frame.params();
    let maximize = frame.ints()[0] != 0;
    if operands.len() != 2 {
        return Err(Error::new("a step has a parameter and a gradient"));
    }
    step("sgd_step", SGD, operands, &[lr, decay, sign(maximize)])
}

/// Parameters: lr, weight decay, momentum, dampening; integers: maximize, nesterov, first step.
pub(crate) fn sgd_momentum(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [lr, decay, momentum, dampening, ..] = frame.params();
    let [maximize, nesterov, first, ..] = frame.ints().map(|flag| flag != 0);
    if operands.len() != 3 {
        return Err(Error::new("a step has a parameter, a buffer and a gradient"));
    }
    let (keep, take) = if first { (0.0, 1.0) } else { (momentum, 1.0 - dampening) };
    let ahead = if nesterov { momentum } else { 0.0 };
    let numbers = [lr, decay, sign(maximize), keep, take, ahead];
    step("sgd_momentum_step", SGD_MOMENTUM, operands, &numbers)
}

/// Parameters: lr, weight decay, β₁, β₂, ε, 1 − β₁ᵗ, 1 − β₂ᵗ; integers: maximize, decoupled decay.
pub(crate) fn adam(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [lr, decay, beta1, beta2, epsilon, correction1, correction2, _] = frame.params();
    let [maximize, decoupled, ..] = frame.ints().map(|flag| flag != 0);
    if operands.len() != 4 {
        return Err(Error::new("a step has a parameter, two means and a gradient"));
    }
    let (shrink, decay) = if decoupled { (1.0 - lr * decay, 0.0) } else { (1.0, decay) };
    let (step_size, root) = (lr / correction1, correction2.sqrt());
    let numbers =
        [step_size, decay, sign(maximize), shrink, 1.0 - beta1, beta2, 1.0 - beta2, root, epsilon];
    step("adam_step", ADAM, operands, &numbers)
}
