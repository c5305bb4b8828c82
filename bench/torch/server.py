"""Runs the rows of rows.py on request, on the device named on the command line; ../torch_side.ts asks.

First a line {"version"}. Then a line {"us", "result"} for each line {"row", "iterations", "threads"}:
the time of one iteration, or, for 0 iterations, the result. A row is made anew when its name changes.
"""

import itertools
import json
import sys
import time

import torch

GPU = sys.argv[1] == "gpu"
if GPU:
    torch.set_default_device("cuda")
    # Full float32 precision, as on our side.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    from gpu_rows import GPU_ROWS as ROWS
else:
    from rows import CPU_ROWS as ROWS


def say(message):
    print(json.dumps(message), flush=True)


def finish():
    if GPU:
        torch.cuda.synchronize()


def main():
    say({"version": torch.__version__})
    name = run = result = None
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        if request["row"] != name:
            name = request["row"]
            run, result = ROWS[name]()
        iterations = request["iterations"]
        if iterations == 0:
            say({"us": 0, "result": result()})
            continue
        finish()
        start = time.perf_counter()
        for _ in itertools.repeat(None, iterations):
            run()
        finish()
        seconds = time.perf_counter() - start
        say({"us": seconds * 1e6 / iterations, "result": []})


main()
