//! The library's allocator: the system's, with two additions for when memory runs out.
//!
//! Kernels allocate memory for their data in a way that can fail (`scratch.rs`). Other code aborts
//! the process if an allocation fails: jobs for threads and error messages, which are small and
//! come from a reserve; and the packed operands of `gemm`, for which a thread reserves a room
//! beforehand.
#![allow(unsafe_code)]

use crate::dtype::Element;
use crate::error::{Error, Result};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ptr::{null_mut, write_bytes};
use std::sync::atomic::{AtomicU64, Ordering};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

struct Allocator;

/// The size of a slot in bytes.
const SLOT: usize = 4096;
/// How many slots a word of the reserve's record has bits for.
const WORD: usize = 64;
const WORDS: usize = 4;

/// Pages that are not touched, and so cost nothing, until the system is out of memory.
#[repr(align(4096))]
struct Reserve(UnsafeCell<[u8; SLOT * WORD * WORDS]>);

// SAFETY: `TAKEN` ensures that a slot is given to one caller at a time.
unsafe impl Sync for Reserve {}

static RESERVE: Reserve = Reserve(UnsafeCell::new([0; SLOT * WORD * WORDS]));
static TAKEN: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// A free slot of the reserve for a small allocation; null if it is too large or all are taken.
#[cold]
fn take(layout: Layout) -> *mut u8 {
    if layout.size() >= SLOT || layout.align() > SLOT {
        return null_mut();
    }
    for (index, word) in TAKEN.iter().enumerate() {
        loop {
            let place = word.load(Ordering::Relaxed).trailing_ones() as usize;
            if place == WORD {
                break;
            }
            if word.fetch_or(1 << place, Ordering::Acquire) & (1 << place) == 0 {
                return RESERVE.0.get().cast::<u8>().wrapping_add((index * WORD + place) * SLOT);
            }
        }
    }
    null_mut()
}

/// The slot of a pointer, if it is in the reserve.
fn place(pointer: *mut u8) -> Option<usize> {
    let offset = pointer.addr().wrapping_sub(RESERVE.0.get().addr());
    (offset < SLOT * WORD * WORDS).then_some(offset / SLOT)
}

/// Memory that a thread has reserved. Parts of it are lent out.
#[derive(Clone, Copy)]
struct Room {
    start: *mut u8,
    free: usize,
    size: usize,
}

const NO_ROOM: Room = Room { start: null_mut(), free: 0, size: 0 };

impl Room {
    fn holds(&self, pointer: *mut u8) -> bool {
        pointer.addr().wrapping_sub(self.start.addr()) < self.size
    }
}

/// Zeros, or none if memory runs out. The system backs large allocations with pages only when they
/// are touched.
pub(crate) fn zeros<T: Element>(length: usize) -> Option<Vec<T>> {
    let layout = Layout::array::<T>(length).ok()?;
    if layout.size() == 0 {
        return Some(Vec::new());
    }
    // SAFETY: the layout is not empty. Elements are numbers, for which zero bytes are valid, and a
    // vector frees its memory with the layout with which it is allocated here.
    unsafe {
        let start = std::alloc::alloc_zeroed(layout).cast::<T>();
        (!start.is_null()).then(|| Vec::from_raw_parts(start, length, length))
    }
}

/// The memory of a room.
struct Held(Vec<u8>);

impl Drop for Held {
    fn drop(&mut self) {
        ROOM.set(NO_ROOM);
    }
}

thread_local! {
    static ROOM: Cell<Room> = const { Cell::new(NO_ROOM) };
    static HELD: RefCell<Held> = const { RefCell::new(Held(Vec::new())) };
}

#[cfg(test)]
thread_local! {
    /// How often a body has asked for more than its room had.
    pub(crate) static BEYOND: Cell<usize> = const { Cell::new(0) };
}

/// The room that a thread keeps for the next call.
const KEPT: usize = 1 << 22;

/// Calls the body, whose allocations must not fail, with `bytes` of room for them, or reports that
/// memory has run out. The body must free everything that it allocates.
pub(crate) fn with_room<R>(bytes: usize, body: impl FnOnce() -> R) -> Result<R> {
    HELD.with_borrow_mut(|held| {
        if held.0.capacity() < bytes {
            *held = Held(Vec::new());
            held.0.try_reserve_exact(bytes).map_err(|_| Error::memory(bytes))?;
        }
        let lent = Lent::new(&mut held.0);
        let result = body();
        drop(lent);
        if held.0.capacity() > KEPT {
            *held = Held(Vec::new());
        }
        Ok(result)
    })
}

/// Takes the room back at the end of a body, even if it panics.
struct Lent;

impl Lent {
    fn new(memory: &mut Vec<u8>) -> Self {
        let (start, size) = (memory.as_mut_ptr(), memory.capacity());
        ROOM.set(Room { start, free: size, size });
        Self
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        ROOM.set(Room { free: 0, ..ROOM.get() });
    }
}

/// A part of the room that is lent, or null.
#[inline(always)]
fn lent(layout: Layout) -> *mut u8 {
    let room = ROOM.get();
    if room.free == 0 {
        return null_mut();
    }
    // Parts are taken from the end.
    let start = room.start.addr();
    let end = (start + room.free).saturating_sub(layout.size());
    let Some(free) = (end & !(layout.align() - 1)).checked_sub(start) else {
        #[cfg(test)]
        BEYOND.set(BEYOND.get() + 1);
        return null_mut();
    };
    ROOM.set(Room { free, ..room });
    room.start.wrapping_add(free)
}

// SAFETY: memory from the system is freed by the system with its layout. Slots of the reserve are
// as large and aligned as `take` requires; parts of a room lie inside it, aligned and disjoint, and
// remain until the body that uses them has ended.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let part = lent(layout);
        if !part.is_null() {
            return part;
        }
        // SAFETY: passed on from the caller.
        let pointer = unsafe { System.alloc(layout) };
        if pointer.is_null() { take(layout) } else { pointer }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let mut pointer = lent(layout);
        if pointer.is_null() {
            // SAFETY: passed on from the caller.
            let zeros = unsafe { System.alloc_zeroed(layout) };
            if !zeros.is_null() {
                return zeros;
            }
            pointer = take(layout);
        }
        if !pointer.is_null() {
            // SAFETY: both have that many bytes.
            unsafe { write_bytes(pointer, 0, layout.size()) };
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if let Some(place) = place(pointer) {
            TAKEN[place / WORD].fetch_and(!(1 << (place % WORD)), Ordering::Release);
        } else if !ROOM.get().holds(pointer) {
            // SAFETY: it is neither in the reserve nor in a room, so it comes from the system.
            unsafe { System.dealloc(pointer, layout) };
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if place(pointer).is_none() && !ROOM.get().holds(pointer) {
            // SAFETY: it comes from the system; the rest is passed on from the caller.
            let moved = unsafe { System.realloc(pointer, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the caller vouches for the size; both are as large as what is copied.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_gets_the_room_that_was_set_aside_and_no_more() {
        let inside = |pointer: *const u8| ROOM.get().holds(pointer.cast_mut());
        let (small, large) = with_room(1 << 16, || {
            let (small, large) = (vec![1u8; 1 << 12], vec![2u8; 1 << 17]);
            let zeros = vec![0u64; 1 << 10];
            assert!(zeros.iter().all(|&zero| zero == 0));
            assert!(inside(zeros.as_ptr().cast()));
            assert_eq!(zeros.as_ptr().addr() % 8, 0);
            (inside(small.as_ptr()), inside(large.as_ptr()))
        })
        .unwrap();
        assert_eq!((small, large), (true, false));
        let after = vec![3u8; 1 << 12];
        assert!(!inside(after.as_ptr()));
    }

    #[test]
    fn room_that_cannot_be_had_is_an_error_and_a_panic_gives_room_back() {
        assert!(matches!(with_room(usize::MAX / 2, || ()), Err(Error::Memory(_))));
        let panicked = std::panic::catch_unwind(|| with_room(1 << 12, || panic!("planted")));
        assert!(panicked.is_err());
        assert_eq!(ROOM.get().free, 0);
        assert!(with_room(1 << 12, || ()).is_ok());
    }

    #[test]
    fn the_reserve_has_a_place_for_each_and_takes_them_back() {
        let layout = Layout::from_size_align(SLOT - 1, 64).unwrap();
        let places: Vec<*mut u8> = (0..WORD * WORDS).map(|_| take(layout)).collect();
        let mut apart: Vec<usize> = places.iter().map(|&pointer| place(pointer).unwrap()).collect();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), places.len());
        assert!(take(layout).is_null());
        assert!(take(Layout::from_size_align(SLOT, 1).unwrap()).is_null());
        for pointer in places {
            // SAFETY: each is a slot of the reserve.
            unsafe { Allocator.dealloc(pointer, layout) };
        }
        let again = take(layout);
        assert!(!again.is_null());
        // SAFETY: a slot of the reserve, moved to the system's memory.
        unsafe {
            again.write(7);
            let moved = Allocator.realloc(again, layout, 2 * SLOT);
            assert_eq!((moved.read(), place(moved)), (7, None));
            Allocator.dealloc(moved, Layout::from_size_align(2 * SLOT, 64).unwrap());
        }
    }
}
