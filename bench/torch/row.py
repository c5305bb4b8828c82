"""A row is a function that makes the inputs and returns (run, result)."""

from inputs import samples


def computing(run, left=lambda: []):
    """An instance whose work returns a tensor or a tuple of tensors."""

    def result():
        computed = run()
        return [samples(x) for x in [*(computed if isinstance(computed, tuple) else [computed]), *left()]]

    return run, result
