"""Figures that fit in a fixed amount of memory are still right."""

from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.report.chart import throughput_chart
from wa_bulk.report.measures import LatencyCounts, Throughput


def throughput_of(moments: list[tuple[float, bool]]) -> Throughput:
    throughput = Throughput(accepted=[], others=[], resumed_at_s=[])
    for at_s, accepted in moments:
        throughput.add(at_s, accepted)
    return throughput


@given(st.lists(st.tuples(st.floats(0, 1e7), st.booleans()), min_size=1))
def test_no_answer_is_lost_however_long_the_run(moments: list[tuple[float, bool]]) -> None:
    throughput = throughput_of(moments)

    assert sum(throughput.accepted) == sum(accepted for _, accepted in moments)
    assert sum(throughput.others) == sum(not accepted for _, accepted in moments)
    assert len(throughput.accepted) == len(throughput.others) <= 240
    assert max(at_s for at_s, _ in moments) < len(throughput.accepted) * throughput.span_s
    assert throughput_chart(throughput).startswith("<figure><svg")


def test_answers_stay_where_they_were_when_spans_grow() -> None:
    throughput = throughput_of([(0.05, True), (0.15, False), (1.0, True), (23.95, True), (47.0, False)])

    assert throughput.span_s == 0.2
    assert throughput.accepted[0] == 1
    assert throughput.others[0] == 1
    assert throughput.accepted[5] == 1
    assert throughput.accepted[119] == 1
    assert throughput.others[235] == 1


@given(st.lists(st.floats(0.01, 60_000), min_size=1))
def test_percentiles_are_close(latencies_ms: list[float]) -> None:
    counts = LatencyCounts()
    for latency_ms in latencies_ms:
        counts.add(latency_ms)

    found = counts.summary()

    assert found is not None
    in_order = sorted(latencies_ms)
    for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        place = next(n for n in range(len(in_order)) if n + 1 >= share * len(in_order))
        assert abs(value - in_order[place]) <= 0.05 * in_order[place] + 0.05
    assert abs(found.highest - in_order[-1]) <= 0.051


def test_without_a_reply_there_is_no_latency() -> None:
    assert LatencyCounts().summary() is None
