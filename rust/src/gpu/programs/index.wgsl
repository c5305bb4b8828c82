// Words: elements of the output, axes of the index, offsets of the output, the index and the
// values, stride of the axis in the indexed tensor, extent of the axis in it and in the index,
// number of the axis, first pair of a sorted index; extents of the output from 16, of the index
// from 24; strides of the index from 32 and of the values from 40, including the axis; from 48 on
// distances between the rows of a sorted index.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    var rest = number;
    var at = word(3u);
    var value = word(4u);
    var inside = true;
    var line = word(9u);
    var place = 0u;
    for (var axis = word(1u); axis > 0u;) {
        axis--;
        let extent = word(16u + axis);
        let step = rest % extent;
        rest /= extent;
        if (SCATTERS && axis == word(8u)) {
            place = step;
            continue;
        }
        inside = inside && step < word(24u + axis);
        at += step * word(32u + axis);
        line += step * word(48u + axis);
        if (SCATTERS || axis != word(8u)) {
            value += step * word(40u + axis);
        }
    }
    // body
}
