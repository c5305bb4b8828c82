//! Rows of one expression. Axes that continue each other in all operands are merged, and if the
//! inner one is contiguous or repeats an element, an invocation handles four elements.

use super::MAIN;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, VECTOR, constants, spread};
use crate::layout::MAX_RANK;

const SOURCE: &str = include_str!("elementwise.wgsl");
pub(super) const MATH: &str = include_str!("math.wgsl");
pub(super) const MATH_FLOAT32: &str = include_str!("math_float32.wgsl");
pub(super) const MATH_FLOAT64: &str = include_str!("math_float64.wgsl");
const SPECIAL: &str = include_str!("special.wgsl");
const INTEGER: &str = include_str!("integer.wgsl");

/// Where an operand's words start.
const fn words_of(operand: usize) -> usize {
    10 + operand * (1 + MAX_RANK)
}

/// The axes of several operands of one shape.
struct Axes {
    shape: Vec<u32>,
    /// The strides of each operand.
    strides: Vec<Vec<u32>>,
}

impl Axes {
    fn of(operands: &[Operand]) -> Self {
        let layouts: Vec<_> = operands.iter().map(|operand| &operand.layout).collect();
        let mut axes = Self { shape: Vec::new(), strides: vec![Vec::new(); operands.len()] };
        for axis in 0..layouts[0].rank() {
            let extent = layouts[0].shape()[axis];
            if extent == 1 {
                continue;
            }
            let strides = layouts.iter().map(|layout| layout.strides()[axis]);
            let continues = |(own, stride): (&Vec<u32>, u32)| {
                own.last()
                    .is_some_and(|&outer| u64::from(outer) == u64::from(extent) * u64::from(stride))
            };
            if axes.strides.iter().zip(strides.clone()).all(continues) {
                if let Some(last) = axes.shape.last_mut() {
                    *last *= extent;
                }
                for (own, stride) in axes.strides.iter_mut().zip(strides) {
                    if let Some(last) = own.last_mut() {
                        *last = stride;
                    }
                }
            } else {
                axes.shape.push(extent);
                for (own, stride) in axes.strides.iter_mut().zip(strides) {
                    own.push(stride);
                }
            }
        }
        if axes.shape.is_empty() {
            axes.shape.push(1);
            axes.strides.iter_mut().for_each(|own| own.push(0));
        }
        axes
    }

    fn inner(&self, operand: usize) -> u32 {
        self.strides[operand].last().copied().unwrap_or(0)
    }

    /// Whether an invocation can handle four neighbours along the inner axis.
    fn are_vectors(&self, operands: &[Operand]) -> bool {
        let (last, outer) = (self.shape.len() - 1, VECTOR as u32);
        let fits = |number: usize| {
            let aligned = operands[number].offset.is_multiple_of(VECTOR)
                && self.strides[number][..last].iter().all(|stride| stride.is_multiple_of(outer));
            match self.inner(number) {
                0 => number > 0,
                1 => aligned,
                _ => false,
            }
        };
        (last == 0 || self.shape[last].is_multiple_of(outer))
            && self.shape[last] >= outer
            && (0..operands.len()).all(fits)
    }
}

/// The dispatch of a row of one expression, for an output and up to three inputs of its shape;
/// `special` if it calls a function of `special.wgsl`.
pub(crate) fn elementwise(
    name: &'static str,
    expression: &'static str,
    special: bool,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let out = operands.first().ok_or_else(|| Error::new("the output is missing"))?;
    if !(2..=4).contains(&operands.len()) {
        return Err(Error::new("an elementwise row has one to three inputs"));
    }
    if operands.iter().any(|operand| operand.layout.shape() != out.layout.shape()) {
        return Err(Error::new("shapes differ"));
    }
    let mut axes = Axes::of(operands);
    let size = out.layout.len();
    let vectors = !special && axes.are_vectors(operands);
    let mut bound = Vec::with_capacity(operands.len());
    let mut offsets = Vec::with_capacity(operands.len());
    for (number, operand) in operands.iter().enumerate() {
        let whole = vectors && axes.inner(number) == 1;
        let item = if whole { Item::Vector(operand.dtype) } else { operand.item() };
        bound.push((Slot::Operand(number), item));
        offsets.push(operand.offset / if whole { VECTOR } else { 1 });
        if whole {
            let strides = &mut axes.strides[number];
            let last = strides.len() - 1;
            strides[..last].iter_mut().for_each(|stride| *stride /= VECTOR as u32);
        }
    }
    let last = axes.shape.len() - 1;
    if vectors {
        axes.shape[last] = axes.shape[last].div_ceil(VECTOR as u32);
    }
    let types = [operands[operands.len() - 1].dtype, out.dtype];
    let items = if vectors { size.div_ceil(VECTOR) } else { size };
    let mut stage = Stage::new(name, text, types, bound, spread(items.div_ceil(GROUP))?);
    stage.expression = expression;
    let tail = vectors && !size.is_multiple_of(VECTOR);
    stage.values[0] = axes.shape.len() as u32;
    stage.values[1..4].copy_from_slice(&[vectors, tail, special].map(u32::from));
    stage.set(0, &[items, size])?;
    stage.copy(2, &axes.shape);
    for (number, (&offset, strides)) in offsets.iter().zip(&axes.strides).enumerate() {
        stage.set(words_of(number), &[offset])?;
        stage.copy(words_of(number) + 1, strides);
    }
    Ok(vec![stage])
}

/// The text around an expression.
fn text(stage: &Stage) -> Result<String> {
    let [rank, vectors, tail, special, ..] = stage.values;
    let expression = stage.expression;
    let item = |number: usize| stage.bound.get(number).map(|&(_, item)| item);
    let [element, to] = stage.types;
    let special = if special == 0 { "" } else { SPECIAL };
    let functions = match element {
        DType::F32 => [MATH, MATH_FLOAT32, special],
        DType::F64 => [MATH, MATH_FLOAT64, special],
        DType::I32 => [INTEGER, "", ""],
        DType::Bool => [""; 3],
    };
    let names = match stage.bound.len() {
        2 => &["x"][..],
        3 => &["a", "b"],
        _ => &["c", "a", "b"],
    };
    let types = |name: &&str| if *name == "c" { "c: u32".into() } else { format!("{name}: T") };
    let signature = names.iter().map(types).collect::<Vec<_>>().join(", ");
    let result = if to == DType::Bool {
        format!("u32(bool({expression}))")
    } else {
        format!("R({expression})")
    };
    let [mut starts, mut steps, mut ends, mut loads] = [const { String::new() }; 4];
    for number in 0..stage.bound.len() {
        let at = words_of(number);
        starts += &format!("    var p{number} = word({at}u);\n");
        steps += &format!("        p{number} += at * word({}u + axis);\n", at + 1);
        ends += &format!("    p{number} += rest * word({}u);\n", at + 1);
    }
    for (index, name) in names.iter().enumerate() {
        let number = index + 1;
        loads += &format!("    let {name} = m{number}[p{number}];\n");
    }
    let of = |part: &str| {
        let arguments = names.iter().enumerate().map(|(index, name)| match item(index + 1) {
            Some(Item::Vector(_)) => format!("{name}.{part}"),
            _ => (*name).into(),
        });
        format!("value({})", arguments.collect::<Vec<String>>().join(", "))
    };
    let store: String = if vectors == 0 {
        format!("    m0[p0] = {};\n", of("x"))
    } else {
        let parts = ["x", "y", "z", "w"].map(of).join(", ");
        let whole = format!("    let y = vec4<R>({parts});\n");
        let part = "    for (var part = 0u; part < min(4u, word(1u) - 4u * i); part++) {\n        m0[p0][part] = y[part];\n    }\n";
        whole + if tail == 0 { "    m0[p0] = y;\n" } else { part }
    };
    Ok(constants(&[("RANK", rank)])
        + &functions.concat()
        + &SOURCE
            .replace("SIGNATURE", &signature)
            .replace("RESULT", &result)
            .replace("    // starts\n", &starts)
            .replace("        // steps\n", &steps)
            .replace("    // ends\n", &ends)
            .replace("    // loads\n", &loads)
            .replace("    // store\n", &store)
        + MAIN)
}
