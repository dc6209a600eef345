"""Statistics as one HTML page that needs nothing else: tables, and bars in SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from .stats import Stats

EXTENTS = ("all", "some", "nothing")
_COLOURS = {"all": "#1a7f5a", "some": "#c98a00", "nothing": "#8a8f98"}
_WIDTH, _HEIGHT, _FOOT = 960, 220, 24
# More bars than that are thinner than a line: days are then counted by the month.
_MOST_BARS = 120

_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Consent, {first} to {last}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
svg {{ width: 100%; height: auto }}
text {{ fill: currentColor; font-size: 12px }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #8888 }}
th:first-child {{ text-align: left }}
i {{ display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em }}
</style>
</head>
<body>
<h1>{total} decisions, {first} to {last}</h1>
<p>Accepted:{legend}</p>
{bars}
{tables}
</body>
</html>
""")


def draw(stats: Stats) -> str:
    """Return the page."""
    days = sorted({day for day, _ in stats.days})
    legend = Markup("").join(
        Markup('<i style="background: {}"></i>{}').format(_COLOURS[extent], extent) for extent in EXTENTS
    )
    return _PAGE.format(
        first=days[0] if days else "no day",
        last=days[-1] if days else "none",
        total=f"{stats.total:,}",
        legend=legend,
        bars=_bars(*_by_month_if_long(days, stats.days)),
        tables=Markup("\n").join(_table(*each) for each in tables(stats)),
    )


def tables(stats: Stats) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Yield each table: its title, its columns' names, its rows."""
    for title, counts in (("day", stats.days), ("language", stats.languages)):
        yield title, (*EXTENTS, "total"), _rows(counts, EXTENTS)
    yield "category", ("accepted", "refused", "total"), _rows(stats.categories, ("accepted", "refused"))


def _rows(counts: Counter[tuple[str, str]], columns: Sequence[str]) -> list[list[str]]:
    rows = []
    for key in sorted({key for key, _ in counts}):
        row = [counts[key, column] for column in columns]
        # No text of ours was shown where the site's own code asked.
        rows.append([key or "not ours", *map(str, row), str(sum(row))])
    return rows


def _by_month_if_long(
    days: list[str], counts: Counter[tuple[str, str]]
) -> tuple[list[str], Counter[tuple[str, str]]]:
    if len(days) <= _MOST_BARS:
        return days, counts
    monthly: Counter[tuple[str, str]] = Counter()
    for (day, extent), count in counts.items():
        monthly[day[:7], extent] += count
    return sorted({month for month, _ in monthly}), monthly


def _bars(days: list[str], counts: Counter[tuple[str, str]]) -> Markup:
    highest = max((sum(counts[day, extent] for extent in EXTENTS) for day in days), default=1)
    step = _WIDTH / max(len(days), 1)
    parts = []
    for place, day in enumerate(days):
        bottom = float(_HEIGHT)
        for extent in EXTENTS:
            height = counts[day, extent] / highest * (_HEIGHT - 20)
            bottom -= height
            parts.append(
                Markup(
                    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">'
                    "<title>{}: {} {}</title></rect>"
                ).format(
                    place * step,
                    bottom,
                    step * 0.8,
                    height,
                    _COLOURS[extent],
                    day,
                    counts[day, extent],
                    extent,
                )
            )
    if days:
        foot = Markup('<text x="0" y="{y}">{}</text><text x="{x}" y="{y}" text-anchor="end">{}</text>')
        parts.append(foot.format(days[0], days[-1], x=_WIDTH, y=_HEIGHT + 16))
        parts.append(Markup('<text x="0" y="12">{}</text>').format(f"{highest:,}"))
    label = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="Decisions by time">{}</svg>')
    return label.format(_WIDTH, _HEIGHT + _FOOT, Markup("").join(parts))


def _table(title: str, columns: Sequence[str], rows: list[list[str]]) -> Markup:
    head = Markup("").join(Markup("<th>{}</th>").format(each) for each in (title, *columns))
    lines = [
        Markup("<tr><th>{}</th>{}</tr>").format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    ]
    return Markup("<table><tr>{}</tr>{}</table>").format(head, Markup("").join(lines))
