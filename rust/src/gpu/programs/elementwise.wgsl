// Words: items, elements, extents from 2, and for each operand from 10 on its offset and eight strides.

fn value(SIGNATURE) -> R {
    return RESULT;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + own;
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
