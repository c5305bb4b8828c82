//! The exported functions, and the only place where pointers become slices.
//!
//! A status of 0 is success. Otherwise the frame that the caller passed holds the message:
//! its byte length in the first word, then UTF-8.
#![allow(unsafe_code, unreachable_pub)]

use crate::dtype::{Element, Slice, SliceMut, by_type};
use crate::error::{Error, Result};
use crate::frame::{ABI_VERSION, Frame, Launch, Record, View, ViewMut};
use crate::gpu;
use crate::layout::Layout;
use crate::registry::{self, Kernel};
use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice::{from_raw_parts, from_raw_parts_mut};

const FAILED: u32 = 1;
const NO_FRAME: u32 = 2;
const NO_DEVICE: u32 = 3;
const NO_MEMORY: u32 = 4;
const OUT_OF_RANGE: u32 = 5;

/// Runs the body; an error or a panic becomes a status and a message in the frame.
fn guarded(frame: &mut [i32], body: impl FnOnce(&[i32]) -> Result) -> u32 {
    let (status, message) = match catch_unwind(AssertUnwindSafe(|| body(frame))) {
        Ok(Ok(())) => return 0,
        Ok(Err(Error::Bug(message))) => (FAILED, message),
        Ok(Err(Error::Device(message))) => (NO_DEVICE, message),
        Ok(Err(Error::Memory(message))) => (NO_MEMORY, message),
        Ok(Err(Error::Range(message))) => (OUT_OF_RANGE, message),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            (FAILED, format!("panic: {}", text.unwrap_or_else(|| "unknown".into())))
        }
    };
    write_message(frame, &message);
    status
}

fn write_message(frame: &mut [i32], message: &str) {
    let Some((length, words)) = frame.split_first_mut() else { return };
    let mut end = message.len().min(words.len() * 4);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    *length = end as i32;
    for (word, bytes) in words.iter_mut().zip(message.as_bytes()[..end].chunks(4)) {
        let mut padded = [0; 4];
        padded[..bytes.len()].copy_from_slice(bytes);
        *word = i32::from_le_bytes(padded);
    }
}

/// The bytes of memory that an operand reaches, checked against the length of its array.
#[inline(always)]
fn extent(
    record: &Record,
    layout: &Layout,
    pointer: *mut u8,
    operand: usize,
) -> Result<Range<usize>> {
    let size = record.dtype.size();
    let span = layout.span()?;
    let held = if pointer.is_null() { 0 } else { record.bytes / size };
    if span == 0 {
        return Ok(0..0);
    }
    if record.offset.checked_add(span).is_none_or(|end| end > held) {
        return Err(Error::new(format!(
            "operand {operand} reaches elements {}..{} of an array of {held}",
            record.offset,
            record.offset + span
        )));
    }
    let address = pointer.addr();
    if !address.is_multiple_of(size) {
        return Err(Error::new(format!("operand {operand} is not aligned to {size} bytes")));
    }
    Ok(address + record.offset * size..address + (record.offset + span) * size)
}

/// # Safety
/// `start` must be null with `count` 0, or valid for reading `count` elements of type `T`, which
/// nothing writes during `'a`.
unsafe fn slice<'a, T: Element>(start: *const u8, count: usize) -> Slice<'a> {
    if count == 0 {
        return T::slice(&[]);
    }
    // SAFETY: the caller vouches for the memory; `extent` has checked its alignment.
    T::slice(unsafe { from_raw_parts(start.cast(), count) })
}

/// # Safety
/// As [`slice`], and nothing else reads or writes the elements during `'a`.
unsafe fn slice_mut<'a, T: Element>(start: *mut u8, count: usize) -> SliceMut<'a> {
    if count == 0 {
        return T::slice_mut(&mut []);
    }
    // SAFETY: the caller vouches for the memory; `extent` has checked its alignment.
    T::slice_mut(unsafe { from_raw_parts_mut(start.cast(), count) })
}

/// Checks every operand against its memory, and runs the kernel on slices.
///
/// # Safety
/// Each pointer must be null or valid for the byte length that the frame gives for it, and no
/// other thread may touch that memory until the call returns.
unsafe fn launch<const N: usize>(
    kernel: &Kernel,
    words: &[i32],
    pointers: &[*mut u8; N],
) -> Result {
    let frame = Frame::new(words)?;
    let count = frame.operands()?;
    if count > pointers.len() || count < kernel.outputs {
        return Err(Error::new(format!("{count} operands do not fit {}", kernel.name)));
    }
    let mut layouts = [Layout::SCALAR; N];
    // Not as a pair, which would be moved.
    let mut outs = [const { None }; N];
    let mut ins = [const { None }; N];
    let mut ranges = [(0, 0); N];
    for (operand, layout) in layouts.iter_mut().enumerate().take(count) {
        let pointer = pointers[operand];
        let record = frame.record(operand, layout)?;
        let layout = &*layout;
        let range = extent(&record, layout, pointer, operand)?;
        let length = range.len() / record.dtype.size();
        let start = pointer.wrapping_add(record.offset * record.dtype.size());
        // An output must not share a byte with any operand before it, nor an input with an output.
        let written = if operand < kernel.outputs { operand } else { kernel.outputs };
        for (other, &(from, to)) in ranges.iter().enumerate().take(written) {
            if range.start < to && from < range.end {
                return Err(Error::new(format!("operands {other} and {operand} overlap")));
            }
        }
        ranges[operand] = (range.start, range.end);
        if operand < kernel.outputs {
            // SAFETY: `extent` keeps the slice inside the array; the loop above keeps it exclusive.
            let data = unsafe { by_type!(any record.dtype, slice_mut(start, length)) };
            outs[operand] = Some(ViewMut { data, layout });
        } else {
            // SAFETY: `extent` keeps the slice inside the array; no output overlaps it.
            let data = unsafe { by_type!(any record.dtype, slice(start, length)) };
            #[cfg(feature = "planted-over-read")]
            if length > 0 {
                // SAFETY: none. This is the fault that a build with a sanitizer must report.
                std::hint::black_box(unsafe { *start.add(length * record.dtype.size()) });
            }
            ins[operand - kernel.outputs] = Some(View { data, layout });
        }
    }
    let mut launch = Launch { frame, outs: &mut outs, ins: &mut ins };
    kernel.run(&mut launch).map_err(|error| error.of_kernel(kernel.name))
}

/// # Safety
/// `frame` must be null or valid for `length` words that nothing else touches during `'a`.
unsafe fn words<'a>(frame: *mut i32, length: u32) -> Option<&'a mut [i32]> {
    if frame.is_null() || !frame.addr().is_multiple_of(4) {
        return None;
    }
    // SAFETY: checked for null and alignment; the caller vouches for the length.
    Some(unsafe { from_raw_parts_mut(frame, length as usize) })
}

/// # Safety
/// The frame as for [`words`], the pointers as for [`launch`].
unsafe fn call<const N: usize>(
    kernel: u32,
    frame: *mut i32,
    length: u32,
    pointers: &[*mut u8; N],
) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    guarded(frame, |words| {
        let kernel = registry::kernel(kernel)
            .ok_or_else(|| Error::new(format!("kernel {kernel} does not exist")))?;
        // SAFETY: passed on from the caller.
        unsafe { launch(kernel, words, pointers) }
    })
}

/// Version of the frame and the symbol table.
#[unsafe(no_mangle)]
pub extern "C" fn adjoint_abi_version() -> u32 {
    ABI_VERSION
}

/// How many kernels the library has; they are numbered from 0.
#[unsafe(no_mangle)]
pub extern "C" fn adjoint_kernel_count() -> u32 {
    registry::count()
}

/// Writes a text of a kernel (field 0 its name, 1 its WGSL expression, 2 the element types that it
/// supports on the open GPU) and returns the length in bytes; 0 if it does not exist or does not
/// fit.
///
/// # Safety
/// `text` must be null or valid for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_kernel_text(
    kernel: u32,
    field: u32,
    text: *mut u8,
    capacity: u32,
) -> u32 {
    let found = registry::kernel(kernel).and_then(|row| match field {
        0 => Some(Cow::Borrowed(row.name)),
        1 => row.wgsl.text().map(Cow::Borrowed),
        2 => Some(Cow::Owned(gpu::types(row).join(" "))),
        _ => None,
    });
    match found {
        Some(found) if !text.is_null() && found.len() <= capacity as usize => {
            // SAFETY: not null, and the text fits the capacity that the caller vouches for.
            let target = unsafe { from_raw_parts_mut(text, found.len()) };
            target.copy_from_slice(found.as_bytes());
            found.len() as u32
        }
        _ => 0,
    }
}

/// Sets the number of threads; refuses 0, and any change once the pool runs.
#[unsafe(no_mangle)]
pub extern "C" fn adjoint_set_threads(threads: u32) -> u32 {
    catch_unwind(|| crate::cpu::set_threads(threads as usize))
        .map_or(FAILED, |done| u32::from(!done))
}

/// The number of threads that kernels use.
#[unsafe(no_mangle)]
pub extern "C" fn adjoint_threads() -> u32 {
    catch_unwind(|| crate::cpu::threads() as u32).unwrap_or(0)
}

/// Runs a kernel on up to four arrays.
///
/// # Safety
/// As `call`: the frame is valid for `length` words, each array for the bytes the frame gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_launch4(
    kernel: u32,
    frame: *mut i32,
    length: u32,
    a: *mut u8,
    b: *mut u8,
    c: *mut u8,
    d: *mut u8,
) -> u32 {
    // SAFETY: passed on from the caller.
    unsafe { call(kernel, frame, length, &[a, b, c, d]) }
}

/// Runs a kernel on up to eight arrays.
///
/// # Safety
/// As `call`: the frame is valid for `length` words, each array for the bytes the frame gives.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn adjoint_launch8(
    kernel: u32,
    frame: *mut i32,
    length: u32,
    a: *mut u8,
    b: *mut u8,
    c: *mut u8,
    d: *mut u8,
    e: *mut u8,
    f: *mut u8,
    g: *mut u8,
    h: *mut u8,
) -> u32 {
    // SAFETY: passed on from the caller.
    unsafe { call(kernel, frame, length, &[a, b, c, d, e, f, g, h]) }
}

/// Opens the GPU; writes its name, or why there is none, into the frame.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_open(frame: *mut i32, length: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    let mut name = String::new();
    let status = guarded(frame, |_| gpu::open().map(|opened| name = opened));
    if status == 0 {
        write_message(frame, &name);
    }
    status
}

/// Closes the GPU for this process.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_close(frame: *mut i32, length: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    guarded(frame, |_| gpu::close())
}

/// Allocates memory on the GPU; writes its handle into the first word of the frame.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_allocate(frame: *mut i32, length: u32, bytes: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    let mut handle = 0;
    let status = guarded(frame, |_| gpu::allocate(bytes as usize).map(|taken| handle = taken));
    if let (0, Some(first)) = (status, frame.first_mut()) {
        *first = handle as i32;
    }
    status
}

/// Frees memory on the GPU.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_free(frame: *mut i32, length: u32, handle: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    guarded(frame, |_| gpu::free(handle))
}

/// Copies an array to the beginning of memory on the GPU.
///
/// # Safety
/// `frame` as for `words`; `data` must be null or valid for reading `bytes` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_write(
    frame: *mut i32,
    length: u32,
    handle: u32,
    data: *const u8,
    bytes: u32,
) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    let bytes = if data.is_null() { 0 } else { bytes as usize };
    guarded(frame, |_| {
        // SAFETY: the caller vouches for the memory, which is not empty.
        let data = if bytes == 0 { &[] } else { unsafe { from_raw_parts(data, bytes) } };
        gpu::write(handle, data)
    })
}

/// Waits for all launches, and copies memory on the GPU, from byte `start` on, to an array.
///
/// # Safety
/// `frame` as for `words`; `data` must be null or valid for writing `bytes` bytes, and nothing else
/// may touch it during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_read(
    frame: *mut i32,
    length: u32,
    handle: u32,
    start: u32,
    data: *mut u8,
    bytes: u32,
) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    let bytes = if data.is_null() { 0 } else { bytes as usize };
    guarded(frame, |_| {
        // SAFETY: the caller vouches for the memory, which is not empty.
        let data = if bytes == 0 { &mut [] } else { unsafe { from_raw_parts_mut(data, bytes) } };
        gpu::read(handle, start as usize, data)
    })
}

/// Runs a kernel on the GPU, on the handles in the frame.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_launch(kernel: u32, frame: *mut i32, length: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    guarded(frame, |words| {
        let kernel = registry::kernel(kernel)
            .ok_or_else(|| Error::new(format!("kernel {kernel} does not exist")))?;
        gpu::run(kernel, &Frame::new(words)?)
    })
}

/// Ends a measurement of the GPU's work, and starts another unless `on` is 0. Writes the
/// dispatches, bytes and nanoseconds of the one that ended to the beginning of the frame, as
/// numbers of eight bytes.
///
/// # Safety
/// `frame` as for `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn adjoint_gpu_measure(frame: *mut i32, length: u32, on: u32) -> u32 {
    // SAFETY: passed on from the caller.
    let Some(frame) = (unsafe { words(frame, length) }) else { return NO_FRAME };
    let mut measured = [0.0; 3];
    let status = guarded(frame, |_| gpu::measure(on != 0).map(|work| measured = work));
    if status == 0 {
        let halves = measured.iter().flat_map(|number| {
            let bits = number.to_bits();
            [bits as i32, (bits >> 32) as i32]
        });
        for (word, half) in frame.iter_mut().zip(halves) {
            *word = half;
        }
    }
    status
}

#[cfg(test)]
#[path = "abi_test.rs"]
mod tests;
