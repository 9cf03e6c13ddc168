"""Threads that build, keep and drop lists and byte arrays: memory traffic of CPython."""
import mmap
import threading

kept = []
lock = threading.Lock()

def work(seed):
    mine = []
    for i in range(60):
        seed = (seed * 1103515245 + 12345) & 0x7fffffff
        mine.append([j * seed for j in range(seed % 9000)])
        if i % 7 == 0:
            mine.append(bytearray(200_000 + seed % 900_000))
        if len(mine) > 12:
            del mine[: 1 + seed % 6]
        if i % 20 == 0:
            with lock:
                kept.append(mine[-1])

threads = [threading.Thread(target=work, args=(n * 77 + 5,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
shared = mmap.mmap(-1, 1 << 20)
shared.write(b"x" * 300_000)
kept.clear()
shared.close()
