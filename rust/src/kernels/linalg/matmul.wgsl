// Tiles of 16 x 16 through workgroup memory. Words: rows, inner, columns, axes of the batch, offsets
// of the left side, the right side and the result, row and column strides of the left and the right
// side; from 16 on the shape of the batch, from 24 its strides on the left, from 32 on the right.

const SIDE = 16u;

var<workgroup> left: array<array<T, 16>, 16>;
var<workgroup> right: array<array<T, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
) {
    let rows = word(0u);
    let inner = word(1u);
    let columns = word(2u);
    let first = word(4u) + position(id.z, word(3u), 16u, 24u) + id.y * word(7u);
    let second = word(5u) + position(id.z, word(3u), 16u, 32u) + id.x * word(10u);
    var total = T(0);
    for (var from_k = 0u; from_k < inner; from_k += SIDE) {
        let across = from_k + own.x;
        let down = from_k + own.y;
        var a = T(0);
        var b = T(0);
        if (id.y < rows && across < inner) {
            a = m1[first + across * word(8u)];
        }
        if (id.x < columns && down < inner) {
            b = m2[second + down * word(9u)];
        }
        left[own.y][own.x] = a;
        right[own.y][own.x] = b;
        workgroupBarrier();
        for (var k = 0u; k < SIDE; k++) {
            total += left[own.y][k] * right[k][own.x];
        }
        workgroupBarrier();
    }
    if (id.y < rows && id.x < columns) {
        m0[word(6u) + (id.z * rows + id.y) * columns + id.x] = total;
    }
}
