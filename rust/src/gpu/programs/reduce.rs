//! Reductions: sums and extremes. The more elements a result has, the more invocations work on it;
//! if there are few results, each is computed in parts. The number of parts depends only on the
//! shapes, and so do the bits of a result.

use super::MAIN;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{
    GROUP, Item, Operand, Slot, Stage, VECTOR, bytes_of, constants, spread, word_of,
};
use crate::layout::Layout;

pub(crate) const REDUCE_SOURCE: &str = include_str!("reduce.wgsl");

/// Invocations that fill a large device: 1,056 groups of 256 read fastest on one with 132
/// processors.
pub(super) const FILLING: usize = 1056 * GROUP;
/// The number of elements from which a second invocation for the same result pays.
const SHARE: usize = 16;
/// The position of the divisor among the words.
const DIVISOR: usize = 24;

/// The kind of a reduction.
#[derive(Clone, Copy)]
struct Reduction {
    name: &'static str,
    /// The state: its type and functions.
    state: &'static str,
    /// How many elements need as much memory as a state.
    elements: usize,
}

const SUM: Reduction = Reduction {
    name: "sum",
    state: "alias State = R;
fn identity() -> R { return R(0); }
fn state_of(x: T, i: u32) -> R { return R(x); }
fn combined(a: R, b: R) -> R { return a + b; }
fn finish(total: R) -> R {
    let divisor = number_at(24u, 0u);
    return select(R(N(total) / divisor), total, divisor == 1.0);
}
",
    elements: 1,
};

/// The state of an extreme, and the comparison that decides between two numbers.
macro_rules! extreme_state {
    ($better:literal) => {
        concat!(
            include_str!("extreme.wgsl"),
            "fn is_better(a: T, b: T) -> bool { return a ",
            $better,
            " b; }\n"
        )
    };
}

const MAX: Reduction = Reduction { name: "max", state: extreme_state!(">"), elements: 2 };
const MIN: Reduction = Reduction { name: "min", state: extreme_state!("<"), elements: 2 };

/// How a reduction is divided among invocations.
pub(super) struct Sharing {
    lanes: usize,
    parts: usize,
    /// Elements of a part.
    chunk: usize,
}

impl Sharing {
    /// For a number of results of some elements each; `columns` if neighbouring results are
    /// neighbours in memory, but neighbouring elements are not.
    fn new(results: usize, count: usize, columns: bool) -> Self {
        let lanes = match count {
            _ if columns => 1,
            0..32 => 1,
            32..1024 => 32,
            _ => GROUP,
        };
        let most = (count / (lanes * SHARE)).max(1);
        let parts = (FILLING / (results * lanes).max(1)).clamp(1, most);
        let step = lanes * VECTOR;
        let chunk = count.div_ceil(parts).next_multiple_of(step);
        Self { lanes, parts: count.div_ceil(chunk.max(1)).max(1), chunk }
    }
}

/// The values of a stage: invocations on each item, kept axes, reduced axes, whether elements are
/// read as vectors, what is read and what is written.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    /// Elements become results.
    Whole,
    /// Elements become states.
    First,
    /// States become results.
    Second,
}

/// The dispatches of a reduction of the last axes, after a number of kept ones.
fn stages(
    reduction: Reduction,
    operands: &[Operand],
    outputs: usize,
    kept: usize,
    divisor: f64,
) -> Result<Vec<Stage>> {
    let x = operands.last().ok_or_else(|| Error::new("the input is missing"))?;
    let rank = x.layout.rank();
    let results = x.layout.axes(0, kept.min(rank)).len();
    let written = &operands[..outputs];
    if kept > rank || written.iter().any(|out| out.layout.len() != results) {
        return Err(Error::new("the output has another size"));
    }
    let (stay, reduced) =
        (x.layout.axes(0, kept).coalesced(), x.layout.axes(kept, rank).coalesced());
    let inner = |layout: &Layout| layout.strides().last().copied().unwrap_or(0);
    let columns = inner(&stay) == 1 && !(reduced.rank() == 1 && inner(&reduced) == 1);
    let count = reduced.len();
    let sharing = Sharing::new(results, count, columns);
    let source = Source {
        slot: Slot::Operand(operands.len() - 1),
        stay,
        reduced,
        offset: x.offset,
        dtype: x.dtype,
    };
    let vectors = source.are_vectors();
    let item = if vectors { Item::Vector(x.dtype) } else { x.item() };
    if sharing.parts == 1 {
        let stage = stage(reduction, Step::Whole, written, (&source, item), &sharing, divisor)?;
        return Ok(vec![stage]);
    }
    let first = stage(reduction, Step::First, written, (&source, item), &sharing, divisor)?;
    let second = joining(reduction, written, results, sharing.parts, (x.dtype, divisor))?;
    Ok(vec![first, second])
}

/// The layout of the elements to reduce.
struct Source {
    slot: Slot,
    stay: Layout,
    reduced: Layout,
    offset: usize,
    dtype: DType,
}

impl Source {
    fn are_vectors(&self) -> bool {
        let four = VECTOR as u32;
        self.reduced.rank() == 1
            && self.reduced.strides() == [1]
            && self.reduced.len().is_multiple_of(VECTOR)
            && self.offset.is_multiple_of(VECTOR)
            && self.stay.strides().iter().all(|stride| stride.is_multiple_of(four))
    }
}

/// The dispatch that computes results from the states of their parts, which are stored part by
/// part.
fn joining(
    reduction: Reduction,
    written: &[Operand],
    results: usize,
    parts: usize,
    (dtype, divisor): (DType, f64),
) -> Result<Stage> {
    let layout = |extent: usize, stride: usize| -> Result<Layout> {
        let words = [extent, stride].map(|number| i32::try_from(number).unwrap_or(i32::MAX));
        Layout::new(&words[..1], &words[1..])
    };
    let source = Source {
        slot: Slot::Scratch,
        stay: layout(results, 1)?,
        reduced: layout(parts, results)?,
        offset: 0,
        dtype,
    };
    let lanes = if parts < 32 {
        1
    } else if parts < 256 {
        32
    } else {
        GROUP
    };
    let sharing = Sharing { lanes, parts: 1, chunk: parts };
    stage(reduction, Step::Second, written, (&source, Item::State), &sharing, divisor)
}

/// The dispatch that adds the parts that another program has left as states, from an offset on.
pub(super) fn sum_of_parts(
    out: &Operand,
    index: usize,
    parts: usize,
    first: usize,
) -> Result<Stage> {
    let results = out.layout.len();
    let mut stage = joining(SUM, std::slice::from_ref(out), results, parts, (out.dtype, 1.0))?;
    stage.bound[0].0 = Slot::Operand(index);
    stage.set(4, &[first])?;
    Ok(stage)
}

fn stage(
    reduction: Reduction,
    step: Step,
    written: &[Operand],
    (source, item): (&Source, Item),
    sharing: &Sharing,
    divisor: f64,
) -> Result<Stage> {
    let results = source.stay.len();
    let types = [source.dtype, written[0].dtype];
    let items = results * sharing.parts;
    let mut bound: Vec<_> = match step {
        Step::First => vec![(Slot::Scratch, Item::State)],
        _ => written.iter().enumerate().map(|(i, out)| (Slot::Operand(i), out.item())).collect(),
    };
    let outputs = bound.len();
    bound.push((source.slot, item));
    let groups = spread(items.div_ceil(GROUP / sharing.lanes))?;
    let mut stage = Stage::new(reduction.name, text, types, bound, groups);
    stage.expression = reduction.state;
    stage.outputs = outputs;
    let (kept, reduced) = (source.stay.rank(), source.reduced.rank());
    stage.values[..6].copy_from_slice(&[
        sharing.lanes as u32,
        kept as u32,
        reduced as u32,
        matches!(item, Item::Vector(_)).into(),
        step as u32,
        written.len() as u32,
    ]);
    let vector = if matches!(item, Item::Vector(_)) { VECTOR } else { 1 };
    stage.set(0, &[items, results, source.reduced.len() / vector, sharing.chunk / vector])?;
    stage.set(4, &[source.offset / vector])?;
    stage.set_numbers(DIVISOR, &[divisor]);
    for (word, out) in stage.words[6..8].iter_mut().zip(written) {
        *word = word_of(out.offset)?;
    }
    stage.copy(8, source.stay.shape());
    stage.copy(8 + kept, source.reduced.shape());
    for (word, stride) in stage.words[16..].iter_mut().zip(source.stay.strides()) {
        *word = stride / vector as u32;
    }
    stage.copy(16 + kept, source.reduced.strides());
    let each = reduction.elements * bytes_of(source.dtype).max(bytes_of(written[0].dtype));
    stage.scratch = if step == Step::First { items * each } else { 0 };
    Ok(stage)
}

fn text(stage: &Stage) -> Result<String> {
    let [lanes, kept, reduced, vectors, step, outputs, ..] = stage.values;
    let input = stage.outputs;
    let mut text = constants(&[("LANES", lanes), ("KEPT", kept), ("REDUCED", reduced)]);
    text += stage.expression;
    let place = "i * word(16u + KEPT)";
    let place = if reduced == 1 { place } else { "position(i, REDUCED, 8u + KEPT, 16u + KEPT)" };
    let each = if vectors == 1 {
        format!(
            "let v = m{input}[base + i];
            let four = 4u * i;
            let low = combined(state_of(v.x, four), state_of(v.y, four + 1u));
            let high = combined(state_of(v.z, four + 2u), state_of(v.w, four + 3u));
            state = combined(state, combined(low, high));"
        )
    } else if step == Step::Second as u32 {
        format!("state = combined(state, m{input}[base + {place}]);")
    } else {
        format!("state = combined(state, state_of(m{input}[base + {place}], i));")
    };
    let each = format!(
        "for (var i = start + lane; i < end; i += LANES) {{\n            {each}\n        }}\n"
    );
    let store = match (step == Step::First as u32, stage.name.starts_with("sum"), outputs) {
        (true, ..) => "m0[item] = state;",
        (_, true, _) => "m0[word(6u) + item] = finish(state);",
        (_, _, 1) => "m0[word(6u) + item] = state.value;",
        _ => "m0[word(6u) + item] = state.value;\n        m1[word(7u) + item] = i32(state.at);",
    };
    Ok(text
        + &REDUCE_SOURCE.replace("// loop\n", &each).replace("// store\n", &format!("{store}\n"))
        + MAIN)
}

/// Sums and means. Integer 0: the number of kept axes; number 0: the divisor of the sum.
pub(crate) fn sum(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    if operands.len() != 2 {
        return Err(Error::new("a sum has two operands"));
    }
    let kept = frame.ints()[0].max(0) as usize;
    stages(SUM, operands, 1, kept, frame.params()[0])
}

/// The largest or smallest elements and, if requested, their positions.
pub(crate) fn extreme<const LARGEST: bool>(
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    let [_, places, x] = operands else {
        return Err(Error::new("an extreme has three operands"));
    };
    let kept = frame.ints()[0].max(0) as usize;
    let outputs = if places.layout.len() == 0 { 1 } else { 2 };
    if x.layout.axes(kept.min(x.layout.rank()), x.layout.rank()).len() == 0 {
        return Err(Error::new("nothing to reduce"));
    }
    stages(if LARGEST { MAX } else { MIN }, operands, outputs, kept, 1.0)
}
