fn power(a: i32, b: i32) -> i32 {
    if (b < 0) {
        // Only 1 and -1 have integer powers with negative exponents.
        return select(select(0, 1 - 2 * (b & 1), a == -1), 1, a == 1);
    }
    var result = 1;
    var square = a;
    for (var rest = b; rest > 0; rest >>= 1u) {
        if ((rest & 1) != 0) {
            result *= square;
        }
        square *= square;
    }
    return result;
}

fn remainder(a: i32, b: i32) -> i32 {
    if (b == 0) {
        return 0;
    }
    let rest = a % b;
    return select(rest, rest + b, rest != 0 && (rest < 0) != (b < 0));
}

// An integer is its own floor.
fn floor_of(x: i32) -> i32 {
    return x;
}

fn ceil_of(x: i32) -> i32 {
    return x;
}

fn round_of(x: i32) -> i32 {
    return x;
}

fn trunc_of(x: i32) -> i32 {
    return x;
}

fn relu_of(x: i32) -> i32 {
    return max(x, 0);
}
