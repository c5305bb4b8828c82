// Several invocations process a row along an axis of a tensor. Words: rows, their length, offsets
// and strides along the axis of the first and the second input and of the output; extents of the
// other axes from 8, their strides in the inputs from 16 and 24; from 40 offset and stride of the
// labels, from 42 those of the factors.

fn larger(a: T, b: T) -> T {
    return select(a, b, b > a);
}

// Four elements of the first input, repeating the last one at the end of a row: so many are read at
// once.
fn four(x: u32, i: u32, length: u32) -> vec4<T> {
    let places = x + min(i + vec4<u32>(0u, 1u, 2u, 3u) * LANES, vec4<u32>(length - 1u)) * word(3u);
    return vec4<T>(m1[places.x], m1[places.y], m1[places.z], m1[places.w]);
}

fn run(group: u32, own: u32) {
    let row = group * (256u / LANES) + own / LANES;
    let lane = own % LANES;
    let there = row < word(0u);
    let length = select(0u, word(1u), there);
    let x = word(2u) + position(row, KEPT, 8u, 16u);
    let second = word(4u) + position(row, KEPT, 8u, 24u);
    let out = word(6u) + row / word(7u) * word(7u) * word(1u) + row % word(7u);
    // body
}
