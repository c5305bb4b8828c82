//! Running sums and products. Each invocation combines a few elements, then learns the total before
//! them. If rows are few and long, each is processed in parts: one dispatch combines each part, one
//! scans the parts of a row, and the last scans the elements, starting from the total before their
//! part. The number of parts depends only on the shapes, and so do the bits of a result.

use super::MAIN;
use super::lanes::Lanes;
use super::reduce::FILLING;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, constants, spread, word_of};
use crate::layout::Layout;

pub(crate) const SCAN_SOURCE: &str = include_str!("scan.wgsl");

/// Elements that an invocation combines at a time.
const RUN: usize = 8;
/// The fewest elements of a part.
const PART: usize = 4 * GROUP * RUN;

/// The kind of a scan.
#[derive(Clone, Copy)]
struct Scan {
    name: &'static str,
    /// The state: its type and functions.
    state: &'static str,
    /// How many elements need as much memory as a state.
    size: usize,
}

const SUM: Scan = Scan {
    name: "cumsum",
    state: "alias State = T;
fn identity() -> State { return T(0); }
fn state_of(x: T) -> State { return x; }
fn joined(a: State, b: State) -> State { return a + b; }
fn finish(a: State) -> T { return a; }
",
    size: 1,
};

/// Products of integers.
const PRODUCT: Scan = Scan {
    name: "cumprod",
    state: "alias State = T;
fn identity() -> State { return T(1); }
fn state_of(x: T) -> State { return x; }
fn joined(a: State, b: State) -> State { return a * b; }
fn finish(a: State) -> T { return a; }
",
    size: 1,
};

/// Products of floats.
const WIDE_PRODUCT: Scan =
    Scan { name: "cumprod", state: include_str!("wide_product.wgsl"), size: 2 };

/// The work of one of several dispatches.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    /// Elements become results.
    Whole,
    /// The elements of a part become its state.
    First,
    /// The states of parts become those up to the ends of the parts.
    Between,
    /// Elements become results, starting from the state of the previous parts.
    Last,
}

/// What a step reads, how it starts, and what it writes for each element and for a part.
fn texts(step: Step) -> [&'static str; 4] {
    const RESULT: &str = "m0[out + i * word(7u)] = finish(joined(ahead, run[k]));";
    const ELEMENT: &str = "state_of(m1[base + i * word(5u)])";
    match step {
        Step::Whole => [ELEMENT, "", RESULT, ""],
        Step::First => {
            [ELEMENT, "", "", "if (there && lane == 0u) {\n        m0[item] = carry;\n    }"]
        }
        Step::Between => ["m0[base + i]", "", "m0[base + i] = joined(ahead, run[k]);", ""],
        Step::Last => [
            ELEMENT,
            "if (there && item % word(1u) > 0u) {\n        carry = m2[item - 1u];\n    }",
            RESULT,
            "",
        ],
    }
}

const STEPS: [Step; 4] = [Step::Whole, Step::First, Step::Between, Step::Last];

fn text(stage: &Stage) -> Result<String> {
    let [lanes, kept, step, ..] = stage.values;
    let [element, begin, store, end] = texts(STEPS[step as usize]);
    let source = SCAN_SOURCE
        .replace("ELEMENT", element)
        .replace("// begin\n", &format!("{begin}\n"))
        .replace("// store\n", &format!("{store}\n"))
        .replace("// end\n", &format!("{end}\n"));
    let run = RUN as u32;
    Ok(constants(&[("LANES", lanes), ("KEPT", kept), ("RUN", run)])
        + stage.expression
        + &source
        + MAIN)
}

/// How the rows of a step are divided among invocations.
#[derive(Clone, Copy)]
struct Sharing {
    /// Invocations on a part.
    lanes: usize,
    /// Parts of a row.
    parts: usize,
    /// Elements of a part.
    chunk: usize,
}

impl Sharing {
    /// One part for each row of some elements.
    fn whole(extent: usize) -> Self {
        let lanes = match extent {
            0..33 => 1,
            33..1025 => 32,
            _ => GROUP,
        };
        Self { lanes, parts: 1, chunk: extent }
    }

    fn new(rows: usize, extent: usize) -> Self {
        let most = (FILLING / GROUP / rows.max(1)).clamp(1, (extent / PART).max(1));
        if most == 1 {
            return Self::whole(extent);
        }
        let chunk = extent.div_ceil(most).next_multiple_of(GROUP * RUN);
        Self { lanes: GROUP, parts: extent.div_ceil(chunk), chunk }
    }
}

fn stage(scan: Scan, step: Step, dtype: DType, lanes: &Lanes, sharing: Sharing) -> Result<Stage> {
    let items = lanes.rows() * sharing.parts;
    let element = Item::Element(dtype);
    let scratch = (Slot::Scratch, Item::State);
    let (out, x) = ((Slot::Operand(0), element), (Slot::Operand(1), element));
    let bound = match step {
        Step::Whole => vec![out, x],
        Step::First => vec![scratch, x],
        Step::Between => vec![scratch],
        Step::Last => vec![out, x, scratch],
    };
    let groups = spread(items.div_ceil(GROUP / sharing.lanes))?;
    let mut stage = Stage::new(scan.name, text, [dtype; 2], bound, groups);
    stage.expression = scan.state;
    stage.updates = step == Step::Between;
    let kept = lanes.rest.rank() as u32;
    stage.values[..3].copy_from_slice(&[sharing.lanes as u32, kept, step as u32]);
    stage.set(0, &[items, sharing.parts, lanes.extent, sharing.chunk])?;
    stage.set(4, &[lanes.offset, lanes.stride])?;
    lanes.set_rows(&mut stage);
    Ok(stage)
}

/// The dispatches along the last axis, from its end if integer 0 is not 0.
fn stages(scan: Scan, frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x] = operands else { return Err(Error::new("a scan has two operands")) };
    let lanes = Lanes::of(x)?;
    if lanes.width_of(out)? != lanes.extent || out.dtype != x.dtype {
        return Err(Error::new("the output is another than the input asks for"));
    }
    let (rows, extent) = (lanes.rows(), lanes.extent);
    let sharing = Sharing::new(rows, extent);
    let mut steps = if sharing.parts == 1 {
        vec![stage(scan, Step::Whole, x.dtype, &lanes, sharing)?]
    } else {
        let layout = |extent: usize, stride: usize| -> Result<Layout> {
            Layout::new(&[word_of(extent)? as i32], &[word_of(stride)? as i32])
        };
        let (parts, stride, offset) = (sharing.parts, 1, 0);
        let between = Lanes { rest: layout(rows, parts)?, extent: parts, stride, offset };
        vec![
            stage(scan, Step::First, x.dtype, &lanes, sharing)?,
            stage(scan, Step::Between, x.dtype, &between, Sharing::whole(parts))?,
            stage(scan, Step::Last, x.dtype, &lanes, sharing)?,
        ]
    };
    let reverse = frame.ints()[0] != 0;
    let state = scan.size * x.dtype.size();
    for stage in &mut steps {
        stage.scratch = if sharing.parts == 1 { 0 } else { rows * sharing.parts * state };
        if stage.values[2] == Step::Between as u32 {
            continue;
        }
        stage.set(6, &[out.offset, 1])?;
        if reverse {
            // Backward strides, which may exceed 32 bits when they are added to an address.
            stage.set(4, &[lanes.offset + (extent - 1) * lanes.stride])?;
            stage.set(6, &[out.offset + extent - 1])?;
            stage.words[5] = stage.words[5].wrapping_neg();
            stage.words[7] = stage.words[7].wrapping_neg();
        }
    }
    Ok(steps)
}

pub(crate) fn cumsum(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    stages(SUM, frame, operands)
}

pub(crate) fn cumprod(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let float = operands.last().is_some_and(|x| x.dtype.is_float());
    stages(if float { WIDE_PRODUCT } else { PRODUCT }, frame, operands)
}
