"""Bars as a PNG picture: figures and dates only, so that any letter of any font does."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from mcur.playbooks.documents import Chart

_COLOURS = ("#1f5f99", "#9fc5e8", "#d98c3f", "#8a8a8a")
"""Of the series, the first the darkest."""
_INK, _LINE, _PAPER = "#333333", "#cccccc", "#ffffff"
_SIZE = (640, 240)
_MARGIN = (12, 26, 12, 30)
"""Left, top, right, bottom: room for a figure over the highest bar, for the labels below."""
_FILLS = 0.72
"""Share of its width that a group of bars fills."""


def to_png(chart: Chart) -> bytes:
    """Draw a chart; the same chart gives the same bytes."""
    image = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = _MARGIN
    floor, width = _SIZE[1] - bottom, _SIZE[0] - left - right
    highest = max((n for values in chart.series for n in values if n), default=1)
    group = width / len(chart.labels)
    bar = group * _FILLS / len(chart.series)
    small = ImageFont.load_default(12)
    for place, label in enumerate(chart.labels):
        middle = left + group * (place + 0.5)
        draw.text((middle, floor + 8), label, fill=_INK, font=small, anchor="mt")
        for number, values in enumerate(chart.series):
            start = middle - group * _FILLS / 2 + bar * number
            height = round((floor - top) * (values[place] or 0) / highest)
            colour = _COLOURS[number % len(_COLOURS)]
            if height:
                draw.rectangle((start, floor - height, start + bar - 2, floor), fill=colour)
            said = "–" if values[place] is None else str(values[place])
            over = (start + (bar - 2) / 2, floor - height - 4)
            draw.text(over, said, fill=_INK, font=small, anchor="mb")
    draw.line((left, floor, _SIZE[0] - right, floor), fill=_LINE)
    kept = io.BytesIO()
    image.quantize(16).save(kept, "PNG", optimize=True)
    return kept.getvalue()
