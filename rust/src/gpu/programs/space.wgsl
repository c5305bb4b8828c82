// What convolutions and pools have in common: numbers of three dimensions, and places in them.

fn triple(first: u32) -> vec3<u32> {
    return vec3<u32>(word(first), word(first + 1u), word(first + 2u));
}

fn tap_of(tap: u32) -> vec3<u32> {
    return vec3<u32>(tap / (WIDE * HIGH), tap / WIDE % HIGH, tap % WIDE);
}

// Where the element with a number lies in three extents, which are words.
fn place_in(extents: u32, number: u32) -> vec3<u32> {
    let line = number / word(extents + 2u);
    return vec3<u32>(line / word(extents + 1u), line % word(extents + 1u), number % word(extents + 2u));
}
