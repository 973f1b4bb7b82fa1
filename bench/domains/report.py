"""Tables for docs/benchmarks.md and pictures from what bench/domains/run measured."""

import subprocess

from machine import OUT, ROOT, TITLES, write_table

PAGE = ROOT / "docs" / "benchmarks.md"
UNIT = 100e-6           # seconds of one unit of work
ALLOWANCE = 5e-3        # Ringfort's context-switch allowance


class Measured:
    """One system's figures by phase."""

    def __init__(self, phases, records, length):
        self.phases, self.length = phases, length
        self.records = {(r["who"], r["index"], r["phase"]): r for r in records}

    def of(self, section):
        """Busy domains and number of each phase of a section."""
        return [(int(text[1:]), k) for k, (text, _, name) in enumerate(self.phases)
                if name == section]

    def milliseconds(self, section, busy, who, which):
        k = dict(self.of(section)).get(busy)
        record = self.records.get((who, 0, k))
        return record[which] / 1e6 if record and record["samples"] else None

    def work(self, busy, k):
        """Parts of the processor that the busy domains of phase k got."""
        return [self.records["busy", i, k]["work"] * UNIT / self.length for i in range(busy)]


def cell(value, digits):
    return "" if value is None else f"{value:.{digits}f}"


def latency(ringfort, xen):
    yield ("| busy domains | Ringfort: median | 99th | no warp: median | 99th | Xen: median | 99th "
           "| busy one, Ringfort: median | 99th | Xen: median | 99th |")
    yield "|" + "--:|" * 11
    for busy, _ in ringfort.of("latency"):
        cells = []
        for system, section, who, digits in (
                (ringfort, "latency", "sleeper", 3), (ringfort, "no warp", "sleeper", 3),
                (xen, "latency", "sleeper", 3), (ringfort, "latency", "busy", 1),
                (xen, "latency", "busy", 1)):
            cells += [cell(system.milliseconds(section, busy, who, p), digits)
                      for p in ("p50", "p99")]
        yield f"| {busy} | " + " | ".join(cells) + " |"


def shares(ringfort, xen):
    yield "| | Ringfort | Xen 4.17 | ideal |"
    yield "|---|---|---|---|"
    for section, ideal in (("weights", (1 / 7, 2 / 7, 4 / 7)), ("caps", (0.10, 0.25, 0.50))):
        got = [system.work(*system.of(section)[0]) for system in (ringfort, xen)]
        title = "weights 1:2:4" if section == "weights" else "caps 10, 25, 50 %"
        yield f"| {title} | " + " | ".join(
            ", ".join(f"{value:.4f}" for value in values) for values in (*got, ideal)) + " |"


def losses(system, native):
    """Per cent by number of busy domains, against a Linux with as many processes."""
    length = system.length
    return {busy: (sum(system.work(busy, k)) * length / (native[busy] * UNIT) - 1) * 100
            for busy, k in system.of("throughput")}


def throughput(ringfort, xen, native):
    yield "| domains or processes | Linux alone, of the processor | Ringfort | Xen 4.17 |"
    yield "|--:|--:|--:|--:|"
    ours, theirs = losses(ringfort, native), losses(xen, native)
    for busy in ours:
        alone = native[busy] * UNIT / ringfort.length * 100
        yield (f"| {busy} | {alone:.2f} % | {ours[busy]:+.2f} % | "
               f"{theirs[busy]:+.2f} % |")


def switch_cost(ringfort):
    """Seconds that a switch takes: what 4 domains did less than one, by the switches made."""
    work = {busy: sum(ringfort.work(busy, k)) for busy, k in ringfort.of("throughput")}
    return (work[1] - work[4]) * ALLOWANCE


def plot(name, title, xlabel, ylabel, columns, rows, options=""):
    """A picture in docs/ with a line for each column."""
    data = OUT / f"{name}.data"
    data.write_text("\n".join(" ".join("?" if v is None else f"{v:g}" for v in row)
                              for row in rows) + "\n")
    lines = ", ".join(f"'{data}' using 1:{i + 2} with linespoints lw 2 pt {i + 4} title '{column}'"
                      for i, column in enumerate(columns))
    script = f"""set terminal svg size 720,420 font 'sans,14' background '#ffffff'
set output '{ROOT / "docs" / (name + ".svg")}'
set title '{title}'
set xlabel '{xlabel}'
set ylabel '{ylabel}'
set logscale x 2
set grid
set key outside below
set datafile missing '?'
{options}
plot {lines}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def pictures(ringfort, xen, native):
    rows = []
    for busy, _ in ringfort.of("latency"):
        rows.append([busy, *(s.milliseconds(section, busy, "sleeper", "p99") for s, section in
                             ((ringfort, "latency"), (ringfort, "no warp"), (xen, "latency")))])
    plot("latency", "From waking to running, 99th percentile", "busy domains beside", "ms",
         ["Ringfort", "Ringfort without warp", "Xen 4.17 (credit2)"], rows, "set logscale y")
    ours, theirs = losses(ringfort, native), losses(xen, native)
    plot("throughput", "Work done, against Linux with as many processes", "domains", "per cent",
         ["Ringfort", "Xen 4.17 (credit2)"], [[n, ours[n], theirs[n]] for n in ours])


def write(ringfort, xen, native):
    write_table(PAGE, "latency", latency(ringfort, xen))
    write_table(PAGE, "shares", shares(ringfort, xen))
    write_table(PAGE, "throughput", throughput(ringfort, xen, native))
    pictures(ringfort, xen, native)
    print(f"{TITLES['ringfort']}: a switch between vCPUs takes {switch_cost(ringfort) * 1e6:.2f} us")
