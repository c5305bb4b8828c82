//! Layer normalisation: each element is read once if a row fits into the registers of its
//! invocations. The gradients of weights and bias are summed over parts of the rows.

use super::MAIN;
use super::across::across;
use super::reduce::{FILLING, sum_of_parts};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, Text, VECTOR, constants, spread};

pub(crate) const LAYER_NORM_SOURCE: &str = include_str!("layer_norm.wgsl");
const SUMS_SOURCE: &str = include_str!("layer_norm_sums.wgsl");

/// The most items of a row that an invocation keeps.
const KEPT: usize = 8;
/// The fewest rows of a part.
const PART: usize = 16;

/// The operands of a program besides the input: indices of the values of its stage.
const LANES: usize = 0;
const HELD: usize = 1;
const VECTORS: usize = 2;
const RANK: usize = 3;
const OWN: usize = 4;
/// The index under which the program finds its memory, or `NONE`.
const RESULT: usize = 5;
const STATS: usize = 6;
const INPUT: usize = 7;
const WEIGHT: usize = 8;
const BIAS: usize = 9;
const COTANGENT: usize = 10;
const NONE: u32 = u32::MAX;

/// An operand that a program reads: its role, its index, and itself.
struct Part<'a>(usize, usize, &'a Operand);

/// A call: the input and the other operands.
struct Call<'a> {
    x: &'a Operand,
    parts: Vec<Part<'a>>,
    rows: usize,
    length: usize,
    eps: f64,
}

impl<'a> Call<'a> {
    /// The input comes first among the parts.
    fn new(frame: &Frame<'_>, parts: Vec<Part<'a>>) -> Result<Self> {
        let x = parts[0].2;
        let length = frame.ints()[2].max(1) as usize;
        let fits = |Part(value, _, part): &Part<'_>| match *value {
            WEIGHT | BIAS => {
                part.layout.len() == length && x.layout.shape().ends_with(part.layout.shape())
            }
            _ => part.layout.shape() == x.layout.shape(),
        };
        let differs = |part: &&Part<'_>| !x.dtype.is_float() || part.2.dtype != x.dtype;
        if let Some(Part(_, _, wrong)) = parts.iter().find(differs) {
            return Err(Error::unsupported(wrong.dtype));
        }
        if !parts.iter().all(fits) || !x.layout.len().is_multiple_of(length) {
            return Err(Error::new("the operands of a layer norm do not fit"));
        }
        let eps = frame.params()[0];
        Ok(Self { x, parts, rows: x.layout.len() / length, length, eps })
    }

    /// Whether all operands are contiguous, so that four elements are read at once.
    fn are_vectors(&self, result: Option<&Operand>) -> bool {
        let aligned =
            |part: &Operand| part.layout.is_contiguous() && part.offset.is_multiple_of(VECTOR);
        self.length.is_multiple_of(VECTOR)
            && self.parts.iter().all(|Part(_, _, part)| aligned(part))
            && result.is_none_or(aligned)
    }

    /// A stage with the words and values that the programs share; the written memory comes first.
    fn stage(
        &self,
        name: &'static str,
        text: Text,
        written: &[(usize, Slot)],
        result: Option<&Operand>,
        groups: impl Fn(usize, usize) -> Result<[u32; 3]>,
    ) -> Result<Stage> {
        let vectors = self.are_vectors(result);
        let each = if vectors { VECTOR } else { 1 };
        let items = self.length / each;
        let lanes = match items {
            0..=KEPT => 1,
            9..=128 => 32,
            _ => GROUP,
        };
        let held = items.div_ceil(lanes);
        let dtype = self.x.dtype;
        let item = if vectors { Item::Vector(dtype) } else { Item::Element(dtype) };
        let mut stage = Stage::new(name, text, [dtype; 2], Vec::new(), groups(items, lanes)?);
        stage.values[RESULT..].fill(NONE);
        stage.values[..RESULT].copy_from_slice(&[
            lanes as u32,
            if held > KEPT { 0 } else { held as u32 },
            vectors.into(),
            if vectors { 0 } else { self.x.layout.rank() as u32 },
            0,
        ]);
        for &(value, slot) in written {
            stage.values[value] = stage.bound.len() as u32;
            let element = if value == STATS { Item::Element(dtype) } else { item };
            stage.bound.push((slot, element));
        }
        stage.outputs = written.len();
        for &Part(value, number, part) in &self.parts {
            if !vectors && matches!(value, WEIGHT | BIAS) {
                stage.values[OWN] = part.layout.rank() as u32;
            }
            stage.values[value] = stage.bound.len() as u32;
            stage.bound.push((Slot::Operand(number), item));
            let (offset, strides) = match value {
                INPUT => (5, 24),
                WEIGHT => (6, 32),
                BIAS => (7, 40),
                _ => (8, 48),
            };
            stage.set(offset, &[part.offset / each])?;
            stage.copy(strides, part.layout.strides());
        }
        stage.set(0, &[self.rows, items, self.length])?;
        stage.set_numbers(12, &[self.eps]);
        stage.set(4, &[result.map_or(0, |result| result.offset / each)])?;
        stage.copy(16, self.x.layout.shape());
        Ok(stage)
    }

    /// The stage whose invocations share rows.
    fn over_rows(
        &self,
        name: &'static str,
        written: &[(usize, Slot)],
        result: Option<&Operand>,
    ) -> Result<Stage> {
        let groups = |_, lanes| spread(self.rows.div_ceil(GROUP / lanes));
        self.stage(name, rows_text, written, result, groups)
    }
}

/// What an invocation reads for each of its items: a name, and the source.
type Load = (&'static str, &'static str);
const X: Load = ("x", "x_at(row, i#)");
const G: Load = ("g", "scaled_at(row, i#)");

/// A normalised item.
const NORMAL: &str = "(x# - mean - scale.x) * scale.y * scale.z";

/// The code for the items of an invocation, unrolled for those that it keeps, as loops have a cost.
/// If there are too many, items that an earlier pass has read are read again.
fn pass(stage: &Stage, known: &[Load], new: &[Load], body: &str) -> String {
    let (lanes, held) = (stage.values[LANES], stage.values[HELD]);
    if held == 0 {
        let loads = known.iter().chain(new);
        let loads: String =
            loads.map(|(name, read)| format!("        let {name}# = {read};\n")).collect();
        let text = format!(
            "    for (var i# = lane; i# < items; i# += {lanes}u) {{\n{loads}        {body}\n    }}\n"
        );
        return text.replace('#', "");
    }
    let each = |number: u32| {
        let place = match known {
            [] => format!("    let i# = lane + {}u;\n", number * lanes),
            _ => String::new(),
        };
        let names: String =
            new.iter().map(|(name, _)| format!("    var {name}# = E();\n")).collect();
        let loads: String =
            new.iter().map(|(name, read)| format!("        {name}# = {read};\n")).collect();
        format!("{place}{names}    if (i# < items) {{\n{loads}        {body}\n    }}\n")
            .replace('#', &number.to_string())
    };
    (0..held).map(each).collect()
}

/// How the operands are read.
fn accessors(stage: &Stage) -> String {
    let vectors = stage.values[VECTORS] == 1;
    let memory = |value: usize| stage.values[value];
    let read = |value: usize, offset: u32, strides: u32| match (vectors, value) {
        (true, WEIGHT | BIAS) => format!("m{}[word({offset}u) + i]", memory(value)),
        (true, _) => format!("m{}[word({offset}u) + row * word(1u) + i]", memory(value)),
        (false, WEIGHT | BIAS) => format!(
            "m{}[word({offset}u) + position(i, OWN, 16u + RANK - OWN, {strides}u)]",
            memory(value)
        ),
        (false, _) => format!(
            "m{}[word({offset}u) + position(row * word(1u) + i, RANK, 16u, {strides}u)]",
            memory(value)
        ),
    };
    let (element, sum, largest) = if vectors {
        ("vec4<T>", "(v.x + v.y) + (v.z + v.w)", "max(max(v.x, v.y), max(v.z, v.w))")
    } else {
        ("T", "v", "v")
    };
    let mut text = format!("alias E = {element};\n")
        + &constants(&[("RANK", stage.values[RANK]), ("OWN", stage.values[OWN])])
        + &format!("fn sum_of(v: E) -> T {{ return {sum}; }}\n")
        + &format!("fn largest_of(v: E) -> T {{ return {largest}; }}\n");
    let named = [
        ("x", INPUT, 5, 24),
        ("weight", WEIGHT, 6, 32),
        ("bias", BIAS, 7, 40),
        ("g", COTANGENT, 8, 48),
    ];
    for (name, value, offset, strides) in named {
        if memory(value) != NONE {
            let read = read(value, offset, strides);
            text += &format!("fn {name}_at(row: u32, i: u32) -> E {{ return {read}; }}\n");
        }
    }
    if memory(COTANGENT) != NONE {
        let weight = if memory(WEIGHT) == NONE { "" } else { " * weight_at(row, i)" };
        text +=
            &format!("fn scaled_at(row: u32, i: u32) -> E {{ return g_at(row, i){weight}; }}\n");
    }
    text
}

fn rows_text(stage: &Stage) -> Result<String> {
    let memory = |value: usize| stage.values[value];
    let mut body = "var total = T();\n".to_string();
    body += &pass(stage, &[], &[X], "total += sum_of(x#);");
    body += "    let mean = mean_of(own, row, there, total);\n    var sums = vec2<T>();\n";
    let square = "let d# = x# - mean;\n        sums += vec2<T>(sum_of(d#), sum_of(d# * d#));";
    body += &pass(stage, &[X], &[], square);
    body += "    let scale = scale_of(own, row, there, mean, sums);\n";
    let to = format!("m{}[word(4u) + row * word(1u) + i#]", memory(RESULT));
    if memory(COTANGENT) == NONE {
        let weight = if memory(WEIGHT) == NONE { "" } else { " * weight_at(row, i#)" };
        let bias = if memory(BIAS) == NONE { "" } else { " + bias_at(row, i#)" };
        body += &pass(stage, &[X], &[], &format!("{to} = {NORMAL}{weight}{bias};"));
    }
    if memory(STATS) != NONE {
        let stats = memory(STATS);
        body += &format!(
            "    if (there && lane == 0u) {{
        m{stats}[3u * row] = mean;
        m{stats}[3u * row + 1u] = scale.x;
        m{stats}[3u * row + 2u] = scale.y * scale.z;
    }}\n"
        );
    }
    if memory(COTANGENT) != NONE && memory(RESULT) != NONE {
        body += "    sums = vec2<T>();\n";
        let sums = format!("sums += vec2<T>(sum_of(g#), sum_of(g# * ({NORMAL})));");
        body += &pass(stage, &[X], &[G], &sums);
        body += "    let means = sum_across(own, sums) / T(word(2u));\n";
        let back = format!("{to} = (g# - means.x - {NORMAL} * means.y) * scale.y * scale.z;");
        body += &pass(stage, &[X, G], &[], &back);
    }
    let lowered = if memory(VECTORS) == 1 {
        "vec4<T>(lowered(x.x), lowered(x.y), lowered(x.z), lowered(x.w))"
    } else {
        "lowered(x)"
    };
    Ok(constants(&[("LANES", stage.values[LANES])])
        + &across("vec2<T>", &[("sum_across", "a + b")])
        + &LAYER_NORM_SOURCE
            .replace("// accessors\n", &accessors(stage))
            .replace("LOWERED", lowered)
            .replace("    // body\n", &format!("    {body}"))
        + MAIN)
}

fn sums_text(stage: &Stage) -> Result<String> {
    let vectors = stage.values[VECTORS] == 1;
    let store = |part: usize, of: &str| {
        format!("m0[to + {part}u] = weight{of};\n    m0[to + further + {part}u] = bias{of};\n    ")
    };
    let (item, stores) = if vectors {
        (
            VECTOR,
            ["x", "y", "z", "w"]
                .iter()
                .enumerate()
                .map(|(i, of)| store(i, &format!(".{of}")))
                .collect(),
        )
    } else {
        (1, store(0, ""))
    };
    Ok(constants(&[("ITEM", item as u32)])
        + &SUMS_SOURCE
            .replace("// accessors\n", &accessors(stage))
            .replace("// store\n", &format!("{}\n", stores.trim_end()))
        + MAIN)
}

/// Integers 0 and 1: whether there are weights and a bias, integer 2: the length of a row; float 0:
/// ε.
pub(crate) fn layer_norm(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let kinds = [(WEIGHT, frame.ints()[0] != 0), (BIAS, frame.ints()[1] != 0)];
    let kinds = [(RESULT, true), (INPUT, true)].into_iter().chain(kinds);
    let kinds: Vec<_> = kinds.filter_map(|(value, given)| given.then_some(value)).collect();
    if operands.len() != kinds.len() {
        return Err(Error::new("an operand is missing"));
    }
    let out = &operands[0];
    let parts = (1..kinds.len()).map(|number| Part(kinds[number], number, &operands[number]));
    let call = Call::new(frame, parts.collect())?;
    if out.layout.len() != call.x.layout.len() || !out.layout.is_contiguous() {
        return Err(Error::new("the output has another size"));
    }
    Ok(vec![call.over_rows("layer_norm", &[(RESULT, Slot::Operand(0))], Some(out))?])
}

/// The gradients of the input, the weights and the bias, from the cotangent, the input and, if
/// integer 0 is not 0, the weights. An output that is not needed is empty. Integer 2: the length of
/// a row.
pub(crate) fn layer_norm_grad(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let weighted = frame.ints()[0] != 0;
    if operands.len() != 5 + usize::from(weighted) {
        return Err(Error::new("an operand is missing"));
    }
    let mut parts = vec![Part(INPUT, 4, &operands[4]), Part(COTANGENT, 3, &operands[3])];
    if weighted {
        parts.push(Part(WEIGHT, 5, &operands[5]));
    }
    let call = Call::new(frame, parts)?;
    let (rows, length) = (call.rows, call.length);
    let wanted = |number: usize, size: usize| -> Result<bool> {
        let layout = &operands[number].layout;
        if !layout.is_contiguous() || !(layout.len() == size || layout.len() == 0) {
            return Err(Error::new("an output has another size"));
        }
        Ok(layout.len() > 0)
    };
    let to_input = wanted(0, rows * length)?;
    let sums = [(1, wanted(1, length)?), (2, wanted(2, length)?)];
    let sums: Vec<_> =
        sums.into_iter().filter_map(|(number, wanted)| wanted.then_some(number)).collect();
    let mut written = Vec::new();
    if to_input {
        written.push((RESULT, Slot::Operand(0)));
    }
    if !sums.is_empty() {
        written.push((STATS, Slot::Scratch));
    }
    let result = to_input.then_some(&operands[0]);
    let mut stages = vec![call.over_rows("layer_norm_grad", &written, result)?];
    if sums.is_empty() {
        return Ok(stages);
    }
    let parts = (FILLING / length).clamp(1, (rows / PART).max(1));
    let chunk = rows.div_ceil(parts).max(1);
    let parts = rows.div_ceil(chunk).max(1);
    let groups = |items: usize, _| spread((items * parts).div_ceil(GROUP));
    let stats = [(STATS, Slot::Scratch)];
    let mut stage = call.stage("layer_norm_sums", sums_text, &stats, None, groups)?;
    stage.set(9, &[chunk, parts, 3 * rows])?;
    stages.push(stage);
    // All stages have the same memory from the first on.
    for stage in &mut stages {
        stage.scratch = call.x.dtype.size() * (3 * rows + 2 * parts * length);
    }
    for number in sums {
        let first = 3 * rows + (number - 1) * parts * length;
        stages.push(sum_of_parts(&operands[number], number, parts, first)?);
    }
    Ok(stages)
}
