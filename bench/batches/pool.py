"""No-op tasks on a pool: `pool.py <processes> <items> <chunk>` prints the seconds that one starmap takes."""

import json
import multiprocessing
import sys
import time


def nothing(_):
    pass


def main():
    processes, items, chunk = (int(argument) for argument in sys.argv[1:4])
    arguments = [(index,) for index in range(items)]
    with multiprocessing.Pool(processes) as pool:
        pool.starmap(nothing, arguments[: 10 * chunk], chunk)
        began = time.perf_counter()
        pool.starmap(nothing, arguments, chunk)
        print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
