"""Figures with their spread."""

import math
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A median with the least and the greatest of the repeated measurements, or an estimate with its interval."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> "Figure":
        return Figure(median(values), min(values), max(values))

    def over(self, other: "Figure") -> "Figure":
        """The quotient, with the widest range that the two allow."""
        if other.median == 0 or other.low == 0 or other.high == 0:
            return Figure(0, 0, 0)
        return Figure(self.median / other.median, self.low / other.high, self.high / other.low)

    def times(self, factor: float) -> "Figure":
        return Figure(self.median * factor, self.low * factor, self.high * factor)

    def as_json(self) -> dict[str, float]:
        return {"median": self.median, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        return f"{short(self.median)} ({short(self.low)} to {short(self.high)})"


def short(number: float) -> str:
    """Three digits, and all that are before the point."""
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}".replace(",", " ")
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:.{min(digits, 4)}f}"


def geometric_mean(figures: list[Figure]) -> Figure:
    def mean(numbers: list[float]) -> float:
        return math.exp(sum(math.log(number) for number in numbers) / len(numbers))

    return Figure(
        mean([figure.median for figure in figures]),
        mean([figure.low for figure in figures]),
        mean([figure.high for figure in figures]),
    )


def table(rows: list[list[str]]) -> str:
    """Aligned text; the first row holds the titles, the first column is aligned to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
