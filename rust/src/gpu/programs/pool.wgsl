// Words: elements of the result, of a channel of it, channels; offset of the input at 4, of the
// results at 6 and 7; strides of the input from 16; from 40 on extents of input, output and window,
// strides, dilations and paddings, three each.

// The distance in memory of positions in space.
fn along(place: vec3<u32>) -> u32 {
    let steps = place * triple(18u);
    return steps.x + steps.y + steps.z;
}

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    let channel = number / word(1u);
    let base = word(4u) + channel / word(2u) * word(16u) + channel % word(2u) * word(17u);
    let start = place_in(43u, number % word(1u)) * triple(49u) - triple(55u);
    // body
}
