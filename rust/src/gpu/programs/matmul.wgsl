// Tiles of SIDE × SIDE results from tiles of SIDE × 16 elements in workgroup memory. Half of the
// invocations fetch four by four elements of the left side and the other half those of the right
// one, each tile while the product of the previous one is computed. Each invocation has four rows
// (or twice four, SIDE / 2 apart) of four columns (or twice four) of results. Words: rows, inner,
// columns, axes of the batch, offsets of the left side, the right side and the result, strides
// along the rows, inner and columns: left row, left inner, right inner, right column; inner
// elements of a part, products of the batch; tiles along the columns, along the rows, and of all
// products together; from 16 on the shape of the batch, from 24 its strides on the left, from 32 on
// the right. For a side that is read as vectors, the numbers count vectors.

const DEPTH = 16u;
const QUADS = SIDE / 4u;
// A compiler does not check an index that it sees to be in range.
const LAST = 4u * SIDE - 1u;
const ACROSS = SIDE / (4u * COLUMN_PARTS);

alias V = vec4<T>;

/// Four elements along the tile's side, for each of four inner positions.
struct Quad {
    a: V,
    b: V,
    c: V,
    d: V,
}

/// The index of the product in the batch.
var<private> product: u32;

var<workgroup> left: array<V, 4u * SIDE>;
var<workgroup> right: array<V, 4u * SIDE>;

// fetch

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) own: u32,
) {
    let tile = group.y * groups.x + group.x;
    // From word 15, in a form that shows that the whole workgroup takes the same branch.
    if (tile >= parameters[3u].w) {
        return;
    }
    let rows = word(0u);
    let columns = word(2u);
    let made = tile / word(13u) / word(14u);
    product = made % word(12u);
    let part = made / word(12u);
    let first_left = word(4u) + position(product, word(3u), 16u, 24u);
    let first_right = word(5u) + position(product, word(3u), 16u, 32u);
    let start = part * word(11u);
    let end = min(start + word(11u), word(1u));
    let row = tile / word(13u) % word(14u) * SIDE;
    let column = tile % word(13u) * SIDE;
    let is_left = own < SIDE;
    let block = own % SIDE;
    let left_quad = select(block % QUADS, block / 4u, LEFT_INNER);
    let left_deep = 4u * select(block / QUADS, block % 4u, LEFT_INNER);
    let right_quad = select(block % QUADS, block / 4u, RIGHT_INNER);
    let right_deep = 4u * select(block / QUADS, block % 4u, RIGHT_INNER);
    let down = own / ACROSS;
    let across = own % ACROSS;
    var r0 = V(); var r1 = V(); var r2 = V(); var r3 = V();
    var r4 = V(); var r5 = V(); var r6 = V(); var r7 = V();
    var s0 = V(); var s1 = V(); var s2 = V(); var s3 = V();
    var s4 = V(); var s5 = V(); var s6 = V(); var s7 = V();
    // sides
    var next: Quad;
    if (is_left) {
        next = left_at(first_left, row + 4u * left_quad, start + left_deep, rows, end);
    } else {
        next = right_at(first_right, column + 4u * right_quad, start + right_deep, columns, end);
    }
    for (var from_inner = start; from_inner < end; from_inner += DEPTH) {
        workgroupBarrier();
        if (is_left) {
            let to = left_deep * QUADS + left_quad;
            left[(to) & LAST] = next.a;
            left[(to + QUADS) & LAST] = next.b;
            left[(to + 2u * QUADS) & LAST] = next.c;
            left[(to + 3u * QUADS) & LAST] = next.d;
        } else {
            let to = right_deep * QUADS + right_quad;
            right[(to) & LAST] = next.a;
            right[(to + QUADS) & LAST] = next.b;
            right[(to + 2u * QUADS) & LAST] = next.c;
            right[(to + 3u * QUADS) & LAST] = next.d;
        }
        workgroupBarrier();
        let further = from_inner + DEPTH;
        if (further < end) {
            if (is_left) {
                next = left_at(first_left, row + 4u * left_quad, further + left_deep, rows, end);
            } else {
                next =
                    right_at(first_right, column + 4u * right_quad, further + right_deep, columns, end);
            }
        }
        for (var half = 0u; half < DEPTH; half += 8u) {
            // steps
        }
    }
    let to = word(6u) + made * rows * columns;
    let y = row + 4u * down;
    let x = column + 4u * across;
    store(to, y, x, r0);
    store(to, y + 1u, x, r1);
    store(to, y + 2u, x, r2);
    store(to, y + 3u, x, r3);
    if (ROW_PARTS > 1u) {
        let low = y + SIDE / 2u;
        store(to, low, x, r4);
        store(to, low + 1u, x, r5);
        store(to, low + 2u, x, r6);
        store(to, low + 3u, x, r7);
        if (COLUMN_PARTS > 1u) {
            let far = x + SIDE / 2u;
            store(to, low, far, s4);
            store(to, low + 1u, far, s5);
            store(to, low + 2u, far, s6);
            store(to, low + 3u, far, s7);
        }
    }
    if (COLUMN_PARTS > 1u) {
        let far = x + SIDE / 2u;
        store(to, y, far, s0);
        store(to, y + 1u, far, s1);
        store(to, y + 2u, far, s2);
        store(to, y + 3u, far, s3);
    }
}

fn store(to: u32, row: u32, column: u32, values: V) {
    if (!EXACT && (row >= word(0u) || column >= word(2u))) {
        return;
    }
    // store
}
