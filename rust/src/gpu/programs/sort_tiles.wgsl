// A workgroup sorts a tile: segments of WIDTH pairs, each of a row or of a part of one.
// Words: segments, segments of a row, elements of a row, results of a row; offset of the input, whether the
// largest comes first, offset of the results, stride along the row; extents of the KEPT axes of the
// rows from 8, their strides from 16; the first row at 24.

var<workgroup> pairs: array<State, TILE>;

fn run(group: u32, own: u32) {
    let first = group * (TILE / WIDTH);
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        // Padding after the end of a row comes after all of its elements.
        var pair = State(LAST, i);
        if (segment < word(0u) && i < word(2u)) {
            let row = word(24u) + segment / word(1u);
            let at = word(4u) + position(row, KEPT, 8u, 16u) + i * word(7u);
            let key = key_of(INPUT[at]);
            pair.x = select(key, LAST - key, word(5u) != 0u);
        }
        pairs[k] = pair;
    }
    for (var size = 2u; size <= WIDTH; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var k = own; k < TILE / 2u; k += 256u) {
                let low = 2u * k - k % step;
                let a = pairs[low];
                let b = pairs[low + step];
                if (before(b, a) == (((low % WIDTH) & size) == 0u)) {
                    pairs[low] = b;
                    pairs[low + step] = a;
                }
            }
        }
    }
    workgroupBarrier();
    for (var k = own; k < TILE; k += 256u) {
        let segment = first + k / WIDTH;
        if (segment >= word(0u)) {
            continue;
        }
        let row = segment / word(1u);
        let i = segment % word(1u) * WIDTH + k % WIDTH;
        // store
    }
}
