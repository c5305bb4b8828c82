//! Matrix products. Large ones use large tiles; if there are few tiles, the inner dimension is
//! split into parts, whose results a second dispatch adds.

use super::reduce::sum_of_parts;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{Item, Operand, Slot, Stage, VECTOR, bytes_of, constants, spread};

pub(crate) const MATMUL_SOURCE: &str = include_str!("matmul.wgsl");
/// The code for one inner element, unrolled eight times, as loops have a cost.
const STEP_SOURCE: &str = include_str!("matmul_step.wgsl");
const STEPS: usize = 8;

/// The number of tiles from which large tiles are better than more tiles.
const MANY: usize = 256;
const ENOUGH: usize = 64;
/// The inner extent from which large tiles may be split into parts.
const LONG: usize = 1024;
/// The fewest inner elements of a part.
const PART: usize = 64;
/// Inner elements of a tile.
const DEPTH: usize = 16;

/// The value that says whether tiles fit the matrices, so that bounds need no check.
const EXACT: usize = 10;

/// How a side of the product is read.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Way {
    /// Element by element.
    Single,
    /// As vectors along the side of the result.
    Side,
    /// As vectors along the inner axis.
    Inner,
}

/// One of the matrices: strides along the result's side and along the inner axis.
struct Matrix<'a> {
    operand: &'a Operand,
    side: usize,
    side_stride: usize,
    inner_stride: usize,
}

impl Matrix<'_> {
    fn way(&self, inner: usize) -> Way {
        let layout = &self.operand.layout;
        let aligned = |stride: usize| {
            let batch = layout.axes(0, layout.rank() - 2);
            self.operand.offset.is_multiple_of(VECTOR)
                && stride.is_multiple_of(VECTOR)
                && batch.strides().iter().all(|stride| stride.is_multiple_of(VECTOR as u32))
        };
        if self.side_stride == 1 && self.side.is_multiple_of(VECTOR) && aligned(self.inner_stride) {
            Way::Side
        } else if self.inner_stride == 1
            && inner.is_multiple_of(VECTOR)
            && aligned(self.side_stride)
        {
            Way::Inner
        } else {
            Way::Single
        }
    }
}

/// The side of the tiles, and how many groups of four rows and columns of it an invocation has. The
/// largest tiles of float64 would need more workgroup memory than some devices have.
pub(super) fn tiles(
    dtype: DType,
    [rows, inner, columns]: [usize; 3],
    batch: usize,
) -> (usize, u32, u32) {
    let count = |side: usize| rows.div_ceil(side) * columns.div_ceil(side) * batch;
    let least = rows.min(columns);
    if dtype != DType::F64
        && least >= 64
        && (count(128) >= MANY || (count(128) >= ENOUGH && inner >= LONG))
    {
        (128, 2, 2)
    } else if least >= 32 && count(64) >= ENOUGH {
        (64, 2, 1)
    } else {
        (32, 1, 1)
    }
}

/// Into how many parts the inner dimension is split for a number of tiles of a side, so that a
/// large device is busy, and the inner elements of a part.
pub(super) fn parts_of(inner: usize, tiles: usize, side: usize) -> (usize, usize) {
    let filling = match side {
        128 => 264,
        64 => 792,
        _ => 1056,
    };
    let parts = (filling / tiles.max(1)).clamp(1, (inner / PART).max(1));
    let chunk = inner.div_ceil(parts).next_multiple_of(DEPTH);
    (inner.div_ceil(chunk.max(1)).max(1), chunk)
}

/// The tiles of several products, one after the other, so that no axis of a dispatch is too short.
pub(super) struct Grid {
    across: usize,
    down: usize,
    all: usize,
}

impl Grid {
    pub(super) fn new(rows: usize, columns: usize, side: usize, products: usize) -> Self {
        let (across, down) = (columns.div_ceil(side), rows.div_ceil(side));
        Self { across, down, all: across * down * products }
    }

    pub(super) fn groups(&self) -> Result<[u32; 3]> {
        spread(self.all)
    }

    pub(super) fn set(&self, stage: &mut Stage) -> Result {
        stage.set(13, &[self.across, self.down, self.all])
    }
}

/// `out = a · b`, for matrices and batches of them.
pub(crate) fn matmul(_: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, a, b] = operands else { return Err(Error::new("a product has three operands")) };
    let rank = a.layout.rank();
    if rank < 2 || b.layout.rank() != rank || out.layout.rank() != rank {
        return Err(Error::new("the operands have different ranks"));
    }
    let axis = |operand: &Operand, axis| (operand.layout.extent(axis), operand.layout.stride(axis));
    let ((rows, a_row), (inner, a_column)) = (axis(a, rank - 2), axis(a, rank - 1));
    let ((b_inner, b_row), (columns, b_column)) = (axis(b, rank - 2), axis(b, rank - 1));
    let batches = [out, a, b].map(|operand| operand.layout.axes(0, rank - 2));
    let same = batches.iter().all(|batch| batch.shape() == batches[0].shape());
    let batch = batches[0].len();
    if inner != b_inner || !same || out.layout.len() != batch * rows * columns {
        return Err(Error::new("the matrices do not fit"));
    }
    let left = Matrix { operand: a, side: rows, side_stride: a_row, inner_stride: a_column };
    let right = Matrix { operand: b, side: columns, side_stride: b_column, inner_stride: b_row };
    let ways = [left.way(inner), right.way(inner)];
    let (side, row_parts, column_parts) = tiles(a.dtype, [rows, inner, columns], batch);
    let count = rows.div_ceil(side) * columns.div_ceil(side) * batch;
    let (parts, chunk) = parts_of(inner, count, side);
    let grid = Grid::new(rows, columns, side, batch * parts);
    let split = parts > 1;
    let vector_out = columns.is_multiple_of(VECTOR) && (split || out.offset.is_multiple_of(VECTOR));
    let item = |operand: &Operand, way| match way {
        Way::Single => operand.item(),
        _ => Item::Vector(operand.dtype),
    };
    let to = if split { Slot::Scratch } else { Slot::Operand(0) };
    let written = if vector_out { Item::Vector(out.dtype) } else { out.item() };
    let bound = vec![
        (to, written),
        (Slot::Operand(1), item(a, ways[0])),
        (Slot::Operand(2), item(b, ways[1])),
    ];
    let mut stage = Stage::new("matmul", text, [a.dtype, out.dtype], bound, grid.groups()?);
    stage.values[..6].copy_from_slice(&[
        side as u32,
        row_parts,
        column_parts,
        ways[0] as u32,
        ways[1] as u32,
        vector_out.into(),
    ]);
    let whole = [rows, columns].iter().all(|extent| extent.is_multiple_of(side));
    stage.values[EXACT] = u32::from(whole && inner.is_multiple_of(DEPTH));
    // Vectors along a contiguous axis: its stride stays, and all others count vectors.
    let unit = |way| if matches!(way, Way::Single) { 1 } else { VECTOR };
    let scaled = |stride: usize, way| if stride == 1 { 1 } else { stride / unit(way) };
    let offset = if split { 0 } else { out.offset };
    stage.set(0, &[rows, inner, columns, rank - 2])?;
    stage.set(4, &[a.offset / unit(ways[0]), b.offset / unit(ways[1]), offset])?;
    stage.set(7, &[scaled(a_row, ways[0]), scaled(a_column, ways[0])])?;
    stage.set(9, &[scaled(b_row, ways[1]), scaled(b_column, ways[1])])?;
    stage.set(11, &[chunk, batch])?;
    grid.set(&mut stage)?;
    stage.copy(16, batches[0].shape());
    for (first, batch, way) in [(24, &batches[1], ways[0]), (32, &batches[2], ways[1])] {
        for (word, stride) in stage.words[first..].iter_mut().zip(batch.strides()) {
            *word = stride / unit(way) as u32;
        }
    }
    if !split {
        return Ok(vec![stage]);
    }
    stage.scratch = bytes_of(out.dtype) * parts * out.layout.len();
    Ok(vec![stage, sum_of_parts(out, 0, parts, 0)?])
}

/// Four by four elements, each read by a separate function.
fn single_fetch(name: &str) -> String {
    let quads = ["a", "b", "c", "d"].iter().enumerate().map(|(deep, quad)| {
        let places = (0..VECTOR)
            .map(|i| format!("{name}_single(first, side + {i}u, inner + {deep}u, sides, end)"));
        let places = places.collect::<Vec<_>>().join(", ");
        format!("    quad.{quad} = V({places});\n")
    });
    let head = format!(
        "fn {name}_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {{\n"
    );
    head + "    var quad: Quad;\n" + &quads.collect::<String>() + "    return quad;\n}\n"
}

/// How four by four elements of a side are read: `SIDE_STRIDE` and `INNER_STRIDE` are words.
fn fetch(name: &str, memory: &str, way: u32, [side, inner]: [u32; 2], exact: bool) -> String {
    let when = |inside: &str| if exact { String::new() } else { format!("if ({inside}) ") };
    let head = format!(
        "fn {name}_at(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> Quad {{
    var quad: Quad;
"
    );
    let reads = |step: &str, over: &str, to: [&str; 4], place: &str| -> String {
        let read = |(i, to): (usize, &str)| {
            let there = when(&format!("{place} + {i}u < {over}"));
            format!("    {there}{{ {to} = {memory}[at + {i}u * {step}]; }}\n")
        };
        to.into_iter().enumerate().map(read).collect()
    };
    let body = if way == Way::Side as u32 {
        let step = format!("word({inner}u)");
        let quads = reads(&step, "end", ["quad.a", "quad.b", "quad.c", "quad.d"], "inner");
        format!(
            "    {}
    let at = first + side / 4u + inner * {step};
{quads}    return quad;
}}
",
            if exact { "" } else { "if (side >= sides) { return quad; }" }
        )
    } else if way == Way::Inner as u32 {
        let step = format!("word({side}u)");
        let rows = reads(&step, "sides", ["e", "f", "g", "h"], "side");
        format!(
            "    {}
    let at = first + inner / 4u + side * {step};
    var e = V();
    var f = V();
    var g = V();
    var h = V();
{rows}    quad.a = V(e.x, f.x, g.x, h.x);
    quad.b = V(e.y, f.y, g.y, h.y);
    quad.c = V(e.z, f.z, g.z, h.z);
    quad.d = V(e.w, f.w, g.w, h.w);
    return quad;
}}
",
            if exact { "" } else { "if (inner >= end) { return quad; }" }
        )
    } else {
        let single = format!(
            "fn {name}_single(first: u32, side: u32, inner: u32, sides: u32, end: u32) -> T {{
    if (side >= sides || inner >= end) {{ return T(0); }}
    return {memory}[first + side * word({side}u) + inner * word({inner}u)];
}}
"
        );
        return single + &single_fetch(name);
    };
    head + &body
}

fn text(stage: &Stage) -> Result<String> {
    let [_, _, _, left, right, ..] = stage.values;
    let exact = stage.values[EXACT] == 1;
    let fetches =
        fetch("left", "m1", left, [7, 8], exact) + &fetch("right", "m2", right, [10, 9], exact);
    if stage.types[0] == DType::Bool {
        return Err(Error::unsupported(DType::Bool));
    }
    Ok(tiled(stage, &fetches, "", ""))
}

/// The text of a program of tiles, with functions that fetch, code before the first of them, and an
/// expression that is added to a result.
pub(super) fn tiled(stage: &Stage, fetches: &str, sides: &str, added: &str) -> String {
    let [side, row_parts, column_parts, left, right, vector_out, ..] = stage.values;
    let sizes = [
        ("SIDE", side),
        ("ROW_PARTS", row_parts),
        ("COLUMN_PARTS", column_parts),
        ("INVOCATIONS", 2 * side),
    ];
    let inner = |way: u32| way == Way::Inner as u32;
    let ways =
        format!("const LEFT_INNER = {};\nconst RIGHT_INNER = {};\n", inner(left), inner(right));
    let steps = (0..STEPS).map(|step| STEP_SOURCE.replace("STEP", &step.to_string()));
    let steps: String = steps.collect();
    let store = if vector_out == 1 {
        format!("m0[(to + row * word(2u) + column) / 4u] = values{added};")
    } else {
        format!(
            "let all = values{added};
    for (var part = 0u; part < min(4u, word(2u) - column); part++) {{
        m0[to + row * word(2u) + column + part] = all[part];
    }}"
        )
    };
    constants(&sizes)
        + &format!("const EXACT = {};\n", stage.values[EXACT] == 1)
        + &ways
        + &MATMUL_SOURCE
            .replace("// sides\n", sides)
            .replace("// steps\n", &steps)
            .replace("// fetch\n", fetches)
            .replace("// store\n", &format!("{store}\n"))
}
