// Each pair finds its position among those of the run that is merged with its own. Words: pairs,
// length of a run, elements of a row, results of a row; offsets of the pairs to read and to write,
// offset of the results; the first row at 24.

fn run(group: u32, own: u32) {
    let number = group * 256u + own;
    if (number >= word(0u)) {
        return;
    }
    let run = word(1u);
    let row = number / word(2u);
    let i = number % word(2u);
    let base = word(4u) + row * word(2u);
    let pair = FROM[base + i];
    let start = i - i % (2u * run);
    let other = select(start, start + run, i - start < run);
    var low = min(other, word(2u));
    var high = min(other + run, word(2u));
    let first = low;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (before(FROM[base + middle], pair)) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let place = start + i % run + (low - first);
    // store
}
