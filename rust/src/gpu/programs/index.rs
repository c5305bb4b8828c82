//! Reading and writing at positions that a tensor gives. Each element of the output collects what
//! is written to it, in the order of the index, so that sums have the same bits as on the CPU. A
//! long index is sorted first, so that each element finds its entries.

use super::MAIN;
use super::lanes::Lanes;
use super::sort::{Unsorted, pairs_text};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, spread};

pub(crate) const INDEX_SOURCE: &str = include_str!("index.wgsl");

const GATHER: &str = "let found = min(u32(m2[at]), word(6u) - 1u);
    m0[word(2u) + number] = m1[value + found * word(5u)];
";

/// The last value written stays, or all are added.
const SCATTER: &str = "if (!inside) { return; }
    let to = word(2u) + number;
    let own_stride = word(32u + word(8u));
    let value_stride = word(40u + word(8u));
    var result = m0[to];
    for (var i = 0u; i < word(7u); i++) {
        if (u32(m1[at + i * own_stride]) == place) {
            result = JOINED;
        }
    }
    m0[to] = result;
";

/// The same, with sorted rows of the index.
const SCATTER_SORTED: &str = "if (!inside) { return; }
    let to = word(2u) + number;
    let value_stride = word(40u + word(8u));
    let key = place ^ 0x80000000u;
    let end = line + word(7u);
    var high = end;
    while (line < high) {
        let middle = (line + high) / 2u;
        if (m1[middle].x < key) {
            line = middle + 1u;
        } else {
            high = middle;
        }
    }
    var result = m0[to];
    for (; line < end && m1[line].x == key; line++) {
        let i = m1[line].y;
        result = JOINED;
    }
    m0[to] = result;
";

/// The extent from which an index is sorted, and the most scratch memory for this in bytes.
const LONG: usize = 256;
const MOST_BYTES: usize = 1 << 27;

fn indexed(
    name: &'static str,
    operands: &[Operand],
    axis: usize,
    (index, target): (usize, usize),
) -> Result<Stage> {
    let (out, index, target) = (&operands[0], &operands[index], &operands[target]);
    let rank = index.layout.rank();
    let fits = |other| other == axis || index.layout.extent(other) <= target.layout.extent(other);
    if axis >= rank || target.layout.rank() != rank || !(0..rank).all(fits) {
        return Err(Error::new("the index is larger than the tensor"));
    }
    if index.dtype != DType::I32 {
        return Err(Error::new("index must be int32"));
    }
    let bound = operands.iter().enumerate().map(|(i, operand)| (Slot::Operand(i), operand.item()));
    let size = out.layout.len();
    let groups = spread(size.div_ceil(GROUP))?;
    let mut stage = Stage::new(name, text, [out.dtype; 2], bound.collect(), groups);
    stage.set(0, &[size, rank, out.offset, index.offset])?;
    let strides = (target.layout.stride(axis), target.layout.extent(axis));
    stage.set(5, &[strides.0, strides.1, index.layout.extent(axis), axis])?;
    stage.copy(16, out.layout.shape());
    stage.copy(24, index.layout.shape());
    stage.copy(32, index.layout.strides());
    Ok(stage)
}

fn text(stage: &Stage) -> Result<String> {
    let sorted = stage.values[0] == 1;
    let scattered = if sorted { SCATTER_SORTED } else { SCATTER };
    let body = match stage.name {
        "gather" => GATHER.into(),
        "scatter" => scattered.replace("JOINED", "m2[value + i * value_stride]"),
        _ => scattered.replace("JOINED", "result + m2[value + i * value_stride]"),
    };
    let pairs = if sorted { pairs_text(DType::I32) } else { String::new() };
    Ok(format!("const SCATTERS = {};\n", stage.name != "gather")
        + &pairs
        + &INDEX_SOURCE.replace("    // body\n", &format!("    {body}"))
        + MAIN)
}

/// `out[…, i, …] = x[…, index[…, i, …], …]` along the axis of integer 0.
pub(crate) fn gather(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x, index] = operands else { return Err(Error::new("gather has three operands")) };
    if out.layout.shape() != index.layout.shape() || out.dtype != x.dtype {
        return Err(Error::new("the output is another than the index asks for"));
    }
    let mut stage = indexed("gather", operands, frame.ints()[0].max(0) as usize, (2, 1))?;
    stage.set(4, &[x.offset])?;
    stage.copy(40, x.layout.strides());
    Ok(vec![stage])
}

/// Writes a source at the index along integer 0, or adds it.
pub(crate) fn scatter<const ADD: bool>(
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let [out, index, source] = operands else {
        return Err(Error::new("scatter has three operands"));
    };
    if index.layout.shape() != source.layout.shape() || source.dtype != out.dtype {
        return Err(Error::new("index and source do not fit"));
    }
    let name = if ADD { "scatter_add" } else { "scatter" };
    let axis = frame.ints()[0].max(0) as usize;
    let mut stage = indexed(name, operands, axis, (1, 0))?;
    stage.updates = true;
    stage.set(4, &[source.offset])?;
    stage.copy(40, source.layout.strides());
    let mut stages = if index.layout.extent(axis) < LONG {
        Vec::new()
    } else {
        sort_index(index, axis, &mut stage)?
    };
    stages.push(stage);
    Ok(stages)
}

/// The dispatches that sort the rows of an index, repeated ones once, and let the next dispatch use
/// them; none if that needs too much memory.
fn sort_index(index: &Operand, axis: usize, stage: &mut Stage) -> Result<Vec<Stage>> {
    let layout = &index.layout;
    let extent = layout.extent(axis);
    let once = |other| other == axis || layout.repeats(other);
    let lanes = Lanes {
        rest: layout.without(once).coalesced(),
        extent,
        stride: layout.stride(axis),
        offset: index.offset,
    };
    let (operand, dtype, descending) = (1, index.dtype, false);
    let unsorted = Unsorted { lanes: &lanes, operand, dtype, descending };
    stage.scratch = unsorted.scratch(lanes.rows());
    if stage.scratch > MOST_BYTES {
        stage.scratch = 0;
        return Ok(Vec::new());
    }
    let (stages, from) = unsorted.pairs()?;
    stage.values[0] = 1;
    stage.bound[1] = (Slot::Scratch, Item::State);
    stage.set(9, &[from])?;
    let mut step = extent;
    for other in (0..layout.rank()).rev().filter(|&other| !once(other)) {
        stage.set(48 + other, &[step])?;
        step *= layout.extent(other);
    }
    Ok(stages)
}
