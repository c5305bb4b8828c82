//! The CPU: its vectors and its threads.

use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::frame::ViewMut;
use crate::scratch::{listed, scratch};
#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;
use pulp::{Arch, Simd, WithSimd};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, RwLock};
use std::time::Instant;

/// Elements of a tile: 1 kB of f32, so that three operands stay in the first-level cache.
pub(crate) const TILE: usize = 256;
/// Elements of a parallel task; a constant, so that results don't depend on the number of threads.
pub(crate) const GRAIN: usize = 1 << 15;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);
#[cfg(target_arch = "x86_64")]
static EIGHTS: LazyLock<Option<V3>> = LazyLock::new(V3::try_new);
static THREADS: AtomicUsize = AtomicUsize::new(0);
static POOL: LazyLock<RwLock<Option<Arc<ThreadPool>>>> = LazyLock::new(|| RwLock::new(None));

/// A closure in the form that `pulp` takes. As `FnOnce` it would be called through a shim that is
/// not always inlined, and its loops would then not be vectorised.
struct Body<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Body<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}

/// Runs a loop compiled for the widest vectors of this processor.
#[inline(always)]
pub(crate) fn simd<R>(body: impl FnMut() -> R) -> R {
    ARCH.dispatch(Body(body))
}

/// Runs a loop compiled for vectors of eight f32, or of as many bytes; None if this processor is not
/// known to have them.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
pub(crate) fn in_eights<R>(body: impl FnMut() -> R) -> Option<R> {
    #[cfg(target_arch = "x86_64")]
    return EIGHTS.map(|eights| Simd::vectorize(eights, Body(body)));
    #[cfg(not(target_arch = "x86_64"))]
    None
}

/// Like `simd`, for loops that gain little by vectors wider than eight f32: the library, which has
/// each loop for each kind of vectors, stays smaller.
#[inline(always)]
pub(crate) fn narrow_simd<R>(body: impl FnMut() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        let mut body = body;
        match *EIGHTS {
            Some(eights) => Simd::vectorize(eights, Body(body)),
            None => body(),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    simd(body)
}

/// Runs code that is written with the widest vectors of this processor.
pub(crate) fn in_vectors<W: WithSimd>(body: W) -> W::Output {
    ARCH.dispatch(body)
}

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs work that stays on this thread: for parts that other threads have their like of.
pub(crate) fn alone<R>(body: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _before = Before(ALONE.replace(true));
    body()
}

/// The number of threads in use, by default the processor's.
pub(crate) fn threads() -> usize {
    if ALONE.get() {
        return 1;
    }
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let count = std::thread::available_parallelism().map_or(1, usize::from);
            THREADS.store(count, Ordering::Relaxed);
            count
        }
        count => count,
    }
}

/// Changes the number of threads; false if it is 0 or the threads cannot be started.
pub(crate) fn set_threads(count: usize) -> bool {
    let Ok(mut pool) = POOL.write() else { return false };
    if count == 0 {
        return false;
    }
    // The old pool's threads end after its last task.
    *pool = None;
    THREADS.store(count, Ordering::Relaxed);
    true
}

/// The most memory that a pool takes for each of its threads, beside their stacks, in bytes.
const POOL_BYTES: usize = 1 << 14;

/// The helper threads: one fewer than in use, as the calling thread works too. None if the system
/// cannot start threads.
fn pool() -> Result<Option<Arc<ThreadPool>>> {
    if let Some(pool) = POOL.read().ok().and_then(|pool| pool.clone()) {
        return Ok(Some(pool));
    }
    let Ok(mut slot) = POOL.write() else { return Ok(None) };
    if slot.is_none() {
        let helpers = (threads() - 1).max(1);
        // A pool allocates without checks, so the memory is checked here.
        drop(scratch::<u8>(helpers * POOL_BYTES)?);
        let builder = ThreadPoolBuilder::new().num_threads(helpers);
        *slot = builder.thread_name(|i| format!("adjoint-{i}")).build().ok().map(Arc::new);
    }
    Ok(slot.clone())
}

/// Microseconds for which a helper thread stays awake after its work. Waking one takes longer than
/// many kernels, and a training step launches the next one soon.
const AWAKE: u64 = 200;

/// Pauses between two checks, a fraction of a microsecond.
const REST: usize = 4;

static AWAKE_UNTIL: AtomicU64 = AtomicU64::new(0);
static WATCHES: AtomicUsize = AtomicUsize::new(0);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Keeps the helper threads awake for a while.
fn stay_awake(pool: &ThreadPool, helpers: usize) {
    let now = || START.elapsed().as_micros() as u64;
    AWAKE_UNTIL.store(now() + AWAKE, Ordering::Relaxed);
    while WATCHES.load(Ordering::Relaxed) < helpers {
        WATCHES.fetch_add(1, Ordering::Relaxed);
        pool.spawn(move || {
            while now() < AWAKE_UNTIL.load(Ordering::Relaxed) {
                // Runs work that has been spawned meanwhile, or pauses, as two threads may share a
                // core.
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    (0..REST).for_each(|_| std::hint::spin_loop());
                    std::thread::yield_now();
                }
            }
            WATCHES.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Calls `body(i)` once for each of `0..pieces`, on all threads; the calling thread works too. The
/// pieces must not depend on the number of threads, so that the results don't.
pub(crate) fn for_pieces(pieces: usize, body: impl Fn(usize) + Sync) -> Result {
    let helpers = (threads() - 1).min(pieces.saturating_sub(1));
    if helpers == 0 {
        (0..pieces).for_each(body);
        return Ok(());
    }
    share(pieces, helpers, &body)
}

/// Runs the pieces on the calling thread and its helpers. Compiled once and not for each kernel,
/// since a call costs nothing beside a piece.
fn share(pieces: usize, helpers: usize, body: &(dyn Fn(usize) + Sync)) -> Result {
    // Each thread has its own range, so that the same part of an array tends to stay in the same
    // cache; then it takes pieces of others.
    let ranges = helpers + 1;
    let bound = |range: usize| range * pieces / ranges;
    let next = listed((0..ranges).map(|range| AtomicUsize::new(bound(range))))?;
    let ended = AtomicUsize::new(0);
    let work = |own: usize| {
        for range in (own..own + ranges).map(|range| range % ranges) {
            loop {
                let piece = next[range].fetch_add(1, Ordering::Relaxed);
                if piece >= bound(range + 1) {
                    break;
                }
                body(piece);
            }
        }
    };
    let Some(pool) = pool()? else {
        work(0);
        return Ok(());
    };
    pool.in_place_scope(|scope| {
        for helper in 1..=helpers {
            let (work, ended) = (&work, &ended);
            scope.spawn(move |_| {
                work(helper);
                ended.fetch_add(1, Ordering::Release);
            });
        }
        stay_awake(&pool, helpers);
        work(0);
        // Helpers end at about the same time, so sleeping would cost more than spinning. Yielding
        // lets a helper run that the system has put on this thread's core, which otherwise would
        // wait milliseconds for the next tick.
        let mut turns = 0;
        while ended.load(Ordering::Acquire) < helpers && turns < 100_000 {
            // A helper may wait for work that another one has spawned.
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                (0..REST).for_each(|_| std::hint::spin_loop());
                std::thread::yield_now();
            }
            turns += 1;
        }
    });
    Ok(())
}

/// `for_pieces` for work that can fail; returns one of the errors.
pub(crate) fn try_pieces(pieces: usize, body: impl Fn(usize) -> Result + Sync) -> Result {
    let failure = Mutex::new(None);
    for_pieces(pieces, |piece| {
        if let Err(error) = body(piece)
            && let Ok(mut failure) = failure.lock()
        {
            *failure = Some(error);
        }
    })?;
    failure.into_inner().ok().flatten().map_or(Ok(()), Err)
}

/// Calls the body with each part, on all threads. Neighbouring parts tend to go to the same thread,
/// in this call and in the next.
pub(crate) fn for_parts<P: Send>(
    parts: impl Iterator<Item = P>,
    body: impl Fn(P) + Sync,
) -> Result {
    try_parts(parts, |part| {
        body(part);
        Ok(())
    })
}

/// `for_parts` for work that can fail; returns one of the errors.
pub(crate) fn try_parts<P: Send>(
    parts: impl Iterator<Item = P>,
    body: impl Fn(P) -> Result + Sync,
) -> Result {
    let parts = listed(parts.map(|part| Mutex::new(Some(part))))?;
    try_pieces(parts.len(), |piece| take(&parts[piece]).map_or(Ok(()), &body))
}

/// Each part is taken once, so no lock is ever contended.
fn take<P>(part: &Mutex<Option<P>>) -> Option<P> {
    part.lock().ok()?.take()
}

/// Calls `body(start, chunk)` for consecutive chunks of `grain` elements, on all threads. Inlined,
/// like those below, so that small work needs no call.
#[inline]
pub(crate) fn for_chunks_of<T: Send>(
    out: &mut [T],
    grain: usize,
    body: impl Fn(usize, &mut [T]) + Sync,
) -> Result {
    try_chunks_of(out, grain, |start, chunk| {
        body(start, chunk);
        Ok(())
    })
}

/// `for_chunks_of` for work that can fail; returns one of the errors.
#[inline]
pub(crate) fn try_chunks_of<T: Send>(
    out: &mut [T],
    grain: usize,
    body: impl Fn(usize, &mut [T]) -> Result + Sync,
) -> Result {
    if out.is_empty() {
        return Ok(());
    }
    if out.len() <= grain || threads() == 1 {
        return body(0, out);
    }
    share_chunks(out, grain, &body)
}

/// The chunks on all threads. Compiled once for each element type.
fn share_chunks<T: Send>(
    out: &mut [T],
    grain: usize,
    body: &(dyn Fn(usize, &mut [T]) -> Result + Sync),
) -> Result {
    try_parts(out.chunks_mut(grain).enumerate(), |(index, chunk)| body(index * grain, chunk))
}

/// `for_chunks_of` for elementwise work.
#[inline]
pub(crate) fn for_chunks<T: Send>(out: &mut [T], body: impl Fn(usize, &mut [T]) + Sync) -> Result {
    for_chunks_of(out, grain(out.len()), body)
}

/// `for_chunks` for work that can fail; returns one of the errors.
#[inline]
pub(crate) fn try_chunks<T: Send>(
    out: &mut [T],
    body: impl Fn(usize, &mut [T]) -> Result + Sync,
) -> Result {
    try_chunks_of(out, grain(out.len()), body)
}

/// Elements of a chunk of elementwise work.
fn grain(all: usize) -> usize {
    if all < 2 * GRAIN { all } else { GRAIN }
}

/// The elements of an output as a slice.
pub(crate) fn elements<T: Element>(view: ViewMut<'_>) -> Result<&mut [T]> {
    T::from_slice_mut(view.data)
        .ok_or_else(|| Error::new(format!("an output must be {}", T::DTYPE.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_alone_is_not_divided() {
        assert!(threads() >= 1);
        let panicked = std::panic::catch_unwind(|| {
            alone(|| {
                assert_eq!(alone(threads), 1);
                assert_eq!(threads(), 1);
                panic!("planted")
            })
        });
        assert!(panicked.is_err());
        assert!(!ALONE.get());
    }

    #[test]
    fn threads_can_be_changed_but_not_to_zero() {
        let before = threads();
        assert!(!set_threads(0));
        assert!(set_threads(3));
        assert_eq!(threads(), 3);
        let seen: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        for_pieces(100, |piece| {
            seen[piece].fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        assert!(set_threads(before));
    }
}
