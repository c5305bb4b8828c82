// Words: size, rank, shape from 2, and for each operand from 10 on its offset and eight strides.

fn flat(i: u32, operand: u32) -> u32 {
    let at = 10u + operand * 9u;
    return word(at) + i * word(at + 1u);
}

fn strided(i: u32, operand: u32) -> u32 {
    let at = 10u + operand * 9u;
    return word(at) + position(i, word(1u), 2u, at + 1u);
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = id.y * groups.x * 256u + id.x;
    if (i >= word(0u)) {
        return;
    }
    // inputs
    m0[WAY(i, 0u)] = VALUE;
}
