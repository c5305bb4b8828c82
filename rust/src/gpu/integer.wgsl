fn power(a: i32, b: i32) -> i32 {
    if (b < 0) {
        // Only the powers of 1 and -1 are whole.
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
