fn word(i: u32) -> u32 {
    return parameters[i / 4u][i % 4u];
}

// The position of the element with a given row-major number, for axes whose extents and strides are
// the words from the given ones on.
fn position(number: u32, axes: u32, extents: u32, strides: u32) -> u32 {
    var at = 0u;
    var rest = number;
    for (var axis = axes; axis > 0u; axis--) {
        let extent = word(extents + axis - 1u);
        at += (rest % extent) * word(strides + axis - 1u);
        rest /= extent;
    }
    return at;
}
