"""Messages a second over the time of a run, drawn as SVG."""

from wa_bulk.report.measures import Throughput, in_pairs
from wa_bulk.report.words import duration

_WIDTH, _HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 10, 24
_SPANS_SHOWN = 100
_STEPS = (1, 2, 2.5, 5, 10)


def throughput_chart(throughput: Throughput) -> str:
    """Two stacked areas, accepted and other answers, with a line where a resume began."""
    span_s, taken, others = throughput.span_s, throughput.accepted, throughput.others
    while len(taken) > _SPANS_SHOWN:
        span_s, taken, others = span_s * 2, in_pairs(taken), in_pairs(others)
    accepted = [count / span_s for count in taken]
    answered = [(a + b) / span_s for a, b in zip(taken, others, strict=True)]
    highest = _round_up(max(answered))
    whole_s = len(answered) * span_s
    x_per_s = (_WIDTH - _LEFT - _RIGHT) / whole_s
    floor = _HEIGHT - _BOTTOM
    y_per_unit = (floor - _TOP) / highest

    def area(heights: list[float], name: str) -> str:
        steps = [f"M{_LEFT},{floor}"]
        for index, height in enumerate(heights):
            left, right = (_LEFT + x * span_s * x_per_s for x in (index, index + 1))
            y = floor - height * y_per_unit
            steps.append(f"L{left:.1f},{y:.1f}L{right:.1f},{y:.1f}")
        return f'<path class="{name}" d="{"".join(steps)}L{_WIDTH - _RIGHT},{floor}Z"/>'

    grid = "".join(
        f'<path class="grid" d="M{_LEFT},{y:.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
        for value in (0, highest / 2, highest)
        for y in [floor - value * y_per_unit]
    )
    resumes = "".join(
        f'<path class="resume" d="M{x:.1f},{_TOP}V{floor}"><title>resumed</title></path>'
        f'<text x="{x + 4:.1f}" y="{_TOP + 10}">resumed</text>'
        for x in (_LEFT + at_s * x_per_s for at_s in throughput.resumed_at_s)
    )
    return f"""<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"
aria-label="Messages answered a second, at most {max(answered):,.0f}, over {duration(whole_s)}">
{area(answered, "others")}{area(accepted, "accepted")}{grid}{resumes}
<text x="{_LEFT}" y="{_HEIGHT - 6}">0 s</text>
<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{duration(whole_s)}</text>
</svg><figcaption><span class="badge accepted">accepted</span> <span class="badge others">other answers</span>
messages a second, pauses before a resume left out</figcaption></figure>"""


def _round_up(value: float) -> float:
    """Return the next round number, so that the axis can be read."""
    unit = 1.0
    while unit * 10 < value:
        unit *= 10
    return next(unit * step for step in _STEPS if unit * step >= value)
