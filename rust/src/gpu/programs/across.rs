//! Reductions across the `LANES` invocations that share a row.

const SOURCE: &str = include_str!("across.wgsl");

/// The workgroup memory for the exchange, and functions that reduce a value of a type each: names,
/// and how `a` and `b` are combined.
pub(super) fn across(item: &str, functions: &[(&str, &str)]) -> String {
    let function = |(name, joined): &(&str, &str)| {
        SOURCE.replace("NAME", name).replace("ITEM", item).replace("JOINED", joined)
    };
    let functions: String = functions.iter().map(function).collect();
    format!("var<workgroup> held: array<{item}, 256>;\n\n{functions}")
}
