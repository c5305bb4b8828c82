//! Reading and writing at positions that a tensor gives. What is written is gathered for each element of
//! the output, in the order of the index, so that the bits of a sum are those of the CPU.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Operand, Slot, Stage, spread};

pub(crate) const INDEX_SOURCE: &str = include_str!("index.wgsl");

const GATHER: &str = "let found = min(u32(m2[at]), word(6u) - 1u);
    m0[word(2u) + number] = m1[value + found * word(5u)];
";

/// The last one that is written stays; or all are added.
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
    let body = match stage.name {
        "gather" => GATHER.into(),
        "scatter" => SCATTER.replace("JOINED", "m2[value + i * value_stride]"),
        _ => SCATTER.replace("JOINED", "result + m2[value + i * value_stride]"),
    };
    Ok(format!("const SCATTERS = {};\n", stage.name != "gather")
        + &INDEX_SOURCE.replace("    // body\n", &format!("    {body}")))
}

/// `out[…, i, …] = x[…, index[…, i, …], …]`, the axis being integer 0.
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
    let mut stage = indexed(name, operands, frame.ints()[0].max(0) as usize, (1, 0))?;
    stage.updates = true;
    stage.set(4, &[source.offset])?;
    stage.copy(40, source.layout.strides());
    Ok(vec![stage])
}
