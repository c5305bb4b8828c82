// Words: items, elements, extents from 2, and for each operand from 10 on its offset and eight
// strides.

fn value(SIGNATURE) -> R {
    return RESULT;
}

fn run(group: u32, own: u32) {
    let i = group * 256u + own;
    if (i >= word(0u)) {
        return;
    }
    var rest = i;
    // starts
    for (var axis = RANK - 1u; axis > 0u; axis--) {
        let extent = word(2u + axis);
        let at = rest % extent;
        rest /= extent;
        // steps
    }
    // ends
    // loads
    // store
}
