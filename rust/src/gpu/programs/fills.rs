//! Elements that depend only on their position: sequences, and counter-based random numbers, whose
//! words are those of `kernels/random`.

use super::MAIN;
use super::elementwise::{MATH, MATH_FLOAT32, MATH_FLOAT64};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, VECTOR, spread};

pub(crate) const FILL_SOURCE: &str = include_str!("fills.wgsl");

const UNITS_FLOAT32: &str = include_str!("units_float32.wgsl");
const UNITS_FLOAT64: &str = include_str!("units_float64.wgsl");

const UNIFORM: &str = "return units(i);\n";

const NORMAL: &str = "let u = units(i);
    return vec4<T>(box_muller(u.x, u.y), box_muller(u.z, u.w));
";

/// Each takes two words.
const INTEGERS: &str = "let a = block(2u * i);
    let b = block(2u * i + 1u);
    return vec4<i32>(integer(a.x, a.y), integer(a.z, a.w), integer(b.x, b.y), integer(b.z, b.w));
";

const SEQUENCE: &str = "let places = vec4<i32>(vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u));
    return places * bitcast<i32>(word(5u)) + bitcast<i32>(word(4u));
";

const STORE_VECTORS: &str = "if (count == 4u) {
        m0[word(2u) + i] = numbers;
        return;
    }
    for (var part = 0u; part < count; part++) {
        m0[word(2u) + i][part] = numbers[part];
    }
";

const STORE_SINGLE: &str = "for (var part = 0u; part < count; part++) {
        m0[word(2u) + 4u * i + part] = numbers[part];
    }
";

/// The dispatch that fills an output of integers or floats; integers as on the CPU.
fn fill(
    name: &'static str,
    numbers: &'static str,
    floats: bool,
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let [out] = operands else { return Err(Error::new("what is filled is one operand")) };
    let dtype = out.dtype;
    if if floats { !dtype.is_float() } else { dtype != DType::I32 } {
        return Err(Error::unsupported(dtype));
    }
    if !out.layout.is_contiguous() {
        return Err(Error::new("the output must be contiguous"));
    }
    let size = out.layout.len();
    let items = size.div_ceil(VECTOR);
    let vectors = out.offset.is_multiple_of(VECTOR);
    let (item, each) =
        if vectors { (Item::Vector(dtype), VECTOR) } else { (Item::Element(dtype), 1) };
    let bound = vec![(Slot::Operand(0), item)];
    let groups = spread(items.div_ceil(GROUP))?;
    let number = if floats { dtype } else { DType::F32 };
    let mut stage = Stage::new(name, text, [number, dtype], bound, groups);
    stage.expression = numbers;
    stage.values[0] = vectors.into();
    stage.set(0, &[items, size, out.offset / each])?;
    stage.copy(4, &frame.ints().map(|word| word as u32)[..6]);
    Ok(vec![stage])
}

fn text(stage: &Stage) -> Result<String> {
    let store = if stage.values[0] == 1 { STORE_VECTORS } else { STORE_SINGLE };
    let source = FILL_SOURCE
        .replace("    // numbers\n", &format!("    {}", stage.expression))
        .replace("    // store\n", &format!("    {store}"));
    let functions = match stage.number() {
        DType::F64 => [MATH, MATH_FLOAT64, UNITS_FLOAT64],
        _ => [MATH, MATH_FLOAT32, UNITS_FLOAT32],
    };
    Ok(functions.concat() + &source + MAIN)
}

/// Uniform numbers in [0, 1).
pub(crate) fn uniform(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    fill("uniform", UNIFORM, true, frame, operands)
}

/// Normal numbers.
pub(crate) fn normal(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    fill("normal", NORMAL, true, frame, operands)
}

/// Integers from a range.
pub(crate) fn integers(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    fill("integers", INTEGERS, false, frame, operands)
}

/// Integers at equal distances. Integer 0: the first one, integer 1: the distance.
pub(crate) fn sequence(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    fill("sequence", SEQUENCE, false, frame, operands)
}
