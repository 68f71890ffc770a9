"""Lock and unlock by pool workers on one lock of a Manager: `manager.py <processes> <times>` prints pairs per second."""

import json
import multiprocessing
import sys
import time


def take_turns(lock, times):
    for _ in range(times):
        lock.acquire()
        lock.release()


def nothing(_):
    time.sleep(0.05)


def main():
    processes, times = int(sys.argv[1]), int(sys.argv[2])
    with multiprocessing.Manager() as manager, multiprocessing.Pool(processes) as pool:
        lock = manager.Lock()
        pool.map(nothing, range(processes), 1)
        began = time.perf_counter()
        pool.starmap(take_turns, [(lock, times)] * processes, 1)
        print(json.dumps({"pairsPerSecond": processes * times / (time.perf_counter() - began)}))


if __name__ == "__main__":
    main()
