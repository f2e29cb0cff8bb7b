#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The GPU itself, on a bench (bench.c) instead of in QEMU: registers, page tables, submission, commands,
interrupts, sleep. The bench's clock is moved by hand, so every time is exact. usage: device_test.py BENCH"""
import subprocess
import sys

BAR0, BAR4 = 0, 4
GTT = 8 << 20  # in BAR 0
PHYSICAL = 0x200000  # what the page table maps: address n of the GPU is PHYSICAL + n
PAGE_STATUS, CONTEXT, RING, RESULT = 0x10000, 0x20000, 0x40000, 0x60000
TABLES, BATCH = 0x64000, 0x6C000
VIRTUAL = 0x123456789000  # where a context's own table has what is at BATCH
MODELS = {"3e92": (9, 12000000), "9a49": (12, 19200000)}
RENDER = 0x2000

MI_USER_INTERRUPT = 0x02 << 23
MI_BATCH_BUFFER_END = 0x0a << 23
MI_BATCH_BUFFER_START = 0x31 << 23 | 1 << 8 | 1  # by the context's table
BUSY, HANG = 0, 3
passed = failed = 0


def check(text, got, wanted):
    global passed, failed
    ok = got == wanted
    passed, failed = passed + ok, failed + (not ok)
    print(f"ok: {text}" if ok else f"NOT OK: {text}: got {got}, wanted {wanted}")


def noop(us, what=BUSY):
    return [1 << 22 | what << 20 | us]


def store(addr, value):
    return [0x20 << 23 | 1 << 22 | 2, addr, 0, value]


class Gpu:
    def __init__(self, bench, model):
        self.gen, self.hz = MODELS[model]
        self.bench = subprocess.Popen([bench, f"silicon-{model}"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        for page in range(0, 0x80000, 4096):
            self.command("write", BAR0, GTT + page // 4096 * 8, PHYSICAL + page | 1)
        self.write(RENDER + 0x80, PAGE_STATUS)  # RING_HWS_PGA
        self.statuses = 0

    def command(self, *words):
        self.bench.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.bench.stdin.flush()
        return int(self.bench.stdout.readline())

    def read(self, register):
        return self.command("read", BAR0, register)

    def write(self, register, value):
        self.command("write", BAR0, register, value)

    def peek(self, addr):
        return self.command("peek", PHYSICAL + addr)

    def poke(self, addr, *values):
        for i, value in enumerate(values):
            self.command("poke", PHYSICAL + addr + 4 * i, value)

    def wait(self, us):
        self.command("step", us * 1000)

    def make_context(self, number, *commands):
        """A ring with these commands; its descriptor."""
        ring, state = RING + number * 0x1000, CONTEXT + number * 0x4000 + 4096
        dwords = [dword for command in commands for dword in command]
        dwords += [0] * (len(dwords) % 2)
        self.poke(ring, *dwords)
        for dword, value in (5, 0), (7, len(dwords) * 4), (9, ring), (11, 1), (0x23, 0):
            self.poke(state + 4 * dword, value)
        return state - 4096 | 1 | (number + 1) << 37

    def context(self, number, dword):
        return self.peek(CONTEXT + number * 0x4000 + 4096 + 4 * dword)

    def submit(self, *descriptors):
        first, second = [*descriptors, 0][:2]
        if self.gen < 11:
            for value in second >> 32, second & 0xFFFFFFFF, first >> 32, first & 0xFFFFFFFF:
                self.write(RENDER + 0x230, value)
        else:
            for i, value in enumerate((first, second, 0, 0, 0, 0, 0, 0)):
                self.write(RENDER + 0x510 + 8 * i, value & 0xFFFFFFFF)
                self.write(RENDER + 0x514 + 8 * i, value >> 32)
            self.write(RENDER + 0x550, 1)

    def status(self):
        """The entries of the context status buffer since the last call, (low, high)."""
        entries = 12 if self.gen >= 11 else 6
        last = self.peek(PAGE_STATUS + (0xBC if self.gen >= 11 else 0x7C))
        found = []
        while self.statuses % entries != (last + 1) % entries:
            at = PAGE_STATUS + 0x40 + 8 * (self.statuses % entries)
            found.append((self.peek(at), self.peek(at + 4)))
            self.statuses += 1
        return found

    def idle(self):
        return bool(self.read(RENDER + 0x9C) & 1 << 9)  # MODE_IDLE

    def end(self):
        self.bench.stdin.close()
        self.bench.wait()


def switches(gpu, *steps):
    """The entries for switches (from, to, new list, same context); a context is its number or None."""
    def context_id(number):
        return (0x7FF if number is None else number + 1) << 15

    found = []
    for source, target, new, same in steps:
        if gpu.gen >= 12:
            found.append((context_id(target) | new, context_id(source) | (5 if new and source is not None else 0)))
        else:
            low = 1 if source is None else 2 | same << 15 if new else 16 | (8 if target is None else 4)
            found.append((low, ((target if source is None else source) + 1) << 5))
    return found


def check_work(gpu):
    desc = gpu.make_context(0, noop(1000), store(RESULT, 0x1234), [MI_USER_INTERRUPT])
    gpu.submit(desc)
    check("a submission is reported", gpu.status(), switches(gpu, (None, 0, True, False)))
    gpu.wait(999)
    check("after 999 of 1000 us it works", (gpu.idle(), gpu.peek(RESULT)), (False, 0))
    gpu.wait(1)
    check("after 1000 it has stored its result", (gpu.idle(), gpu.peek(RESULT)), (True, 0x1234))
    check("its end is reported", gpu.status(), switches(gpu, (0, None, False, False)))
    check("the ring's head is where its tail is", gpu.context(0, 5), gpu.context(0, 7))
    check("the context's own clock has counted 1000 us", gpu.context(0, 0x23), gpu.hz // 1000)


def check_preemption(gpu):
    long = gpu.make_context(0, noop(1000), store(RESULT, 1))
    short = gpu.make_context(1, noop(100), store(RESULT + 4, 1))
    gpu.submit(long)
    gpu.wait(400)
    gpu.submit(short, long)
    check("another context takes the engine at once", gpu.status(),
          switches(gpu, (None, 0, True, False), (0, 1, True, False)))
    gpu.wait(100)
    check("it is done after its own 100 us", (gpu.peek(RESULT), gpu.peek(RESULT + 4)), (0, 1))
    gpu.wait(599)
    check("the first goes on", gpu.idle(), False)
    gpu.wait(1)
    check("and has had 1000 us in all", (gpu.idle(), gpu.peek(RESULT)), (True, 1))
    check("by its own clock, too", gpu.context(0, 0x23), gpu.hz // 1000)
    check("each switch is reported", gpu.status(), switches(gpu, (1, 0, False, False), (0, None, False, False)))


def check_more_work(gpu):
    """The same context again, with a tail that moved: it goes on without a switch."""
    desc = gpu.make_context(0, noop(500), [0], noop(500), store(RESULT, 3), [0])
    gpu.poke(CONTEXT + 4096 + 4 * 7, 8)
    gpu.submit(desc)
    gpu.wait(100)
    gpu.poke(CONTEXT + 4096 + 4 * 7, 32)
    gpu.submit(desc)
    gpu.wait(900)
    check("more work for the same context", (gpu.idle(), gpu.peek(RESULT)), (True, 3))
    check("is a light restore", gpu.status(), switches(gpu, (None, 0, True, False), (0, 0, True, True),
                                                       (0, None, False, False)))


def map_batch(gpu, number):
    """Four levels of tables for a page at VIRTUAL; the context's descriptor says that there are four."""
    for level in range(4):
        index = VIRTUAL >> (39 - 9 * level) & 511
        target = TABLES + (level + 1) * 4096 if level < 3 else BATCH
        gpu.poke(TABLES + level * 4096 + 8 * index, PHYSICAL + target | 1, 0)
    state = CONTEXT + number * 0x4000 + 4096
    gpu.poke(state + 4 * 0x31, 0)
    gpu.poke(state + 4 * 0x33, PHYSICAL + TABLES)
    return 3 << 3


def check_batch(gpu):
    """A batch in the context's own address space: 20 us as every batch, and what it says itself."""
    desc = gpu.make_context(0, [MI_BATCH_BUFFER_START, VIRTUAL & 0xFFFFFFFF, VIRTUAL >> 32], store(RESULT + 4, 7))
    desc |= map_batch(gpu, 0)
    gpu.poke(BATCH, *noop(100), 0x20 << 23 | 2, (VIRTUAL & 0xFFFFFFFF) + 0x800, VIRTUAL >> 32, 6, MI_BATCH_BUFFER_END)
    gpu.poke(RESULT, 0, 0)
    gpu.submit(desc)
    gpu.wait(119)
    check("a batch takes its time", (gpu.idle(), gpu.peek(BATCH + 0x800)), (False, 0))
    gpu.wait(1)
    check("and stores in its own address space", (gpu.idle(), gpu.peek(BATCH + 0x800)), (True, 6))
    check("then the ring goes on", gpu.peek(RESULT + 4), 7)
    gpu.status()


def check_semaphore(gpu):
    gpu.poke(RESULT, 0, 0)
    wait = [0x1C << 23 | 1 << 22 | 1 << 12 | 2, 5, RESULT, 0]  # until the value is at least 5
    gpu.submit(gpu.make_context(0, wait, store(RESULT + 4, 9)))
    gpu.wait(1000)
    check("a semaphore holds it, and shows", (gpu.idle(), gpu.read(RENDER + 0x3C) >> 10 & 1), (False, 1))
    gpu.poke(RESULT, 5)
    gpu.wait(50)
    check("until it is signalled", (gpu.idle(), gpu.peek(RESULT + 4)), (True, 9))
    gpu.status()


def check_reset(gpu):
    gpu.poke(RESULT, 3)
    gpu.submit(gpu.make_context(0, noop(1, HANG)))
    gpu.submit(gpu.make_context(1, store(RESULT, 5)))
    gpu.wait(10000000)
    check("what hangs cannot be preempted", (gpu.idle(), gpu.peek(RESULT)), (False, 3))
    gpu.write(RENDER + 0xD0, 1 << 16 | 1)  # RING_RESET_CTL
    check("the engine is ready to be reset", gpu.read(RENDER + 0xD0), 2)
    gpu.write(0x941C, 1 << 1)  # GEN6_GDRST, render
    check("the reset is done", gpu.read(0x941C), 0)
    check("the engine is idle", gpu.idle(), True)
    gpu.statuses = 0
    gpu.submit(gpu.make_context(1, store(RESULT, 5)))
    check("and works", gpu.peek(RESULT), 5)
    gpu.status()


def check_power(gpu):
    def rc6():
        return gpu.read(0x138108)  # GEN6_GT_GFX_RC6, in 1280 ns

    gpu.write(0xA090, 1 << 18)  # GEN6_RC_CONTROL
    gpu.write(0xA008, 30 << 23)  # GEN6_RPNSWREQ
    start = rc6()
    gpu.wait(128000)
    check("an idle GPU is in RC6 all the time", rc6() - start, 100000)
    check("and has no clock", gpu.read(0xA01C) >> 23, 0)
    gpu.submit(gpu.make_context(0, noop(128000)))
    check("at work its clock is the one requested", gpu.read(0xA01C) >> 23, 30)
    start = rc6()
    gpu.wait(127999)
    check("and it is never in RC6", rc6() - start, 0)
    gpu.wait(1)
    gpu.status()
    gpu.command("write", BAR4, 4 * 5, 600)  # act_mhz
    gpu.submit(gpu.make_context(0, noop(10)))
    check("a clock that is set", (gpu.read(0xA01C) >> 23, gpu.read(0x1381B4) >> 11), (36, 36))
    gpu.wait(10)


def check_registers(gpu):
    gpu.write(0xA188, 1 << 16 | 1)  # FORCEWAKE_GT_GEN9
    check("forcewake is acknowledged", gpu.read(0x130044) & 1, 1)
    gpu.write(0xA188, 1 << 16)
    check("and its end", gpu.read(0x130044) & 1, 0)
    gpu.write(0x7014, 0x00050005)  # COMMON_SLICE_CHICKEN2
    gpu.write(0x7014, 0x00010000)
    check("a masked register changes by its mask", gpu.read(0x7014), 4)
    gpu.write(0x138124, 1 << 31 | 0x06)
    check("the mailbox is free again", gpu.read(0x138124) >> 31, 0)


def check_interrupts(gpu):
    """User interrupt of the render engine: where it shows, and that it goes when it is cleared."""
    master = 0x190010 if gpu.gen >= 11 else 0x44200
    if gpu.gen >= 11:
        gpu.write(0x190030, 0xFFFFFFFF)
    else:
        gpu.write(0x4430C, 0xFFFFFFFF)
        gpu.write(0x44308, 0xFFFFFFFF)
    gpu.write(master, 1 << 31)
    gpu.submit(gpu.make_context(0, [MI_USER_INTERRUPT]))
    check("an interrupt shows in the master register", gpu.read(master) & 1, 1)
    if gpu.gen >= 11:
        gpu.write(0x190070, 1)
        check("and is the engine's", gpu.read(0x190060), 1 << 31 | 1 << 8 | 1)
        gpu.write(0x190060, 1 << 31)
        gpu.write(0x190018, 1)
    else:
        check("and is the engine's", gpu.read(0x44308), 1 << 8 | 1)
        gpu.write(0x44308, 0xFFFFFFFF)
    check("until it is cleared", gpu.read(master) & 0xFF, 0)
    gpu.status()


def main():
    for model in MODELS:
        print(f"{model}:")
        gpu = Gpu(sys.argv[1], model)
        check_registers(gpu)
        check_interrupts(gpu)
        check_work(gpu)
        gpu.poke(RESULT, 0, 0)
        check_preemption(gpu)
        check_more_work(gpu)
        check_batch(gpu)
        check_semaphore(gpu)
        check_reset(gpu)
        check_power(gpu)
        gpu.end()
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
