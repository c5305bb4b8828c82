//! Convolutions, as matrix products one of whose sides is read through a window, and pools.

use super::MAIN;
use super::matmul::{Grid, parts_of, tiled, tiles};
use super::reduce::sum_of_parts;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, VECTOR, bytes_of, constants, spread};
use crate::layout::Layout;

pub(crate) const WINDOW_SOURCE: &str = include_str!("window.wgsl");
pub(crate) const POOL_SOURCE: &str = include_str!("pool.wgsl");
const SPACE_SOURCE: &str = include_str!("space.wgsl");

/// Dimensions of space; if there are fewer, extents of 1 are put in front.
const SPACE: usize = 3;
/// The first word of a window.
const WORDS_FROM: usize = 40;

/// What a window moves over: extents of input, output and window, strides, dilations and paddings.
struct Window {
    words: [usize; 6 * SPACE],
    inputs: usize,
    outputs: usize,
    taps: usize,
    kernel: [usize; SPACE],
}

impl Window {
    /// Integers 0 to 2: strides, 3 to 5: dilations; floats 0 to 2: paddings.
    fn new(frame: &Frame<'_>, x: &Layout, y: &Layout, kernel: [usize; SPACE]) -> Result<Self> {
        let (ints, params) = (frame.ints(), frame.params());
        if ints[..2 * SPACE].iter().any(|&number| number < 1) || kernel.contains(&0) {
            return Err(Error::new("a stride, dilation or window is not positive"));
        }
        let space = |layout: &Layout| -> [usize; SPACE] {
            std::array::from_fn(|axis| layout.extent(2 + axis))
        };
        let mut words = [0; 6 * SPACE];
        for axis in 0..SPACE {
            let (stride, dilation) = (ints[axis] as usize, ints[SPACE + axis] as usize);
            let padding = extent_of(params[axis])?;
            words[axis] = space(x)[axis];
            words[SPACE + axis] = space(y)[axis];
            words[2 * SPACE + axis] = kernel[axis];
            words[3 * SPACE + axis] = stride;
            words[4 * SPACE + axis] = dilation;
            words[5 * SPACE + axis] = padding;
            let last = space(y)[axis].saturating_sub(1) * stride + dilation * (kernel[axis] - 1);
            if last >= space(x)[axis] + 2 * padding + stride {
                return Err(Error::new("a window reaches beyond its input"));
            }
        }
        let [inputs, outputs, taps] =
            [space(x), space(y), kernel].map(|extents| extents.iter().product());
        Ok(Self { words, inputs, outputs, taps, kernel })
    }

    fn set(&self, stage: &mut Stage) -> Result {
        for (value, &extent) in stage.values[6..].iter_mut().zip(&self.kernel) {
            *value = extent as u32;
        }
        let strides = &self.words[3 * SPACE..4 * SPACE];
        stage.values[9] = u32::from(strides != [1; SPACE]);
        stage.set(WORDS_FROM, &self.words)
    }
}

/// An integer parameter, no larger than an extent can be.
fn extent_of(parameter: f64) -> Result<usize> {
    if parameter.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&parameter) {
        return Ok(parameter as usize);
    }
    Err(Error::range(format!("a padding or extent must be a whole number, got {parameter}")))
}

/// The address of a position along a side of the product, and that of an inner position: on the
/// left, then on the right, with the function that reads there.
struct Places {
    left: [&'static str; 2],
    right: [&'static str; 2],
    value: &'static str,
}

const TO_OUTPUT: Places = Places {
    left: [
        "(group_of() * word(59u) + side) * word(24u)",
        "inner / TAPS * word(25u) + weight_taps(inner % TAPS)",
    ],
    right: [
        "place_in(43u, side) * triple(49u) - triple(55u), product / word(60u) * word(16u)",
        "tap_of(inner % TAPS) * triple(52u), (group_of() * word(58u) + inner / TAPS) * word(17u)",
    ],
    value: "input_value",
};
const TO_INPUT: Places = Places {
    left: [
        "side * word(25u)",
        "(group_of() * word(59u) + inner / TAPS) * word(24u) + weight_taps(inner % TAPS)",
    ],
    right: [
        "place_in(40u, side) + triple(55u), product / word(60u) * word(16u)",
        "vec3<u32>() - tap_of(inner % TAPS) * triple(52u), (group_of() * word(59u) + inner / TAPS) * word(17u)",
    ],
    value: "output_value",
};
const TO_WEIGHT: Places = Places {
    left: [
        "(group_of() * word(59u) + side) * word(25u)",
        "inner / outputs() * word(24u) + summed(place_in(43u, inner % outputs()) * triple(26u))",
    ],
    right: [
        "tap_of(side % TAPS) * triple(52u) - triple(55u), (group_of() * word(58u) + side / TAPS) * word(17u)",
        "place_in(43u, inner % outputs()) * triple(49u), inner / outputs() * word(16u)",
    ],
    value: "input_value",
};

#[derive(Clone, Copy, PartialEq)]
enum To {
    Output,
    Input,
    Weight,
}

/// A convolution, from operands in the order of the CPU's kernels.
fn convolution(frame: &Frame<'_>, operands: &[Operand], to: To) -> Result<Vec<Stage>> {
    let [out, first, second, ..] = operands else {
        return Err(Error::new("a convolution has three operands"));
    };
    let (x, w, y) = match to {
        To::Output => (first, second, out),
        To::Input => (out, second, first),
        To::Weight => (first, out, second),
    };
    if [x, w, y].iter().any(|operand| operand.layout.rank() != 2 + SPACE) {
        return Err(Error::new("a convolution has operands of rank 5"));
    }
    let extent = |operand: &Operand, axis: usize| operand.layout.extent(axis);
    let kernel = std::array::from_fn(|axis| extent(w, 2 + axis));
    let window = Window::new(frame, &x.layout, &y.layout, kernel)?;
    let groups = frame.ints()[6].max(1) as usize;
    let (batch, channels, filters) = (extent(x, 0), extent(w, 1), extent(w, 0) / groups);
    let fits = extent(y, 0) == batch
        && extent(x, 1) == channels * groups
        && extent(y, 1) == filters * groups
        && extent(w, 0) == filters * groups;
    if !fits {
        return Err(Error::new("the operands of a convolution do not fit"));
    }
    let (rows, inner, columns, products) = match to {
        To::Output => (filters, channels * window.taps, window.outputs, batch * groups),
        To::Input => (channels, filters * window.taps, window.inputs, batch * groups),
        To::Weight => (filters, batch * window.outputs, channels * window.taps, groups),
    };
    let (side, row_parts, column_parts) = tiles(out.dtype, [rows, 0, columns], products);
    let count = rows.div_ceil(side) * columns.div_ceil(side) * products;
    let (parts, chunk) = if to == To::Weight { parts_of(inner, count, side) } else { (1, inner) };
    let split = parts > 1;
    // On the left are the weights or the gradient of the output, in all cases the second operand.
    let (left, right) = (2, 1);
    let vectors = columns.is_multiple_of(VECTOR) && (split || out.offset.is_multiple_of(VECTOR));
    let written = if vectors { Item::Vector(out.dtype) } else { out.item() };
    let mut bound = vec![
        (if split { Slot::Scratch } else { Slot::Operand(0) }, written),
        (Slot::Operand(left), operands[left].item()),
        (Slot::Operand(right), operands[right].item()),
    ];
    let bias = operands.get(3);
    if let Some(bias) = bias {
        if to != To::Output || bias.layout.len() != filters * groups {
            return Err(Error::new("the bias has another length"));
        }
        bound.push((Slot::Operand(3), bias.item()));
    }
    let grid = Grid::new(rows, columns, side, products * parts);
    let name = match to {
        To::Output => "conv",
        To::Input => "conv_input",
        To::Weight => "conv_weight",
    };
    let mut stage = Stage::new(name, text, [out.dtype; 2], bound, grid.groups()?);
    let sizes = [side as u32, row_parts, column_parts, 0, 0, vectors.into()];
    stage.values[..6].copy_from_slice(&sizes);
    window.set(&mut stage)?;
    let offset = if split { 0 } else { out.offset };
    stage.set(0, &[rows, inner, columns, 0])?;
    stage.set(4, &[operands[left].offset, operands[right].offset, offset])?;
    stage.set(11, &[chunk, products])?;
    grid.set(&mut stage)?;
    stage.copy(16, operands[right].layout.strides());
    stage.copy(24, operands[left].layout.strides());
    stage.set(58, &[channels, filters, groups])?;
    if let Some(bias) = bias {
        stage.set(61, &[bias.offset, bias.layout.strides().first().map_or(0, |&s| s as usize)])?;
    }
    if !split {
        return Ok(vec![stage]);
    }
    stage.scratch = bytes_of(out.dtype) * parts * out.layout.len();
    Ok(vec![stage, sum_of_parts(out, 0, parts, 0)?])
}

fn kernel_text(stage: &Stage) -> String {
    let [.., depth, height, width, _, _] = stage.values;
    constants(&[
        ("DEEP", depth),
        ("HIGH", height),
        ("WIDE", width),
        ("TAPS", depth * height * width),
    ]) + SPACE_SOURCE
}

fn text(stage: &Stage) -> Result<String> {
    if !stage.types[0].is_float() {
        return Err(Error::unsupported(stage.types[0]));
    }
    let places = match stage.name {
        "conv" => TO_OUTPUT,
        "conv_input" => TO_INPUT,
        _ => TO_WEIGHT,
    };
    let on_left = |text: &str| format!("vec3<u32>(), {text}");
    let functions = [
        side_text("left", &places.left.map(on_left), "left_value"),
        side_text("right", &places.right.map(String::from), places.value),
    ];
    let sides = |name: &str, first: &str| {
        let side =
            |i| format!("        sides[{i}] = {name}_side({first} + 4u * {name}_quad + {i}u);\n");
        (0..VECTOR).map(side).collect::<String>()
    };
    let sides = format!(
        "if (is_left) {{\n{}    }} else {{\n{}    }}\n",
        sides("left", "row"),
        sides("right", "column")
    );
    let biased = stage.bound.len() > 3;
    let bias = " + V(m3[word(61u) + (group_of() * word(59u) + row) * word(62u)])";
    let strided = format!("const STRIDED = {};\n", stage.values[9] == 1);
    let fetches = strided + &kernel_text(stage) + WINDOW_SOURCE + &functions.concat();
    Ok(tiled(stage, &fetches, &sides, if biased { bias } else { "" }))
}

/// How four by four elements of a side are read: what depends only on the position is computed
/// once.
fn side_text(name: &str, [side, inner]: &[String; 2], value: &str) -> String {
    let quad = |(deep, quad): (usize, &str)| {
        let place = format!("    let k{deep} = {name}_inner(inner + {deep}u);\n");
        let values = (0..VECTOR)
            .map(|i| format!("select(T(0), {value}(sides[{i}], k{deep}), side + {i}u < limit)"));
        let values = values.collect::<Vec<_>>().join(", ");
        format!("{place}    if (inner + {deep}u < end) {{ quad.{quad} = V({values}); }}\n")
    };
    let quads: String = ["a", "b", "c", "d"].into_iter().enumerate().map(quad).collect();
    format!(
        "fn {name}_side(side: u32) -> vec4<u32> {{
    return vec4<u32>({side});
}}

fn {name}_inner(inner: u32) -> vec4<u32> {{
    return vec4<u32>({inner});
}}

fn {name}_at(first: u32, side: u32, inner: u32, limit: u32, end: u32) -> Quad {{
    var quad: Quad;
{quads}    return quad;
}}

"
    )
}

/// `y = x * w`, plus a bias for each filter if there is one.
pub(crate) fn conv(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    convolution(frame, operands, To::Output)
}

/// The gradient of x, from y and w.
pub(crate) fn conv_input(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    convolution(frame, operands, To::Input)
}

/// The gradient of w, from x and y.
pub(crate) fn conv_weight(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    convolution(frame, operands, To::Weight)
}

/// The same as on the CPU: of equal elements the first one wins, and NaN wins over all.
const LARGEST: &str = "var value = -infinity();
    var place = -1;
    for (var tap = 0u; tap < TAPS; tap++) {
        let read = start + tap_of(tap) * triple(52u);
        if (all(read < triple(40u))) {
            let candidate = m2[base + along(read)];
            if (place < 0 || candidate > value || is_nan(candidate)) {
                value = candidate;
                place = i32((read.x * word(41u) + read.y) * word(42u) + read.z);
            }
        }
    }
    m0[word(6u) + number] = value;
    m1[word(7u) + number] = place;
";

const SUM: &str = "var total = T();
    for (var tap = 0u; tap < TAPS; tap++) {
        let read = start + tap_of(tap) * triple(52u);
        if (all(read < triple(40u))) {
            total += m1[base + along(read)];
        }
    }
    m0[word(6u) + number] = total;
";

const SUM_INPUT: &str = "var total = T();
    for (var tap = 0u; tap < TAPS; tap++) {
        let shifted = place_in(40u, number % word(1u)) + triple(55u) - tap_of(tap) * triple(52u);
        let read = shifted / triple(49u);
        let there = all(shifted < vec3<u32>(0x80000000u)) && all(read * triple(49u) == shifted);
        if (there && all(read < triple(43u))) {
            total += m1[base + along(read)];
        }
    }
    m0[word(6u) + number] = total;
";

fn pool(
    frame: &Frame<'_>,
    operands: &[Operand],
    (name, body): (&'static str, &'static str),
    back: bool,
) -> Result<Vec<Stage>> {
    let (Some(out), Some(input)) = (operands.first(), operands.last()) else {
        return Err(Error::new("an operand is missing"));
    };
    let (x, y) = if back { (out, input) } else { (input, out) };
    let same = |axis: usize| x.layout.extent(axis) == y.layout.extent(axis);
    if x.layout.rank() != 2 + SPACE || y.layout.rank() != 2 + SPACE || !same(0) || !same(1) {
        return Err(Error::new("the operands of a pool do not fit"));
    }
    if !input.dtype.is_float() {
        return Err(Error::unsupported(input.dtype));
    }
    let params = frame.params();
    let kernel = [extent_of(params[3])?, extent_of(params[4])?, extent_of(params[5])?];
    let window = Window::new(frame, &x.layout, &y.layout, kernel)?;
    let size = out.layout.len();
    let bound = operands.iter().enumerate().map(|(i, operand)| (Slot::Operand(i), operand.item()));
    let groups = spread(size.div_ceil(GROUP))?;
    let mut stage = Stage::new(name, pool_text, [input.dtype; 2], bound.collect(), groups);
    stage.outputs = operands.len() - 1;
    stage.expression = body;
    window.set(&mut stage)?;
    let each = if back { window.inputs } else { window.outputs };
    stage.set(0, &[size, each, x.layout.extent(1)])?;
    stage.set(4, &[input.offset])?;
    for (number, out) in operands[..stage.outputs].iter().enumerate() {
        stage.set(6 + number, &[out.offset])?;
    }
    stage.copy(16, input.layout.strides());
    Ok(vec![stage])
}

fn pool_text(stage: &Stage) -> Result<String> {
    Ok(kernel_text(stage)
        + &POOL_SOURCE.replace("    // body\n", &format!("    {}", stage.expression))
        + MAIN)
}

/// The largest elements of windows, and their positions in the channel.
pub(crate) fn max_pool(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    if operands.len() != 3 || operands[1].layout.len() != operands[0].layout.len() {
        return Err(Error::new("the outputs have different sizes"));
    }
    pool(frame, operands, ("max_pool", LARGEST), false)
}

/// The sums of windows.
pub(crate) fn sum_pool(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    pool(frame, operands, ("sum_pool", SUM), false)
}

/// The gradient of the input, from that of the sums of windows.
pub(crate) fn sum_pool_input(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    pool(frame, operands, ("sum_pool_input", SUM_INPUT), true)
}
