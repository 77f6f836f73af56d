"""Messages a second over the time of a run, drawn as SVG; its words are HTML, so that they fit a phone."""

from wa_bulk.report.measures import Throughput, in_pairs
from wa_bulk.report.words import duration

_WIDTH, _HEIGHT = 1000, 100
_SPANS_SHOWN = 100
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


def throughput_chart(throughput: Throughput) -> str:
    """Two stacked areas, accepted and other answers, with a line where a resume began."""
    span_s, taken, others = throughput.span_s, throughput.accepted, throughput.others
    while len(taken) > _SPANS_SHOWN:
        span_s, taken, others = span_s * 2, in_pairs(taken), in_pairs(others)
    accepted = [count / span_s for count in taken]
    answered = [(a + b) / span_s for a, b in zip(taken, others, strict=True)]
    highest = _round_up(max(answered))
    whole_s = len(answered) * span_s
    x_per_s = _WIDTH / whole_s

    def area(heights: list[float], name: str) -> str:
        steps = [f"M0,{_HEIGHT}"]
        for index, height in enumerate(heights):
            left, right = (x * span_s * x_per_s for x in (index, index + 1))
            y = _HEIGHT - height * _HEIGHT / highest
            steps.append(f"L{left:.1f},{y:.1f}L{right:.1f},{y:.1f}")
        return f'<path class="{name}" d="{"".join(steps)}L{_WIDTH},{_HEIGHT}Z"/>'

    grid = "".join(f'<path class="grid" d="M0,{y}H{_WIDTH}"/>' for y in (0, _HEIGHT // 2, _HEIGHT))
    heights = "".join(f"<span>{value:,g}</span>" for value in (highest, highest / 2, 0))
    resumes = "".join(
        f'<path class="resume" d="M{at_s * x_per_s:.1f},0V{_HEIGHT}"><title>resumed</title></path>'
        for at_s in throughput.resumed_at_s
    )
    resumed = "<span>- - resumed</span> " if throughput.resumed_at_s else ""
    return f"""<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img"
aria-label="Messages answered a second, at most {max(answered):,.0f}, over {duration(whole_s)}">
{area(answered, "others")}{area(accepted, "accepted")}{grid}{resumes}</svg>
<div class="heights">{heights}</div>
<div class="times"><span>0 s</span><span>{duration(whole_s)}</span></div>
<figcaption><span class="badge accepted">accepted</span> <span class="badge others">other answers</span>
{resumed}messages a second, pauses before a resume left out</figcaption></figure>"""


def _round_up(value: float) -> float:
    """Return the next round number, so that the axis can be read."""
    unit = 1.0
    while unit * 10 < value:
        unit *= 10
    return next(unit * step for step in _STEPS if unit * step >= value)
