// Shared by convolutions and pools: numbers for three dimensions, and positions in them.

fn triple(first: u32) -> vec3<u32> {
    return vec3<u32>(word(first), word(first + 1u), word(first + 2u));
}

fn tap_of(tap: u32) -> vec3<u32> {
    return vec3<u32>(tap / (WIDE * HIGH), tap / WIDE % HIGH, tap % WIDE);
}

// The position of the element with a given number in three extents, which are words.
fn place_in(extents: u32, number: u32) -> vec3<u32> {
    let line = number / word(extents + 2u);
    return vec3<u32>(line / word(extents + 1u), line % word(extents + 1u), number % word(extents + 2u));
}
