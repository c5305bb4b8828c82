//! Sorting along rows. An element becomes a pair of a key, whose numbers have the wanted order, and
//! its position: no two pairs are equal, so there is only one order, and the bits are the same in
//! every run. Tiles are sorted in workgroup memory, then pairs of runs are merged.

use super::MAIN;
use super::lanes::Lanes;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::gpu::plan::{GROUP, Item, Operand, Slot, Stage, Text, constants, spread};

pub(crate) const TILES_SOURCE: &str = include_str!("sort_tiles.wgsl");
const MERGE_SOURCE: &str = include_str!("sort_merge.wgsl");

/// Pairs in a tile.
const TILE: usize = 1024;
/// The scratch memory in bytes above which rows are sorted in groups.
const MOST_BYTES: usize = 1 << 26;

/// Pairs with keys as long as elements, and their comparison.
pub(super) fn pairs_text(dtype: DType) -> String {
    let state = match dtype {
        DType::F64 => "struct State { x: Bits, y: u32 }",
        _ => "alias State = vec2<u32>;",
    };
    format!(
        "{state}
fn before(a: State, b: State) -> bool {{ return a.x < b.x || (a.x == b.x && a.y < b.y); }}
"
    )
}

/// The largest key, and the key of an element: NaN has the largest, and both zeros have the same.
fn key_text(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 | DType::F64 => {
            "const LAST = ONES;
fn key_of(x: T) -> Bits {
    let bits = bitcast<Bits>(x);
    let size = bits & SIZE;
    if (size > INFINITE) { return LAST; }
    if (size == 0) { return SIGN; }
    return select(bits | SIGN, LAST - bits, bits >= SIGN);
}
"
        }
        DType::I32 => {
            "const LAST = 0xffffffffu;
fn key_of(x: T) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }
"
        }
        DType::Bool => "const LAST = 1u;\nfn key_of(x: T) -> u32 { return x; }\n",
    }
}

/// Rows to be sorted.
pub(super) struct Unsorted<'a> {
    pub(super) lanes: &'a Lanes,
    /// The operand that they are in.
    pub(super) operand: usize,
    pub(super) dtype: DType,
    pub(super) descending: bool,
}

/// The rows that are sorted together.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    count: usize,
}

/// The results: the first positions of each row, contiguous.
struct Places {
    offset: usize,
    width: usize,
}

impl Unsorted<'_> {
    /// Bytes of scratch memory that some rows need.
    pub(super) fn scratch(&self, rows: usize) -> usize {
        let key = if self.dtype == DType::F64 { 8 } else { 4 };
        2 * rows * self.lanes.extent * 2 * key
    }

    /// The dispatches that write positions to the first operand, or otherwise leave the pairs in
    /// scratch memory, row by row, starting at the returned pair.
    fn sorted(&self, rows: Rows, to: Option<&Places>) -> Result<(Vec<Stage>, usize)> {
        let extent = self.lanes.extent;
        let all = rows.count * extent;
        let goal = |run| if run < extent { None } else { to };
        let mut stages = vec![self.tiles(rows, goal(TILE))?];
        let (mut run, mut from) = (TILE, 0);
        while run < extent {
            stages.push(self.merge(rows, (run, from, all - from), goal(2 * run))?);
            (run, from) = (2 * run, all - from);
        }
        Ok((stages, from))
    }

    /// The dispatches that leave the pairs of all rows in scratch memory, and the first pair.
    pub(super) fn pairs(&self) -> Result<(Vec<Stage>, usize)> {
        self.sorted(Rows { first: 0, count: self.lanes.rows() }, None)
    }

    /// A dispatch on pairs in scratch memory, or from pairs to positions.
    fn stage(
        &self,
        (name, text): (&'static str, Text),
        reads: (Slot, Item),
        rows: Rows,
        to: Option<&Places>,
        groups: usize,
    ) -> Result<Stage> {
        let scratch = (Slot::Scratch, Item::State);
        let writes = to.map_or(scratch, |_| (Slot::Operand(0), Item::Element(DType::I32)));
        let bound = if reads == writes { vec![writes] } else { vec![writes, reads] };
        let is_scratch = bound.contains(&scratch);
        let mut stage = Stage::new(name, text, [self.dtype; 2], bound, spread(groups)?);
        stage.values[0] = to.is_some().into();
        stage.set(2, &[self.lanes.extent])?;
        if let Some(&Places { offset, width }) = to {
            stage.set(3, &[width])?;
            stage.set(6, &[offset])?;
        }
        stage.set(24, &[rows.first])?;
        stage.scratch = if is_scratch { self.scratch(rows.count) } else { 0 };
        Ok(stage)
    }

    fn tiles(&self, rows: Rows, to: Option<&Places>) -> Result<Stage> {
        let lanes = self.lanes;
        let width = lanes.extent.next_power_of_two().min(TILE);
        let segments = lanes.extent.div_ceil(width);
        let groups = (rows.count * segments).div_ceil(TILE / width);
        let reads = (Slot::Operand(self.operand), Item::Element(self.dtype));
        let mut stage = self.stage(("sort tiles", tiles_text), reads, rows, to, groups)?;
        stage.values[1..3].copy_from_slice(&[width as u32, lanes.rest.rank() as u32]);
        stage.set(0, &[rows.count * segments, segments])?;
        stage.set(4, &[lanes.offset])?;
        stage.words[5] = self.descending.into();
        stage.set(7, &[lanes.stride])?;
        lanes.set_rows(&mut stage);
        Ok(stage)
    }

    /// Merges runs of a length, from one offset in the pairs to another.
    fn merge(
        &self,
        rows: Rows,
        (run, from, other): (usize, usize, usize),
        to: Option<&Places>,
    ) -> Result<Stage> {
        let count = rows.count * self.lanes.extent;
        let reads = (Slot::Scratch, Item::State);
        let groups = count.div_ceil(GROUP);
        let mut stage = self.stage(("sort merge", merge_text), reads, rows, to, groups)?;
        // The text depends on the elements only by the length of their keys.
        if self.dtype != DType::F64 {
            stage.types = [DType::I32; 2];
        }
        stage.set(0, &[count, run])?;
        stage.set(4, &[from, other])?;
        Ok(stage)
    }
}

fn tiles_text(stage: &Stage) -> Result<String> {
    let [places, width, kept, ..] = stage.values;
    let input = stage.bound.len() - 1;
    let store = if places == 1 {
        "if (i < word(3u)) {
            m0[word(6u) + (word(24u) + row) * word(3u) + i] = i32(pairs[k].y);
        }"
    } else {
        "if (i < word(2u)) {
            m0[row * word(2u) + i] = pairs[k];
        }"
    };
    let constants = constants(&[("WIDTH", width), ("KEPT", kept), ("TILE", TILE as u32)]);
    let source = TILES_SOURCE.replace("INPUT", &format!("m{input}"));
    Ok(constants
        + &pairs_text(stage.types[0])
        + key_text(stage.types[0])
        + &source.replace("// store\n", &format!("{store}\n"))
        + MAIN)
}

fn merge_text(stage: &Stage) -> Result<String> {
    let store = if stage.values[0] == 1 {
        "if (place < word(3u)) {
        m0[word(6u) + (word(24u) + row) * word(3u) + place] = i32(pair.y);
    }"
    } else {
        "m0[word(5u) + row * word(2u) + place] = pair;"
    };
    let source = MERGE_SOURCE.replace("FROM", &format!("m{}", stage.bound.len() - 1));
    Ok(pairs_text(stage.types[0]) + &source.replace("// store\n", &format!("{store}\n")) + MAIN)
}

/// Positions in order along the last axis, the largest first if integer 0 is not 0. A shorter
/// output gets the first positions.
pub(crate) fn argsort(frame: &Frame<'_>, operands: &[Operand]) -> Result<Vec<Stage>> {
    let [out, x] = operands else { return Err(Error::new("an order has two operands")) };
    let lanes = Lanes::of(x)?;
    let to = Places { offset: out.offset, width: lanes.width_of(out)? };
    let descending = frame.ints()[0] != 0;
    let unsorted = Unsorted { lanes: &lanes, operand: 1, dtype: x.dtype, descending };
    let together =
        if lanes.extent > TILE { (MOST_BYTES / unsorted.scratch(1)).max(1) } else { lanes.rows() };
    let mut stages = Vec::new();
    for first in (0..lanes.rows()).step_by(together) {
        let count = together.min(lanes.rows() - first);
        stages.append(&mut unsorted.sorted(Rows { first, count }, Some(&to))?.0);
    }
    Ok(stages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FRAME_WORDS;
    use crate::layout::Layout;

    #[test]
    fn rows_that_would_take_too_much_memory_are_sorted_some_at_a_time() {
        let operand = |handle: u32, dtype: DType, shape: [i32; 2]| {
            let layout = Layout::new(&shape, &[shape[1], 1]).unwrap();
            Operand { handle, dtype, offset: 0, layout }
        };
        let dispatches = |shape: [i32; 2]| {
            let operands = [operand(1, DType::I32, shape), operand(2, DType::F32, shape)];
            argsort(&Frame::new(&[0; FRAME_WORDS]).unwrap(), &operands).unwrap()
        };
        let long = dispatches([5, 1 << 21]);
        // Tiles and eleven merges for each of three groups.
        assert_eq!(long.len(), 36);
        let firsts: Vec<u32> = long.iter().step_by(12).map(|stage| stage.words[24]).collect();
        assert_eq!(firsts, [0, 2, 4]);
        assert!(long.iter().all(|stage| (1..=MOST_BYTES).contains(&stage.scratch)));
        // Short rows need no scratch memory.
        let short = dispatches([1 << 20, 1 << 10]);
        assert_eq!(short.iter().map(|stage| stage.scratch).collect::<Vec<_>>(), [0]);
    }
}
