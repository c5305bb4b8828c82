//! Reading and writing at positions in a tensor of int32. Integer parameter 0 is the axis.

use crate::cpu::{GRAIN, elements, threads, try_chunks_of};
use crate::dtype::{DType, Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel};
use crate::scratch::{listed, scratch};
use std::ops::Range;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "gather", outputs: 1, cpu: Cpu::Custom(gather), wgsl: programs::GATHER },
    Kernel { name: "scatter", outputs: 1, cpu: Cpu::Custom(scatter), wgsl: programs::SCATTER },
    Kernel {
        name: "scatter_add",
        outputs: 1,
        cpu: Cpu::Custom(scatter_add),
        wgsl: programs::SCATTER_ADD,
    },
];

/// Elements of a row from which it pays that each thread looks at all indices.
const WIDE: usize = 64;
/// Elements from which rows are divided among the threads.
const LARGE: usize = 8 * GRAIN;

/// Iterates over an index tensor and the tensor that it points into, one run along the last axis at
/// a time.
struct Walk<'a> {
    index: &'a [i32],
    index_cursor: Cursor,
    other_cursor: Cursor,
    dim: usize,
    extent: usize,
    dim_stride: usize,
    run: usize,
    index_step: usize,
    other_step: usize,
    runs: usize,
}

impl<'a> Walk<'a> {
    /// `other` is the layout of the tensor that the index points into along `dim`.
    fn new(index: &'a [i32], layout: &Layout, other: &Layout, dim: usize) -> Result<Self> {
        let rank = layout.rank();
        if rank != other.rank() || dim >= rank {
            return Err(Error::new(format!("axis {dim} of ranks {rank} and {}", other.rank())));
        }
        let inside = |axis| axis == dim || layout.extent(axis) <= other.extent(axis);
        if !(0..rank).all(inside) {
            return Err(Error::new("the index is larger than the tensor"));
        }
        // The positions in `other`, without the contribution of the index along `dim`.
        let shape: Vec<i32> = layout.shape().iter().map(|&extent| extent as i32).collect();
        let stride = |axis| if axis == dim { 0 } else { other.stride(axis) as i32 };
        let strides: Vec<i32> = (0..rank).map(stride).collect();
        let last = rank - 1;
        let outer = Layout::new(&shape[..last], &strides[..last])?;
        Ok(Self {
            index,
            index_cursor: Cursor::new(layout.axes(0, last), 0),
            other_cursor: Cursor::new(outer, 0),
            dim,
            extent: other.extent(dim),
            dim_stride: other.stride(dim),
            run: layout.extent(last),
            index_step: layout.stride(last),
            other_step: strides[last] as usize,
            runs: if layout.len() == 0 { 0 } else { outer.len() },
        })
    }

    /// Whether each run has one index and follows itself in the other tensor.
    fn is_by_rows(&self) -> bool {
        self.index_step == 0 && self.other_step == 1 && self.run > 0
    }

    /// Calls `body(number, position)` for some of the runs, if they are by rows.
    #[inline(always)]
    fn each_row(&self, runs: Range<usize>, mut body: impl FnMut(usize, usize)) -> Result {
        let places = self.places();
        let mut index = self.index_cursor.from(runs.start);
        let mut other = self.other_cursor.from(runs.start);
        for number in runs {
            let offset = places.offset(self.index[index.position])?;
            body(number, other.position + offset);
            index.advance();
            other.advance();
        }
        Ok(())
    }

    /// Calls `body(number of the first element, places)` for each run.
    #[inline(always)]
    fn each(mut self, mut body: impl FnMut(usize, &Places<'_>) -> Result) -> Result {
        let mut places = self.places();
        for number in 0..self.runs {
            places.index = &self.index[self.index_cursor.position..];
            places.base = self.other_cursor.position;
            body(number * self.run, &places)?;
            self.index_cursor.advance();
            self.other_cursor.advance();
        }
        Ok(())
    }

    fn places(&self) -> Places<'a> {
        Places {
            index: self.index,
            index_step: self.index_step,
            base: 0,
            step: self.other_step,
            dim: self.dim,
            extent: self.extent,
            dim_stride: self.dim_stride,
            count: self.run,
        }
    }
}

/// The positions of the elements of a run in the other tensor.
struct Places<'a> {
    index: &'a [i32],
    index_step: usize,
    base: usize,
    step: usize,
    dim: usize,
    extent: usize,
    dim_stride: usize,
    count: usize,
}

impl Places<'_> {
    /// The contribution of an index to a position.
    #[inline(always)]
    fn offset(&self, index: i32) -> Result<usize> {
        // A negative index is large as an unsigned number.
        let place = index as u32 as usize;
        if place < self.extent { Ok(place * self.dim_stride) } else { Err(self.outside(index)) }
    }

    #[cold]
    fn outside(&self, index: i32) -> Error {
        Error::new(format!("index {index} is outside axis {} of {}", self.dim, self.extent))
    }

    /// Calls `body(number in the run, position)` for each element.
    #[inline(always)]
    fn each(&self, mut body: impl FnMut(usize, usize)) -> Result {
        for number in 0..self.count {
            let offset = self.offset(self.index[number * self.index_step])?;
            body(number, self.base + number * self.step + offset);
        }
        Ok(())
    }
}

fn gather(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, gather_as(launch))
}

/// `out[…, i, …] = x[…, index[…, i, …], …]`
fn gather_as<T: Element>(launch: &mut Launch<'_>) -> Result {
    let dim = launch.count(0)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (x, index) = (launch.input(0)?, launch.input(1)?);
    let data = T::from_slice(x.data).ok_or_else(|| Error::new("element types differ"))?;
    let positions = i32::from_slice(index.data).ok_or_else(|| Error::new("index must be int32"))?;
    if out.len() != index.layout.len() {
        return Err(Error::new("the output has another size than the index"));
    }
    let walk = Walk::new(positions, index.layout, x.layout, dim)?;
    let run = walk.run;
    if walk.is_by_rows() {
        return gather_rows(out, data, &walk);
    }
    walk.each(|first, places| {
        let out = &mut out[first..first + run];
        places.each(|number, position| out[number] = data[position])
    })
}

fn gather_rows<T: Element>(out: &mut [T], data: &[T], walk: &Walk<'_>) -> Result {
    let run = walk.run;
    let together = if out.len() < LARGE { out.len() / run } else { (GRAIN / run).max(1) };
    try_chunks_of(out, together * run, |start, out| {
        let first = start / run;
        walk.each_row(first..first + out.len() / run, |number, from| {
            out[(number - first) * run..][..run].copy_from_slice(&data[from..from + run]);
        })
    })
}

fn scatter(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(1)?, scatter_as(launch, |to, x| *to = x))
}

fn scatter_add(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(1)? {
        DType::F32 => scatter_as::<f32>(launch, |to, x| *to += x),
        DType::F64 => scatter_as::<f64>(launch, |to, x| *to += x),
        DType::I32 => add_integers(launch),
        dtype => Err(Error::unsupported(dtype)),
    }
}

fn scatter_as<T: Element>(launch: &mut Launch<'_>, write: impl Fn(&mut T, T) + Sync) -> Result {
    let view = launch.contiguous_output(0)?;
    let layout = view.layout;
    scatter_into(launch, elements::<T>(view)?, layout, write)
}

/// An int32 overflow is an error.
fn add_integers(launch: &mut Launch<'_>) -> Result {
    let view = launch.contiguous_output(0)?;
    let layout = view.layout;
    let out = elements::<i32>(view)?;
    let mut sums = listed(out.iter().map(|&x| i64::from(x)))?;
    scatter_into(launch, &mut sums, layout, |to, x: i32| *to += i64::from(x))?;
    for (out, sum) in out.iter_mut().zip(sums) {
        *out =
            i32::try_from(sum).map_err(|_| Error::range("a sum of int32 elements leaves int32"))?;
    }
    Ok(())
}

/// Writes `source` into the output at the index, in order, so that the bits don't vary.
fn scatter_into<T: Element, S: Send>(
    launch: &mut Launch<'_>,
    out: &mut [S],
    layout: &Layout,
    write: impl Fn(&mut S, T) + Sync,
) -> Result {
    let dim = launch.count(0)?;
    let (index, source) = (launch.input(0)?, launch.input(1)?);
    if index.layout.shape() != source.layout.shape() {
        return Err(Error::new("index and source have different shapes"));
    }
    let positions = i32::from_slice(index.data).ok_or_else(|| Error::new("index must be int32"))?;
    let source = Reader::<T>::new(source)?;
    let walk = Walk::new(positions, index.layout, layout, dim)?;
    let run = walk.run;
    if walk.is_by_rows() {
        return scatter_rows(out, layout, &source, &walk, &write);
    }
    let mut copy = scratch(if source.as_slice().is_none() { run } else { 0 })?;
    walk.each(|first, places| {
        let from = source.part(first, run, &mut copy);
        places.each(|number, position| write(&mut out[position], from[number]))
    })
}

/// Each thread writes one part of the output, for which it looks at all indices.
fn scatter_rows<T: Element, S: Send>(
    out: &mut [S],
    layout: &Layout,
    source: &Reader<'_, T>,
    walk: &Walk<'_>,
    write: &(impl Fn(&mut S, T) + Sync),
) -> Result {
    let run = walk.run;
    let columns = layout.extent(layout.rank() - 1);
    let parts = if run < WIDE || source.len() < LARGE { 1 } else { threads() };
    let part = (out.len() / columns).div_ceil(parts) * columns;
    try_chunks_of(out, part, |start, out| {
        let mut copy = scratch(if source.as_slice().is_none() { run } else { 0 })?;
        walk.each_row(0..walk.runs, |number, row| {
            let place = row.wrapping_sub(start);
            let Some(to) = out.get_mut(place..place.wrapping_add(run)) else { return };
            let from = source.part(number * run, run, &mut copy);
            to.iter_mut().zip(from).for_each(|(to, &x)| write(to, x));
        })
    })
}
